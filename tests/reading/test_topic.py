import json
from collections import Counter

import pytest

from corpus.reading.sources import EntryError, read_entry
from corpus.reading.sources.topic import stem_of
from corpus.records import Document


def line(number, text, speaker="1번", norm_text=None):
    return {
        "id": number,
        "text": text,
        "norm_text": text.partition(" : ")[2] if norm_text is None else norm_text,
        "speaker": {"id": speaker, "sex": "여성", "age": "20대"},
    }


def read(lines, *, name="KAKAO_1_01", split="train", **annotations):
    annotations = {
        "subject": "여행",
        "speaker_type": "1:1",
        "text": "모두",
        "lines": lines,
    } | annotations
    raw = json.dumps({"info": [{"title": "KAKAO_1_01", "annotations": annotations}]}).encode()
    quirks = Counter()
    document = Document(f"TL_01. KAKAO(1).zip!{name}.json", (), None, len(raw), split)
    return read_entry("topic", raw, document, 0, quirks), quirks


def test_a_dialogue_has_the_speakers_and_the_texts_of_its_lines():
    dialogue, quirks = read([line(1, "1 : 안녕"), line(2, "2 : 반가워", "2번")])
    assert (dialogue.source, dialogue.dialogue_id, dialogue.topic) == (
        "topic",
        "KAKAO_1_01",
        "여행",
    )
    assert (dialogue.speakers, dialogue.texts) == (["1번", "2번"], ["안녕", "반가워"])
    assert not quirks


@pytest.mark.parametrize("prefix", ["1 : ", "1: ", "1 :", "1 ; ", "1  ", "1  : ", "1:"])
def test_the_number_of_the_speaker_is_no_part_of_the_text(prefix):
    dialogue, quirks = read([line(1, f"{prefix}3 : 0으로 이겼어", norm_text="3 : 0으로 이겼어")])
    assert dialogue.texts == ["3 : 0으로 이겼어"]
    assert not quirks


@pytest.mark.parametrize(
    ("text", "quirk"),
    [
        ("2 : 안녕", "prefix_of_another"),
        ("11 : 안녕", "prefix_of_another"),
        ("안녕", "no_prefix"),
        ("1 시에 봐", "no_prefix"),
        ("1시에 봐", "no_prefix"),
        (" 1 : 안녕", "no_prefix"),
    ],
)
def test_a_number_that_is_not_the_speakers_stays(text, quirk):
    dialogue, quirks = read([line(1, text, norm_text="안녕")])
    assert dialogue.texts == [text]
    assert quirks == {quirk: 1}


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("1 : 그럴까 1 : 오빠도?", "그럴까 오빠도?"),
        ("1 : 그럴까 1: 오빠도?", "그럴까 오빠도?"),
        ("1: 좋아 1: 어디서 볼까 1: 몇 시?", "좋아 어디서 볼까 몇 시?"),
        ("1 : 살 거 1: 우유 2: 빵", "살 거 1: 우유 2: 빵"),
        ("1 : 오늘 할 일 1 : 청소 2 : 빨래 3 : 장보기", "오늘 할 일 1 : 청소 2 : 빨래 3 : 장보기"),
        ("1 : 1: 우유", "1: 우유"),
        ("1 : 경쟁률이 1: 5래", "경쟁률이 1: 5래"),
        ("1 : 지금 1:30이야", "지금 1:30이야"),
        ("1 : 알았어 2: 이건 뭐야", "알았어 2: 이건 뭐야"),
    ],
)
def test_a_second_number_of_the_speaker_goes_and_a_list_stays(text, read_as):
    dialogue, quirks = read([line(1, text, norm_text="x")])
    assert dialogue.texts == [read_as]
    assert set(quirks) <= {"prefix_inside"}
    assert ("prefix_inside" in quirks) == ("오빠" in text or "어디" in text)


