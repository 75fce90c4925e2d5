"""Millions of scraps in a file are told with their number, in time that grows with the file."""

import io
import json
from collections import Counter
from hashlib import sha256

import pytest
from raw_trees import sns_document, summary_entry, write

from corpus.__main__ import main
from corpus.reading.decode import decode_document
from corpus.reading.scraps import MOST_SCRAPS
from corpus.reading.sources import READERS, read_entry
from corpus.records import RAW_BYTES, Document
from corpus.verify.checks import verify

GOOD = json.dumps(
    {
        "header": {"dialogueInfo": {"dialogueID": "good"}},
        "body": [{"participantID": "1", "utterance": "안녕"}] * 2,
    }
).encode()
OPENING = b'{"data": [' + GOOD + b", "
NESTED = b'{"data": [' + GOOD.replace(b"{", b'{"id": 1, ', 1) + b', {"id": 2, "x": ['
SHORTEST = {
    "summary": b'{"header":{"dialogueInfo":{"dialogueID":"x"}},"body":{"dialogue":[]}}',
    "sns": b'{"header":{"dialogueInfo":{"dialogueID":"x"}},"body":[]}',
    "topic": b'{"annotations":{"lines":[]}}',
    "task": b'{"annotations":{"lines":[]}}',
}
SCRAPS = {
    "a first key": b'{"header"',
    "a first key and its colon": b'{"header": ',
    "an entry with nothing in it": b'{"header": {}, "body": []}, ',
    "one that is no object": b'{"body": [}, ',
    "JSON lines": b'{"header": 1}\n',
}


def decoded(content, start=0, end=None):
    document = Document("a.json", (), None, len(content), None)
    runs = list(decode_document(io.BytesIO(content), document, start=start, end=end))
    return [one for run in runs for one in run.dialogues], [
        one for run in runs for one in run.rejected
    ]


def number_of(rejected):
    return sum(one.n for one in rejected)


@pytest.mark.parametrize("source", SHORTEST)
def test_no_entry_is_shorter_than_what_a_scrap_is_told_by(source):
    raw = SHORTEST[source]
    document = Document("a.json", (), None, 0, None)
    merged = READERS[source].is_document
    assert read_entry(source, raw, document, 0, Counter(), merged=merged).texts == []
    assert len(raw) >= READERS[source].shape.SHORTEST
    assert READERS[source].shape.SHORTEST in map(len, SHORTEST.values())


@pytest.mark.parametrize("name", SCRAPS)
def test_many_scraps_are_one_record_with_their_number(name):
    n = MOST_SCRAPS + 300
    dialogues, rejected = decoded(OPENING + SCRAPS[name] * n + GOOD + b"]}")
    assert [one.dialogue_id for one in dialogues] == ["good", "good"]
    assert number_of(rejected) == n
    together = rejected[-1]
    assert (together.reason, together.stage, together.n) == ("scraps", "file", 300)
    assert together.raw_offset == len(OPENING) + MOST_SCRAPS * len(SCRAPS[name])
    raw = SCRAPS[name] * 300
    assert together.raw == raw[:RAW_BYTES]
    assert together.whole == (len(raw), sha256(raw).hexdigest())
    assert "300 more pieces" in together.detail


def test_a_few_scraps_are_told_one_by_one_as_what_they_are():
    _, rejected = decoded(OPENING + SCRAPS["an entry with nothing in it"] * 30 + GOOD + b"]}")
    assert [one.reason for one in rejected] == ["bad_shape"] * 30
    assert {one.n for one in rejected} == {1}


@pytest.mark.parametrize(
    "nested", [b'{"id":' * 20_000, (b'{"id":' * 20_000 + b"1" + b"}" * 20_000 + b", ")]
)
def test_objects_in_objects_are_scraps_whether_they_are_closed_or_not(nested):
    dialogues, rejected = decoded(NESTED + nested)
    assert [one.dialogue_id for one in dialogues] == ["good"]
    assert rejected[-1].reason == "scraps"
    assert 20_000 <= number_of(rejected) <= 20_100


def test_an_entry_among_scraps_is_read():
    n = MOST_SCRAPS
    content = OPENING + (SCRAPS["a first key"] * n + GOOD + b", ") * 3 + b"]}"
    dialogues, rejected = decoded(content)
    assert len(dialogues) == 4
    assert number_of(rejected) == 3 * n
    short = SHORTEST["sns"]
    dialogues, _ = decoded(OPENING + (SCRAPS["a first key"] * n + short + b",") * 3 + GOOD + b"]}")
    assert [one.dialogue_id for one in dialogues] == ["good", "x", "x", "x", "good"]


def test_ranges_of_a_document_of_scraps_tell_as_many():
    content = OPENING + SCRAPS["a first key"] * 4 * MOST_SCRAPS + GOOD + b"]}"
    middle = len(content) // 2
    whole = decoded(content)
    first, second = decoded(content, 0, middle), decoded(content, middle)
    assert first[0] + second[0] == whole[0]
    assert number_of(first[1] + second[1]) == number_of(whole[1]) == 4 * MOST_SCRAPS
    assert len(first[1]) == len(second[1]) == MOST_SCRAPS + 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A corpus of a document of scraps, beside one that is intact."""
    top = tmp_path_factory.mktemp("scraps")
    write(
        top / "raw",
        Training__a=OPENING + SCRAPS["a first key"] * 20_000 + GOOD + b"]}",
        Training__b=sns_document(summary_entry("b", ("A", "안녕"), ("B", "응"))),
    )
    words = ["build", str(top / "raw"), str(top / "out"), "--tokenizer", "builtin"]
    assert main(words) == 0
    return top


def test_their_number_is_told_by_check_build_show_and_verify(folder, capsys):
    main(["check", str(folder / "raw"), "--tokenizer", "builtin"])
    told = capsys.readouterr().out
    assert "15,000 scraps" in told
    assert "15,000 more pieces from here on" in told
    main(["build", str(folder / "raw"), str(folder / "out"), "--tokenizer", "builtin"])
    assert "15,000 scraps" in capsys.readouterr().err
    main(["show", str(folder / "out"), "--reason", "scraps"])
    told = capsys.readouterr().out
    assert told.startswith("15,000 rejected as scraps\n")
    assert SCRAPS["a first key"].decode() * 3 in told
    main(["show", str(folder / "out"), "--reason", "stray_bytes", "-n", "5"])
    assert capsys.readouterr().out.count(SCRAPS["a first key"].decode()) == 5
    assert verify(folder / "out").exit_code == 0
    assert "15,000" in (folder / "out" / "_report.html").read_text()
