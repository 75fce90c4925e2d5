"""Explanations of reasons in Korean and English; a name without one is shown alone."""

from typing import NamedTuple

from corpus.records import ABOUT


class Words(NamedTuple):
    """One thing said in two languages."""

    ko: str
    en: str


REASONS = {
    "bad_json": Words("JSON으로 읽을 수 없습니다", "cannot be read as JSON"),
    "bad_shape": Words("데이터셋의 형식과 다릅니다", "has not the shape of its data set"),
    "duplicate_key": Words("한 객체에 같은 키가 두 번 있습니다", "an object has a key twice"),
    "too_big": Words("한도보다 큽니다", "is larger than the limit"),
    "cut_short": Words("중간에 끊겼습니다", "breaks off in the middle"),
    "no_text": Words(
        "규칙을 적용하니 남은 발화가 없습니다", "nothing is left after the text rules"
    ),
    "one_speaker": Words("화자가 한 명만 남았습니다", "one speaker is left"),
    "multi_party": Words("화자가 셋 이상입니다", "more than two people speak"),
    "ends_on_usr": Words(
        "먼저 말을 건 사람의 말로 끝납니다",
        "the first speaker has the last word",
    ),
    "over_max_tokens": Words(
        "첫 말과 대답만으로도 토큰 한도를 넘습니다",
        "not even its first two turns fit the token limit",
    ),
    "duplicate": Words(
        "앞선 대화와 id나 내용이 같습니다", "repeats an earlier dialogue, by id or by text"
    ),
    "other_version": Words(
        "id는 같고 내용이 다른 대화가 있어 새 폴더의 것을 씁니다",
        "another text has its id: the one in the newer folder stays",
    ),
    "near_duplicate": Words(
        "앞선 대화와 내용이 거의 같습니다", "its text is nearly that of an earlier dialogue"
    ),
    "near_validation": Words(
        "검증 대화와 거의 같습니다", "nearly a dialogue of validation: it would leak"
    ),
    "near_test": Words("테스트 대화와 거의 같습니다", "nearly a dialogue of test: it would leak"),
    "unreadable": Words("읽을 수 없습니다 (권한, 디스크)", "cannot be read: permissions, the disk"),
    "symlink_loop": Words("위쪽 폴더로 되돌아가는 링크입니다", "a link to a folder above it"),
    "part_hole": Words("나뉜 파일 가운데 빠진 것이 있습니다", "a part of a split file is missing"),
    "split_zip": Words(
        "나뉜 zip입니다. 먼저 합쳐야 합니다", "a zip in volumes, which have to be joined first"
    ),
    "nested_archive": Words("압축 파일 속의 압축 파일입니다", "an archive in an archive"),
    "unsupported_archive": Words(
        "읽지 않는 압축 형식입니다", "an archive of a kind that is not read"
    ),
    "broken_archive": Words("압축 파일이 깨졌습니다", "an archive, or a part of it, is damaged"),
    "encrypted": Words("암호가 걸려 있습니다", "needs a password"),
    "unsupported_compression": Words(
        "읽지 않는 압축 방식입니다", "packed in a way that is not read"
    ),
    "zip_bomb": Words(
        "풀면 터무니없이 커지거나 다른 파일과 바이트가 겹칩니다",
        "unpacks to far too much, or shares its bytes",
    ),
    "special_file": Words("링크나 장치 파일입니다", "a link, a device or a sparse file"),
    "bad_member": Words("zip 안의 파일이 깨졌습니다", "a member of a zip is damaged"),
    "bad_crc": Words("체크섬이 맞지 않습니다", "its checksum is wrong"),
    "labels_missing": Words(
        "원천데이터만 있고 라벨링데이터가 없습니다", "raw texts without the labelled JSON of them"
    ),
    "unknown_json": Words("아는 데이터셋의 JSON이 아닙니다", "JSON of no data set that is known"),
    "not_json": Words("JSON이 아닙니다", "no JSON, though its name says so"),
    "empty_file": Words("빈 파일입니다", "holds nothing"),
    "stray_bytes": Words(
        "대화 앞이나 사이, 뒤에 대화가 아닌 것이 있습니다", "beside dialogues, and none"
    ),
    "scraps": Words(
        "대화라기에는 너무 짧은 조각들입니다", "too short for dialogues, told together"
    ),
    "failed_item": Words("세 번 시도했지만 만들지 못했습니다", "could not be built in three tries"),
}

DROPPED = {
    "system_tag": Words("사진·동영상·파일 등", "a picture, a file, a map"),
    "url_tag": Words("링크", "a link"),
    "number_tag": Words(
        "전화번호·계좌·상품명 등 (지어내지 않습니다)", "a phone or account number, a product"
    ),
    "other_tag": Words(
        "가려진 낱말뿐이거나 조사가 붙음 (#@기타#)",
        "a masked word alone, or with a particle (#@기타#)",
    ),
    "garbled": Words(
        "글자 대부분이 깨짐 (다른 인코딩)",
        "most of its letters are garbled, as in another encoding",
    ),
    "other_script": Words(
        "글자 대부분이 한글도 로마자도 아님 (일본어, 러시아어 등)",
        "most of its letters are neither Hangul nor Latin: Japanese, Russian, ...",
    ),
    "personal_data": Words(
        "가려지지 않은 전화번호·이메일·계좌 등",
        "a number or an address of somebody, that was not masked",
    ),
    "unknown_tag": Words("알 수 없는 태그", "a tag that nobody knows"),
    "mask": Words("이름이 아닌 말을 가린 별표", "stars that hide no name"),
    "agent_opening": Words(
        "상담원이 고객보다 먼저 한 말", "what an agent says before the customer's first word"
    ),
    "doubled_line": Words("두 번 적힌 같은 줄", "a line that stands there twice"),
    "empty": Words("남은 글자가 없음", "no character is left"),
}

# What is wrong with a whole document, archive or folder, though its dialogues were read.
PROBLEMS = {
    "unlike_its_source": Words(
        "AIHub 파일에 드문 특징이 너무 많습니다",
        "something is far more frequent than in AIHub's files",
    ),
    "garbled_text": Words(
        "글자가 깨진 발화가 많습니다", "many utterances lost most of their letters"
    ),
    "unknown_tokens": Words(
        "<unk> 토큰이 너무 많습니다", "more than 5 % of the tokens of the corpus are <unk>"
    ),
}

# What an option does to keep dialogues.
OPTIONS = {
    "--multi-party nearest": Words(
        "마지막 화자를 <sys>로, 그 직전 화자를 <usr>로 (나머지 발화는 제외)",
        "the last speaker is <sys>, whom it answers <usr>; what others said is left out",
    ),
    "--multi-party fold": Words(
        "마지막 화자를 <sys>로, 나머지를 모두 <usr>로 (여러 사람의 말이 한 턴으로 합쳐짐)",
        "the last speaker is <sys>, all others <usr>: turns of different people are joined",
    ),
    "--usr-ending trim": Words("마지막 턴만 버리기", "only the last turn goes"),
    "--dedup exact": Words(
        "id나 내용이 똑같은 대화만 버리기", "only what is the same by id or text goes"
    ),
    "--overlong split": Words(
        "한도를 넘는 뒷부분을 다음 행으로", "what is over the limit becomes further rows"
    ),
}

SOURCES = {
    source: Words(f"{one.name} ({one.number})", f"AIHub {one.number}")
    for source, one in ABOUT.items()
}

SPLITS = {
    "train": Words("학습", "train"),
    "validation": Words("검증", "validation"),
    "test": Words("테스트", "test"),
}
