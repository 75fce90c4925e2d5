"""AIHub 544: an agent and a customer, in the keys of AIHub 543."""

from collections import Counter

import pytest
from raw_trees import task_document, topic_document, write

import corpus
from corpus.reading.decode import sniff
from corpus.reading.sources import read_entry
from corpus.records import Document

TALK = (
    ("A", "안녕하세요 가람 고객센터입니다"),
    ("B", "세탁기가 멈췄어요"),
    ("A", "월요일에 기사님이 방문할게요"),
)


def read(raw):
    quirks = Counter()
    document = Document("TL_1.shopping.zip!shop_0001.json", (), None, len(raw), "train")
    return read_entry(sniff(raw), raw, document, 0, quirks), quirks


def test_the_letters_before_the_lines_tell_the_source():
    assert sniff(task_document("a", *TALK)) == "task"
    assert sniff(topic_document("a", ("1", "A.S 맡겼어"), ("2", "응"))) == "topic"


@pytest.mark.parametrize("prefix", ["A.", "A. ", "A : ", "a.", "A:", " A ."])
def test_the_letter_of_the_speaker_is_no_part_of_the_text(prefix):
    raw = task_document("a", *TALK).replace("A.안녕".encode(), f"{prefix}안녕".encode())
    dialogue, quirks = read(raw)
    assert dialogue.source == "task"
    assert dialogue.dialogue_id == "shop_0001"
    assert dialogue.speakers == ["A", "B", "A"]
    assert dialogue.texts == [text for _, text in TALK]
    assert set(quirks) <= {"wrong_title"}


def test_letters_tell_who_speaks_where_the_ids_do_not():
    dialogue, _ = read(task_document("a", *TALK, id="화자"))
    assert dialogue.speakers == ["A", "B", "A"]


def test_a_line_without_its_letter_is_counted_and_kept_as_it_is():
    raw = task_document("a", *TALK, ("B", "네")).replace(b"B.\xeb\x84\xa4", b"\xeb\x84\xa4")
    dialogue, quirks = read(raw)
    assert (dialogue.speakers[-1], dialogue.texts[-1], quirks["no_prefix"]) == ("B", "네", 1)


def test_the_agent_answers_and_its_greeting_is_dropped_and_counted(tmp_path):
    raw = write(tmp_path / "raw", Training__a=task_document("a", *TALK))
    manifest = corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    [row] = corpus.load(tmp_path / "out").to_dict("records")
    assert row["source"] == "task"
    assert row["conversation"] == "<usr>세탁기가 멈췄어요<sys>월요일에 기사님이 방문할게요"
    assert manifest["utterances"]["dropped"] == {"agent_opening": 1}
    assert (manifest["utterances"]["read"], manifest["utterances"]["kept"]) == (3, 2)


def test_an_agent_alone_is_one_speaker(tmp_path):
    raw = write(
        tmp_path / "raw",
        Training__a=task_document("a", ("A", "여보세요"), ("A", "여보세요?")),
        Training__b=task_document("b", *TALK),
    )
    manifest = corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert manifest["reasons"] == {"one_speaker": 1}


def test_of_more_than_two_speakers_the_agent_answers_whoever_speaks_last(tmp_path):
    more = (*TALK, ("C", "저도 갈게요"), ("A", "네"), ("C", "끊을게요"))
    raw = write(tmp_path / "raw", Training__a=task_document("a", *more))
    how = {"tokenizer": "builtin", "multi_party": "fold"}
    manifest = corpus.build(raw, tmp_path / "trim", usr_ending="trim", **how)
    [row] = corpus.load(tmp_path / "trim").to_dict("records")
    assert row["conversation"].startswith("<usr>세탁기가 멈췄어요<sys>월요일에")
    assert row["conversation"].endswith("<usr>저도 갈게요<sys>네")
    assert manifest["rows"]["train"] == 1


def test_tags_of_544_are_known(tmp_path):
    talk = (("B", "#@회사#에서 산 거예요"), ("A", "네 #@이름# 고객님"))
    raw = write(tmp_path / "raw", Training__a=task_document("a", *talk))
    manifest = corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert "unknown_tag" not in manifest["utterances"]["dropped"]
