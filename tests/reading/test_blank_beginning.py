"""A document is read behind any white space, or rejected for what stands there."""

import codecs
import io
import json
from itertools import chain, pairwise

import pytest
from raw_trees import sns_document, summary_document, summary_entry, topic_document

import corpus
from corpus.reading import utf8
from corpus.reading.decode import decode_document
from corpus.records import Document

BLANKS = {
    "line feeds": "\n" * 70_000,
    "returns behind a mark": "\ufeff" + "\r\n" * 50_000,
    "two marks": "\ufeff\ufeff",
    "a mark behind blanks": " \t" * 40_000 + "\ufeff ",
    "nearly a head": " " * ((64 << 10) - 9),
}
ENTRIES = [summary_entry(f"d{n}", ("A", "안녕"), ("B", f"응 {n}")) for n in range(9)]
MANY = summary_document(*ENTRIES).decode()
DOCUMENTS = {
    "many": (MANY, 9),
    "chat rooms": (sns_document(*ENTRIES).decode(), 9),
    "a list": (json.dumps(ENTRIES), 9),
    "another first key": (json.dumps({"data": [{"id": 1} | one for one in ENTRIES]}), 9),
    "lines": ("\n".join(map(json.dumps, ENTRIES)), 9),
    "one": (topic_document("a", ("1", "안녕"), ("2", "응")).decode(), 1),
    "empty list": ('{"data": []}', 0),
}


def look(raw, **options):
    return list(decode_document(io.BytesIO(raw), Document("a.json", (), None, 0, None), **options))


def dialogues(parts):
    return [one for part in parts for one in part.dialogues]


def rejected(parts):
    return [one for part in parts for one in part.rejected]


def n_bytes(parts):
    return sum(part.n_bytes for part in parts)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "cp949"])
@pytest.mark.parametrize("blank", BLANKS)
@pytest.mark.parametrize("kind", DOCUMENTS)
def test_white_space_before_a_document_changes_nothing_but_offsets(kind, blank, encoding):
    text, n = DOCUMENTS[kind]
    raw = BLANKS[blank] + text
    if encoding == "cp949":
        raw = raw.replace("\ufeff", "")
    seen, plain = look(raw.encode(encoding)), look(text.encode(encoding))
    assert not rejected(seen)
    assert len(dialogues(seen)) == n
    for one, other in zip(dialogues(seen), dialogues(plain), strict=True):
        assert one == other._replace(raw_offset=one.raw_offset)
        assert n == 1 or raw.encode().startswith(one.raw, one.raw_offset)
    if n:
        assert n_bytes(seen) == len(raw.encode())


def test_ranges_behind_white_space_give_what_the_document_gives():
    raw = ("\n" * 70_000 + MANY).encode()
    cuts = [0, 9, 60_000, 70_000, 70_001, 71_000, 72_500, len(raw) - 1, None]
    parts = list(chain(*(look(raw, start=start, end=end) for start, end in pairwise(cuts))))
    assert dialogues(parts) == dialogues(look(raw))
    assert len(dialogues(parts)) == len(ENTRIES)
    assert n_bytes(parts) == n_bytes(look(raw)) == len(raw)


@pytest.mark.parametrize(
    "raw", [b"\n" * 200_000, codecs.BOM_UTF8 + b" " * 70_000, ("\n" * 70_000).encode("utf-16")]
)
def test_a_document_of_nothing_but_white_space_says_so(raw):
    [one] = rejected(look(raw))
    assert one.reason == "empty_file"
    assert "white space" in one.detail


def test_more_white_space_than_is_read_is_the_reason(monkeypatch):
    monkeypatch.setattr(utf8, "BLANK_BYTES", 100_000)
    monkeypatch.setattr("corpus.reading.decode.BLANK_BYTES", 100_000)
    [one] = rejected(look(b"\n" * 300_000 + MANY.encode()))
    assert one.reason == "not_json"
    assert "100,000 bytes of white space" in one.detail


@pytest.mark.parametrize("before", ["// a note\n", "/* a note */", "# a note\n", "\x1e", ")]}',\n"])
def test_a_document_is_read_behind_a_note(before):
    assert len(dialogues(look((before + MANY).encode()))) == len(ENTRIES)


def test_what_is_no_white_space_is_named():
    [one] = rejected(look(b"\0" * 70_000 + MANY.encode()))
    assert one.reason == "not_json"
    assert one.detail.startswith(r"it begins with b'\x00\x00")


def test_a_file_of_any_name_is_told_behind_white_space(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.dat").write_text("\n" * 70_000 + MANY, "utf-8")
    (tmp_path / "raw" / "b.dat").write_bytes(("\n" * 70_000 + MANY).encode("utf-16"))
    manifest = corpus.build(tmp_path / "raw", tmp_path / "out", tokenizer="builtin", dedup="off")
    assert manifest["dialogues"]["read"] == 2 * len(ENTRIES)


def test_a_bracket_too_many_at_the_beginning_loses_no_dialogue():
    """It makes the list look like a table that pandas wrote by columns."""
    assert len(dialogues(look(b"[" + json.dumps(ENTRIES).encode()))) == 9


def test_a_table_of_pandas_by_values_is_told():
    table = [[entry["header"], entry["body"]] for entry in ENTRIES]
    seen = look(json.dumps(table).encode())
    assert not dialogues(seen)
    assert "table of pandas" in rejected(seen)[0].detail