def test_of_a_doubled_line_one_is_read():
    lines = [line(1, "1 : 안녕"), line(2, "2 : 응", "2번"), line(3, "1 : 안녕")]
    dialogue, quirks = read([one for one in lines for _ in range(2)])
    assert dialogue.texts == ["안녕", "응", "안녕"]
    assert quirks == {"doubled_line": 3}


def test_lines_of_one_id_and_another_text_are_two():
    dialogue, _ = read([line(1, "1 : 안녕"), line(1, "1 : 뭐 해")])
    assert dialogue.texts == ["안녕", "뭐 해"]


def test_the_text_is_right_where_norm_text_is_empty_or_stuck():
    dialogue, quirks = read([line(1, "1 : 안녕", norm_text=""), line(2, "2 : 응", "2번")])
    assert dialogue.texts == ["안녕", "응"]
    assert quirks == {"empty_norm_text": 1}
    lines = [line(k, f"1 : 말 {k}", norm_text="1 : 말 1") for k in (1, 2, 3)]
    dialogue, quirks = read(lines)
    assert dialogue.texts == ["말 1", "말 2", "말 3"]
    assert quirks == {"stuck_norm_text": 1}


def test_the_name_of_the_file_is_the_id_whatever_the_title_says():
    dialogue, quirks = read([line(1, "1 : 안녕")], name="BAND_7_03")
    assert dialogue.dialogue_id == "BAND_7_03"
    assert quirks == {"wrong_title": 1}


def test_speakers_are_counted_whatever_speaker_type_says():
    lines = [line(k, f"{k} : 말", f"{k}번") for k in (1, 2, 3)]
    assert read(lines)[1] == {"wrong_speaker_type": 1}
    assert not read(lines, speaker_type="다자간 대화")[1]


def test_an_utterance_may_hold_a_line_end_and_escapes():
    dialogue, quirks = read([line(1, "1 : 안녕 \n<급하지> 않아")])
    assert dialogue.texts == ["안녕 \n<급하지> 않아"]
    assert quirks == {"line_end_in_text": 1}


@pytest.mark.parametrize(
    ("spoil", "where"),
    [
        (lambda one: one.pop("text"), "$.info[0].annotations.lines[0]"),
        (lambda one: one.update(speaker="1번"), "$.info[0].annotations.lines[0].speaker"),
        (lambda one: one["speaker"].update(id=1), "$.info[0].annotations.lines[0].speaker.id"),
        (lambda one: one.update(id=None), "$.info[0].annotations.lines[0].id"),
    ],
)
def test_a_wrong_shape_is_told_with_its_json_path(spoil, where):
    one = line(1, "1 : 안녕")
    spoil(one)
    with pytest.raises(EntryError) as caught:
        read([one])
    assert caught.value.reason == "bad_shape"
    assert caught.value.detail.endswith(f"`{where}`")


def test_a_document_of_two_dialogues_is_refused_rather_than_halved():
    info = {"annotations": {"lines": [line(1, "1 : 안녕")]}}
    raw = json.dumps({"info": [info, info]}).encode()
    with pytest.raises(EntryError, match="bad_shape"):
        read_entry("topic", raw, Document("a.json", (), None, 0, None), 0, Counter())


def test_without_a_path_that_tells_the_split_a_hash_of_the_id_does():
    splits = [read([line(1, "1 : 응")], name=f"K_{n}", split=None)[0].split for n in range(2000)]
    assert splits == [
        read([line(1, "1 : 다른 말")], name=f"K_{n}", split=None)[0].split for n in range(2000)
    ]
    assert 70 <= splits.count("validation") <= 130


def test_the_id_is_the_stem_of_the_innermost_name():
    assert stem_of("download.tar!a/TL_01.zip!KAKAO_1_01.json") == "KAKAO_1_01"
    assert stem_of("KAKAO_1_01") == "KAKAO_1_01"
    assert stem_of("a.b/KAKAO_1_01.v2.JSON") == "KAKAO_1_01.v2"
