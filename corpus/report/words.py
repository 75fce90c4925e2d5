"""Explanations of reasons in Korean and English; a name without one is shown alone."""

from typing import NamedTuple


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
    "no_text": Words("규칙을 거치니 남은 말이 없습니다", "nothing is left after the text rules"),
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
    "near_duplicate": Words(
        "앞선 대화와 내용이 거의 같습니다", "its text is nearly that of an earlier dialogue"
    ),
    "near_validation": Words(
        "검증 대화와 거의 같습니다", "nearly a dialogue of validation: it would leak"
    ),
    "near_test": Words("시험 대화와 거의 같습니다", "nearly a dialogue of test: it would leak"),
    "failed_item": Words("세 번 시도했지만 만들지 못했습니다", "could not be built in three tries"),
}

DROPPED = {
    "system_tag": Words("사진·동영상·파일 등", "a picture, a file, a map"),
    "url_tag": Words("링크", "a link"),
    "number_tag": Words("전화번호·계좌 등 (지어내지 않습니다)", "a phone or account number"),
    "other_tag": Words(
        "가려진 낱말만 있거나 조사가 붙음 (#@기타#)",
        "a masked word alone, or with a particle (#@기타#)",
    ),
    "garbled": Words(
        "글자 대부분이 깨짐 (다른 인코딩)",
        "most of its letters are garbled, as in another encoding",
    ),
    "personal_data": Words(
        "가려지지 않은 전화번호·이메일·계좌 등",
        "a number or an address of somebody, that was not masked",
    ),
    "unknown_tag": Words("알 수 없는 태그", "a tag that nobody knows"),
    "mask": Words("이름이 아닌 말을 가린 별표", "stars that hide no name"),
    "doubled_line": Words("두 번 적힌 줄", "a line that stands there twice"),
    "empty": Words("남은 글자가 없음", "no character is left"),
}

# What an option does to keep dialogues.
OPTIONS = {
    "--multi-party fold": Words(
        "마지막 화자를 <sys>로, 나머지를 <usr>로", "the last speaker is <sys>, all others <usr>"
    ),
    "--usr-ending trim": Words("마지막 차례만 버리기", "only the last turn goes"),
    "--dedup exact": Words(
        "id나 내용이 똑같은 대화만 버리기", "only what is the same by id or text goes"
    ),
    "--overlong split": Words(
        "한도를 넘는 뒷부분을 다음 행으로", "what is over the limit becomes further rows"
    ),
}

SOURCES = {
    "topic": Words("주제별 텍스트 일상 대화 (543)", "AIHub 543"),
    "summary": Words("한국어 대화 요약 (117)", "AIHub 117"),
    "sns": Words("한국어 SNS (114)", "AIHub 114"),
}

SPLITS = {
    "train": Words("학습", "train"),
    "validation": Words("검증", "validation"),
    "test": Words("시험", "test"),
}


def words_of(name: str, table: dict[str, Words]) -> Words:
    """Return what is said of a name, or nothing."""
    return table.get(name, Words("", ""))
