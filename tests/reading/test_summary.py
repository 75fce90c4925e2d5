import json
from collections import Counter

import pytest

from corpus.reading.sources import EntryError, read_entry
from corpus.reading.sources.summary import (
    beginning_of_entries,
    declared_items,
    holds_entry,
    id_in,
)
from corpus.records import Document

HEADER = {
    "dialogueInfo": {"numberOfParticipants": 2, "topic": "미용과 건강", "dialogueID": "사-1"},
    "participantsInfo": [{"participantID": "P01", "age": None, "gender": 7}],
}
LINES = [
    {"utteranceID": "U1", "participantID": "P01", "utterance": "#@이름#아 안녕", "date": None},
    {"utteranceID": "U2", "participantID": "P02", "utterance": ""},
]
DOCUMENT = Document("한국어 대화 요약/x.json", (), None, 0, None)


def read(source, item):
    raw = item if isinstance(item, bytes) else json.dumps(item, ensure_ascii=False).encode()
    return read_entry(source, raw, DOCUMENT, 40, Counter())


@pytest.mark.parametrize("source", ["summary", "sns"])
def test_an_entry_becomes_a_dialogue_as_it_was_typed(source):
    body = LINES if source == "sns" else {"dialogue": LINES, "summary": None}
    dialogue = read(source, {"header": HEADER, "body": body})
    assert (dialogue.source, dialogue.dialogue_id, dialogue.topic) == (
        source,
        "사-1",
        "미용과 건강",
    )
    assert dialogue.speakers == ["P01", "P02"]
    assert dialogue.texts == ["#@이름#아 안녕", ""]
    assert (dialogue.raw_file, dialogue.raw_offset) == (DOCUMENT.raw_file, 40)


def test_the_body_of_one_source_is_not_that_of_the_other():
    with pytest.raises(EntryError, match=r"Expected `object`, got `array` - at `\$.body`"):
        read("summary", {"header": HEADER, "body": LINES})
    with pytest.raises(EntryError, match=r"Expected `array`, got `object` - at `\$.body`"):
        read("sns", {"header": HEADER, "body": {"dialogue": LINES}})


def test_what_is_not_read_may_be_anything_and_a_topic_may_be_missing():
    header = {"dialogueInfo": {"dialogueID": "a", "type": 5}, "participantsInfo": "없음", "x": [1]}
    dialogue = read("sns", {"header": header, "body": [], "more": {"header": {}}})
    assert (dialogue.topic, dialogue.speakers, dialogue.texts) == ("", [], [])


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "bad_json"),
        (b"{", "bad_json"),
        (b'{"header": NaN, "body": []}', "bad_json"),
        (b'{"header": {"dialogueInfo": {"dialogueID": "\xff"}}, "body": []}', "bad_json"),
        (b'{"header": {"dialogueInfo": {"dialogueID": "\\ud800"}}, "body": []}', "bad_json"),
        (b'{"x": ' + b"[" * 100_000, "bad_json"),
        (b'{"header": {"dialogueInfo": {"dialogueID": "a"}}, "body": []}}', "bad_json"),
        (b'{"header": {"dialogueInfo": {"dialogueID": ["a"]}}, "body": []}', "bad_shape"),
        (b'{"body": []}', "bad_shape"),
        (
            b'{"header": {"dialogueInfo": {"dialogueID": "a", "dialogueID": "b"}}, "body": []}',
            "duplicate_key",
        ),
    ],
)
def test_what_is_no_entry_says_why(raw, reason):
    with pytest.raises(EntryError) as caught:
        read("sns", raw)
    assert caught.value.reason == reason
    assert caught.value.detail


def test_an_integer_that_python_refuses_is_no_reason_to_stop():
    header = b'{"dialogueInfo": {"dialogueID": "a"}, "dialogueID": ' + b"9" * 5000 + b"}"
    dialogue = read("sns", b'{"header": ' + header + b', "body": []}')
    assert dialogue.dialogue_id == "a"


def first_keys_in(head):
    beginning, _ = beginning_of_entries(head)
    keys = (b'"header"', b'"body"', b'"no"', b'"id"', b'"data"', b'"numberOfItems"')
    return tuple(key for key in keys if beginning.match(b"{" + key + b': "x", "header": {'))


def test_entries_begin_with_known_keys_or_with_that_of_the_first_one():
    known = (b'"header"', b'"body"')
    assert first_keys_in(b'{"numberOfItems": 1, "data": [ {\n"body" : {') == known
    assert first_keys_in(b'\xef\xbb\xbf[{"no": 1, "header": {') == (*known, b'"no"')
    assert first_keys_in(b'{"numberOfItems": 1, "data": ["header": {') == known
    assert first_keys_in(b'{"data": [{"id": 1, "header": {}}, {"body": [') == known


def test_what_a_broken_entry_still_tells():
    assert id_in(b'{"header": {"dialogueInfo": {"dialogueID" : "a-1", (', 0) == "a-1"
    assert id_in(b'{"header": (', 0) is None
    assert holds_entry(b'], "body": [')
    assert not holds_entry(b'"bo": "body"')
    assert declared_items(b'{"numberOfItems" : 315, "data"') == 315
    assert declared_items(b'{"numberOfItems": "315"') is None
