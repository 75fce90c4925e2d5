import gc
import io
import json
import tracemalloc
from hashlib import sha256
from itertools import pairwise
from unittest import mock

import pytest
from effort import tries
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.reading import decode, entries, framing, unreadable
from corpus.reading.decode import decode_document, raw_entries, sniff
from corpus.records import Dialogue, Document, UnreadableError

LINES = [
    "안녕 뭐 해",
    '따옴표 "하나" 있어',
    "그래 {괄호} [도]",
    "줄\n바꿈 \\ 역사선",
    "ㅋㅋㅋ 좋아 😀",
    "",
]


def entry(number, *, source="summary", n_lines=4, first="header"):
    """Return an entry in the true shape; its texts hold what could be taken for JSON."""
    lines = [
        {
            "utteranceID": f"U{k}",
            "turnID": f"T{k}",
            "participantID": f"P{k % 2}",
            "utterance": LINES[(number + k) % len(LINES)],
        }
        for k in range(n_lines)
    ]
    header = {
        "dialogueInfo": {"dialogueID": f"d{number}", "topic": "식음료", "type": "일상 대화"},
        "participantsInfo": [{"participantID": "P0", "age": "20대"}, {"participantID": "P1"}],
    }
    body = lines if source == "sns" else {"dialogue": lines, "summary": "서로 인사한다."}
    members = {"header": header, "body": body}
    if first == "body":
        return {"body": body, "header": header}
    return members if first == "header" else {first: number} | members


def document_with(items, *, indent=None, before=None, after=", "):
    """Return a document and the span of each entry; a `str` or `bytes` item is written as it is."""
    opening = f'{{\n\t"numberOfItems": {len(items)},\n\t"data": [' if before is None else before
    written, spans = bytearray(opening.encode()), []
    for place, item in enumerate(items):
        text = (
            json.dumps(item, ensure_ascii=False, indent=indent) if isinstance(item, dict) else item
        )
        written += after.encode() if place else b""
        start = len(written)
        written += text.encode() if isinstance(text, str) else text
        spans.append((start, len(written)))
    return bytes(written) + b"]\n}", spans


def together(parts):
    """Return several results of decoding as one."""
    whole = entries.Decoded()
    for one in parts:
        whole.dialogues += one.dialogues
        whole.rejected += one.rejected
        whole.quirks += one.quirks
        whole.n_bytes += one.n_bytes
        whole.declared = whole.declared if one.declared is None else one.declared
    return whole


def look(raw, *, start=0, end=None, name="x.json", split=None):
    """Return all that decoding a document gives."""
    stream = raw if hasattr(raw, "read") else io.BytesIO(raw)
    document = Document(name, (), None, 0, split)
    return together(decode_document(stream, document, start=start, end=end))


def ids(decoded):
    return [dialogue.dialogue_id for dialogue in decoded.dialogues]


def reasons(decoded):
    return [f"{one.stage} {one.reason}" for one in decoded.rejected]


SHAPES = {
    "compact": {},
    "indented by tabs": {"indent": "\t"},
    "indented by four": {"indent": 4, "after": ",\r\n"},
    "without numberOfItems": {"before": '{"data": ['},
}


@pytest.mark.parametrize("source", ["summary", "sns"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_entry_of_a_document_becomes_a_dialogue(source, shape):
    raw, spans = document_with([entry(n, source=source) for n in range(30)], **SHAPES[shape])
    decoded = look(raw, split="validation")
    assert ids(decoded) == [f"d{n}" for n in range(30)]
    assert not decoded.rejected
    assert decoded.n_bytes == len(raw)
    one = decoded.dialogues[7]
    assert (one.source, one.topic, one.split) == (source, "식음료", "validation")
    assert one.speakers == ["P0", "P1", "P0", "P1"]
    assert one.texts == [LINES[k % len(LINES)] for k in range(7, 11)]
    for dialogue, (begin, end) in zip(decoded.dialogues, spans, strict=True):
        assert (dialogue.raw_offset, dialogue.raw) == (begin, raw[begin:end])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_ranges_of_a_document_give_what_the_document_gives(data):
    source = data.draw(st.sampled_from(["summary", "sns"]))
    items = [
        data.draw(
            st.sampled_from([entry(n, source=source), entry(n, source=source), '{"header": (말)}'])
        )
        for n in range(8)
    ]
    items[0] = entry(0, source=source)
    raw, _ = document_with(items, **data.draw(st.sampled_from(list(SHAPES.values()))))
    whole = look(raw)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(raw) - 1), max_size=6)))
    ranges = pairwise([0, *cuts, None])
    assert together(look(raw, start=start, end=end) for start, end in ranges) == whole
    assert whole.n_bytes == len(raw)


@pytest.mark.parametrize("chunk", [1, 7, 100, 1000])
def test_it_does_not_matter_how_many_bytes_are_read_at_once(chunk, monkeypatch):
    items = [entry(0), '{"header": {"x": 1}, "body"', *(entry(n) for n in range(2, 9))]
    raw, _ = document_with(items, indent="\t")
    whole = look(raw)
    monkeypatch.setattr(framing, "CHUNK", chunk)
    monkeypatch.setattr(entries, "CHUNK", chunk)
    assert look(raw) == whole


# What AIHub ships, and what a disk or an editor may do to one entry.
DAMAGE = {
    "a bare word": (b'"turnID": "T1"', '"turnID": (반사회적용어)'.encode()),
    "a bad byte": ("안녕".encode(), b"\xec\x95\xff\xeb"),
    "a lost quote": (b'"utterance": "', b'"utterance": '),
    "a stray quote": (b'"T1"', b'"T"1"'),
    "a lost opening brace of a line": (b'{"utteranceID": "U1"', b'"utteranceID": "U1"'),
    "a lost closing brace of a line": (b'"}, {"utteranceID": "U2"', b'", {"utteranceID": "U2"'),
    "a doubled closing brace inside": (b'}, "participantsInfo"', b'}}, "participantsInfo"'),
    "a doubled opening brace inside": (b'"header": {', b'"header": {{'),
    "a lost bracket": (b'"participantsInfo": [', b'"participantsInfo": '),
    "a lost colon": (b'"turnID": "T1"', b'"turnID" "T1"'),
    "a lost comma": (b'"T1", ', b'"T1" '),
    "a raw line end in a text": ("안녕".encode(), "안\n녕".encode()),
    "a NUL": ("안녕".encode(), b"\x00"),
    "its own beginning lost": (b'{"header"', b'"header"'),
    "its own key damaged": (b'{"header"', b'{"he\xffder"'),
    "its end lost": ('"서로 인사한다."}}'.encode(), '"서로 인사한다."'.encode()),
    "half of it lost": (b'"turnID": "T1"', None),
    "NaN": (b'"turnID": "T1"', b'"turnID": NaN'),
    "a lone surrogate": ("안녕".encode(), b"\\ud800 abc"),
    "absurd nesting": (b'"T1"', b"[" * 200_000),
    "absurd nesting that is closed": (b'"T1"', b"[" * 200_000 + b"]" * 200_000),
}

THOUSAND = [json.dumps(entry(6 * n), ensure_ascii=False).encode() for n in range(1000)]


def damaged(number, kind):
    old, new = DAMAGE[kind]
    raw = json.dumps(entry(number), ensure_ascii=False).encode()
    assert old in raw
    return raw[: raw.index(old)] if new is None else raw.replace(old, new, 1)


@pytest.mark.parametrize("place", [0, 1, 999])
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_broken_entry_costs_itself_alone(kind, place):
    items = [*THOUSAND]
    items[place] = damaged(6 * place, kind)
    raw, spans = document_with(items)
    decoded = look(raw)
    assert ids(decoded) == [f"d{6 * n}" for n in range(1000) if n != place]
    (rejected,) = decoded.rejected
    assert rejected.stage == "decode"
    assert rejected.reason in {"bad_json", "bad_shape", "cut_short"}
    assert rejected.detail
    assert (rejected.source, rejected.raw_file) == ("summary", "x.json")
    begin, end = spans[place]
    if rejected.whole is None:
        assert rejected.raw == raw[begin:end].rstrip(b", ")
        assert raw[rejected.raw_offset :].startswith(rejected.raw)
    if kind != "half of it lost" or place < 999:
        assert rejected.reason != "cut_short"


def test_a_doubled_brace_between_entries_costs_nothing_and_is_on_the_record():
    items = [entry(n) for n in range(5)]
    closing = json.dumps(items[1], ensure_ascii=False) + "}"
    opening = "{" + json.dumps(items[3], ensure_ascii=False)
    raw, _ = document_with([items[0], closing, items[2], opening, items[4]])
    decoded = look(raw)
    assert ids(decoded) == ["d0", "d1", "d2", "d3", "d4"]
    assert reasons(decoded) == ["file stray_bytes", "file stray_bytes"]
    assert [one.raw for one in decoded.rejected] == [b"}", b"{"]


@given(st.data())
@settings(max_examples=tries(60), deadline=None)
def test_whatever_happens_to_one_entry_its_neighbours_live(data):
    items = [entry(n) for n in range(6)]
    raw, spans = document_with(items)
    place = data.draw(st.integers(0, 5))
    begin, end = spans[place]
    cut = sorted(data.draw(st.lists(st.integers(begin, end), min_size=2, max_size=2)))
    junk = data.draw(
        st.binary(max_size=8)
        | st.text('{}[]",:\\ \n\udfff안', max_size=8).map(
            lambda text: text.encode("utf-8", "surrogatepass")
        )
    )
    broken = raw[: cut[0]] + junk + raw[cut[1] :]
    decoded = look(broken)
    others = [f"d{n}" for n in range(6) if n != place]
    assert [one for one in ids(decoded) if one in others] == others
    assert len(decoded.dialogues) + len(decoded.rejected) >= 6 or cut == [begin, end]


@pytest.mark.parametrize("source", ["summary", "sns"])
def test_a_document_cut_short_keeps_all_that_stands_before_the_cut(source):
    raw, spans = document_with([entry(n, source=source, n_lines=2) for n in range(4)])
    for cut in range(spans[0][1], len(raw) - 2):
        decoded = look(raw[:cut])
        whole = [n for n, (_, end) in enumerate(spans) if end <= cut]
        assert ids(decoded) == [f"d{n}" for n in whole]
        if cut - spans[len(whole) - 1][1] <= 2:
            assert reasons(decoded) == ["file cut_short"]
        else:
            assert len(decoded.rejected) == 1


def test_the_record_of_a_cut_says_so():
    raw, spans = document_with([entry(n) for n in range(3)])
    assert reasons(look(raw[: spans[1][1]])) == ["file cut_short"]
    assert reasons(look(raw[: spans[1][1] - 30])) == ["decode cut_short"]
    assert look(raw[: spans[1][1] - 30]).rejected[0].dialogue_id == "d1"


def test_wrong_types_are_rejected_with_their_json_path():
    wrong = {
        "$.body.dialogue[2].utterance": lambda e: e["body"]["dialogue"][2].update(utterance=None),
        "$.body.dialogue[0].participantID": lambda e: e["body"]["dialogue"][0].update(
            participantID=7
        ),
        "$.header.dialogueInfo.dialogueID": lambda e: e["header"]["dialogueInfo"].update(
            dialogueID=""
        ),
        "$.header.dialogueInfo": lambda e: e["header"]["dialogueInfo"].pop("dialogueID"),
        "$.body": lambda e: e.update(body="없음"),
    }
    for path, spoil in wrong.items():
        item = entry(1)
        spoil(item)
        decoded = look(document_with([entry(0), item, entry(2)])[0])
        assert ids(decoded) == ["d0", "d2"]
        assert reasons(decoded) == ["decode bad_shape"]
        assert path in decoded.rejected[0].detail


@pytest.mark.parametrize(
    "twice",
    [
        (b'"utterance": ', '"utterance": "다른 말", "utterance": '.encode()),
        (b'"participantID": "P1", "utt', b'"participantID": "P1", "participantID": "P0", "utt'),
        (b'"dialogueID": ', b'"dialogueID": "other", "dialogueID": '),
        (b'"header": ', b'"header": {"dialogueInfo": {"dialogueID": "other"}}, "header": '),
        (
            b'"body": ',
            b'"body": {"dialogue": [{"participantID": "a", "utterance": "b"}]}, "body": ',
        ),
    ],
    ids=lambda twice: twice[0].decode().strip('": '),
)
def test_a_key_that_stands_twice_is_rejected_since_json_says_not_which_one_counts(twice):
    item = json.dumps(entry(1), ensure_ascii=False).encode()
    decoded = look(document_with([entry(0), item.replace(*twice, 1), entry(2)])[0])
    assert ids(decoded) == ["d0", "d2"]
    assert reasons(decoded) == ["decode duplicate_key"]


def test_a_text_that_looks_like_a_key_is_no_duplicate():
    item = entry(1)
    item["body"]["dialogue"][0]["utterance"] = "utterance"
    item["body"]["dialogue"][1]["utterance"] = "participantID"
    assert ids(look(document_with([entry(0), item])[0])) == ["d0", "d1"]


def test_entries_may_begin_with_any_key_and_not_all_with_the_same():
    for firsts in (
        ["body"] * 6,
        ["id"] * 6,
        ["utteranceID"] * 6,
        ["header", "body", "id"] * 2,
        ["id", "body", "header"] * 2,
        ["body", "header", "participantID"] * 2,
    ):
        items = [entry(n, first=first) for n, first in enumerate(firsts)]
        raw, spans = document_with(items)
        decoded = look(raw)
        assert ids(decoded) == [f"d{n}" for n in range(6)], firsts
        assert not decoded.rejected
        assert [one.raw_offset for one in decoded.dialogues] == [begin for begin, _ in spans]


@given(st.permutations(["header", "body", "id", "utteranceID", "header"]), st.integers(1, 3000))
@settings(max_examples=40, deadline=None)
def test_ranges_are_right_whatever_entries_begin_with(firsts, cut):
    raw, _ = document_with([entry(n, first=first) for n, first in enumerate(firsts)])
    for at_once in (0, decode.ONE_RANGE_BYTES):
        with mock.patch.object(decode, "ONE_RANGE_BYTES", at_once):
            parts = [look(raw, end=cut), look(raw, start=cut)]
        assert sorted(ids(parts[0]) + ids(parts[1])) == [f"d{n}" for n in range(5)]


RANGES = ((0, 500), (500, None))


def test_damage_behind_the_first_range_is_told_where_that_has_all_entries():
    raw, _ = document_with([entry(n, first="id") for n in range(5)])
    first, second = (look(Damaged(raw, 2000), start=start, end=end) for start, end in RANGES)
    assert reasons(first)[-1] == "file bad_crc"
    assert not second.rejected


def test_entries_that_begin_otherwise_are_no_part_of_one_that_is_too_big(monkeypatch):
    for module in (framing, entries):
        monkeypatch.setattr(module, "ENTRY_BYTES", 5000)
    for firsts in (["header", *["body"] * 40], ["body", *["header"] * 40], ["id"] * 40):
        items = [entry(n, first=first) for n, first in enumerate(firsts)]
        assert ids(look(document_with(items)[0])) == [f"d{n}" for n in range(len(items))]


def test_a_bare_list_one_entry_and_json_lines_are_read_too():
    items = [json.dumps(entry(n), ensure_ascii=False) for n in range(4)]
    for raw in ("[" + ",".join(items) + "]", "\n".join(items), "\r\n".join(items) + "\r\n"):
        decoded = look(raw.encode())
        assert ids(decoded) == ["d0", "d1", "d2", "d3"]
        assert not decoded.rejected
    assert ids(look(items[2].encode())) == ["d2"]


def test_junk_in_the_list_is_on_the_record():
    decoded = look(document_with(["{}", entry(1), "null", entry(2), '{"id": 5}'])[0])
    assert ids(decoded) == ["d1", "d2"]
    assert reasons(decoded) == ["file stray_bytes"] * 3


def test_the_declared_number_of_entries_is_found_wherever_it_stands():
    items = [entry(n) for n in range(3)]
    assert look(document_with(items)[0]).declared == 3
    raw = document_with(items, before='{"data": [')[0]
    assert look(raw).declared is None
    last = raw.replace(b"]\n}", b'], "numberOfItems": 41}')
    assert look(last).declared == 41
    assert not look(last).rejected
    assert look(last, start=10).declared == 41
    assert look(last, end=10).declared is None


@pytest.mark.parametrize("chunk", [500, 3000, 2 << 20])
@pytest.mark.parametrize("place", [0, 1, 4])
def test_an_entry_over_the_limit_is_skipped_with_its_length_and_hash(chunk, place, monkeypatch):
    monkeypatch.setattr(framing, "CHUNK", chunk)
    monkeypatch.setattr(unreadable, "RAW_BYTES", 1000)
    for module in (framing, entries):
        monkeypatch.setattr(module, "ENTRY_BYTES", 5000)
        monkeypatch.setattr(module, "RAW_BYTES", 1000)
    items = [entry(n) for n in range(5)]
    items[place]["body"]["dialogue"][0]["utterance"] = "가" * 50_000
    raw, spans = document_with(items)
    decoded = look(raw)
    assert ids(decoded) == [f"d{n}" for n in range(5) if n != place]
    assert reasons(decoded) == ["decode too_big"]
    (rejected,) = decoded.rejected
    begin = spans[place][0]
    end = spans[place + 1][0] if place < 4 else len(raw)
    assert rejected.whole == (end - begin, sha256(raw[begin:end]).hexdigest())
    assert (rejected.raw_offset, rejected.raw) == (begin, raw[begin : begin + 1000])
    assert rejected.dialogue_id == f"d{place}"
    assert decoded.n_bytes == len(raw)


def test_a_long_broken_entry_is_recorded_by_its_beginning():
    item = json.dumps(entry(1), ensure_ascii=False).replace('"T1"', '"T1" ' + '"가" ' * 20_000)
    raw, (_, (begin, end), _) = document_with([entry(0), item, entry(2)])
    (rejected,) = look(raw).rejected
    assert rejected.raw == raw[begin : begin + entries.RAW_BYTES]
    assert rejected.whole == (end - begin, sha256(raw[begin:end]).hexdigest())


def test_memory_does_not_grow_with_the_document(monkeypatch):
    for module in (framing, entries):
        monkeypatch.setattr(module, "CHUNK", 100_000)

    def peak(n_entries):
        stream = io.BytesIO(document_with([entry(1, n_lines=200)] * n_entries)[0])
        n = 0
        tracemalloc.start()
        for decoded in decode_document(stream, Document("x.json", (), None, 0, None)):
            n += len(decoded.dialogues)
        assert n == n_entries
        try:
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(400) < 1.25 * peak(50)


class Damaged(io.BytesIO):
    """A stream that can be read up to a byte."""

    def __init__(self, raw, good):
        super().__init__(raw)
        self.good = good

    def read(self, size):
        left = self.good - self.tell()
        if left <= 0:
            raise UnreadableError("bad_crc", "its checksum is wrong")
        return super().read(min(size, left))

    def seek(self, offset, whence=0):
        return super().seek(min(offset, self.good), whence)


def test_damage_to_a_file_costs_what_stands_behind_it_and_is_told_once():
    raw, spans = document_with([entry(n) for n in range(10)])
    good = spans[6][0] + 100
    decoded = look(Damaged(raw, good))
    assert ids(decoded) == [f"d{n}" for n in range(6)]
    assert reasons(decoded) == ["decode cut_short", "file bad_crc"]
    ranges = pairwise([0, 1500, 3000, 4500, None])
    assert together(look(Damaged(raw, good), start=a, end=b) for a, b in ranges) == decoded
    at_end = look(Damaged(raw, len(raw)))
    assert ids(at_end) == [f"d{n}" for n in range(10)]
    assert reasons(at_end) == ["file bad_crc"]
    assert reasons(look(Damaged(raw, 0))) == ["file bad_crc"]


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("source", ["summary", "sns", "topic"])
def test_a_document_may_be_written_in_other_encodings(encoding, source):
    if source == "topic":
        text = json.dumps(topic_document(), ensure_ascii=False, indent=2)
    else:
        text = document_with([entry(n, source=source) for n in range(9)])[0].decode()
    text = text.replace("😀", "")
    assert sniff(text.encode(encoding)) == source
    plain, other = look(text.encode()), look(text.encode(encoding))
    assert other.dialogues
    assert not other.rejected
    for one, same in zip(plain.dialogues, other.dialogues, strict=True):
        assert (one.dialogue_id, one.texts, one.raw) == (same.dialogue_id, same.texts, same.raw)


@pytest.mark.parametrize(
    ("encoding", "bad"),
    [("cp949", b"\xff"), ("utf-16-le", b"\x00\xd8"), ("utf-16-be", b"\xd8\x00")],
)
def test_what_cannot_be_decoded_is_not_replaced_in_silence(encoding, bad):
    text = document_with([entry(n) for n in range(5)])[0].decode().replace("😀", "")
    before, after = (part.encode(encoding) for part in text.split('"d2"', 1))
    decoded = look(before + '"d2'.encode(encoding) + bad + '"'.encode(encoding) + after)
    assert ids(decoded) == ["d0", "d1", "d3", "d4"]
    assert reasons(decoded) == ["decode bad_json"]


def test_one_bad_byte_does_not_make_utf8_another_encoding():
    raw = document_with([entry(n) for n in range(3)])[0].replace("식음료".encode(), b"\xff", 1)
    assert ids(look(raw)) == ["d1", "d2"]


def topic_document():
    lines = [
        {
            "id": k + 1,
            "text": f"{k % 2 + 1} : 말 {k}",
            "norm_text": f"말 {k}",
            "speaker": {"id": f"{k % 2 + 1}번", "sex": "여성", "age": "20대"},
        }
        for k in range(4)
    ]
    annotations = {"subject": "여행", "speaker_type": "1:1", "text": "...", "lines": lines}
    return {
        "dataset": {"identifier": 1},
        "info": [{"id": 1, "title": "x", "annotations": annotations}],
    }


def test_a_topic_document_is_one_dialogue_of_the_first_range():
    raw = json.dumps(topic_document(), ensure_ascii=False, indent=2).encode()
    decoded = look(raw, name="TL_01.zip!KAKAO_1_01.json")
    assert ids(decoded) == ["KAKAO_1_01"]
    assert decoded.dialogues[0].texts == ["말 0", "말 1", "말 2", "말 3"]
    assert (decoded.dialogues[0].raw_offset, decoded.dialogues[0].raw) == (0, raw)
    assert decoded.n_bytes == len(raw)
    assert ids(look(raw, end=10)) == ["x"]
    assert not look(raw, start=10).dialogues


def test_a_broken_topic_document_is_rejected_with_its_reason(monkeypatch):
    raw = json.dumps(topic_document(), ensure_ascii=False).encode()
    broken = {
        "cut_short": raw[:-40],
        "bad_json": raw.replace(b'"id": 2', '"id": (반사회적용어)'.encode()),
        "bad_shape": raw.replace(b'"id": 2', b'"id": null'),
        "duplicate_key": raw.replace(b'"text": "2', b'"text": "x", "text": "2'),
    }
    for reason, bad in broken.items():
        decoded = look(bad, name="a/KAKAO_1_01.json")
        assert reasons(decoded) == [f"decode {reason}"]
        assert decoded.rejected[0].dialogue_id == "KAKAO_1_01"
        assert decoded.rejected[0].raw == bad
    for module in ("decode", "entries", "framing"):
        monkeypatch.setattr(f"corpus.reading.{module}.ENTRY_BYTES", 100)
    (rejected,) = look(raw).rejected
    entry = raw[rejected.raw_offset :]
    assert (rejected.reason, rejected.dialogue_id) == ("too_big", f"x@{rejected.raw_offset}")
    assert rejected.whole == (len(entry), sha256(entry).hexdigest())


def test_a_damaged_topic_file_loses_what_cannot_be_read():
    raw = json.dumps(topic_document(), ensure_ascii=False).encode()
    decoded = look(Damaged(raw, len(raw)), name="a.json")
    assert (ids(decoded), reasons(decoded)) == (["a"], ["file bad_crc"])
    decoded = look(Damaged(raw, len(raw) - 30), name="a.json")
    assert (ids(decoded), reasons(decoded)) == ([], ["decode cut_short", "file bad_crc"])


@pytest.mark.parametrize(
    ("raw", "reason", "detail"),
    [
        (b"", "empty_file", ""),
        (b" \n\t ", "empty_file", "white space"),
        (b'{"name": "a", "version": 1}', "unknown_json", "name, version"),
        (b"[1, 2, 3]", "unknown_json", "none"),
        (b'{"numberOfItems": 2, "rows": []}', "unknown_json", "numberOfItems, rows"),
        (b"<html>", "not_json", "<html>"),
        (b"\x00" * 100, "not_json", "x00"),
        (b"PK\x03\x04", "not_json", "PK"),
    ],
)
def test_a_document_of_no_source_is_on_the_record(raw, reason, detail):
    decoded = look(raw)
    assert reasons(decoded) == [f"file {reason}"]
    assert detail in decoded.rejected[0].detail
    assert not look(raw, start=1).rejected


def test_sources_are_told_by_keys_alone():
    assert sniff(document_with([entry(0)])[0]) == "summary"
    assert sniff(document_with([entry(0, source="sns")])[0]) == "sns"
    assert sniff(json.dumps(topic_document()).encode()) == "topic"
    assert sniff(b'"header": {"dialogueInfo": 1}, "body": []') is None
    assert sniff(json.dumps({"text": '"header": "dialogueInfo": "body": ['}).encode()) is None


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_every_dialogue_can_be_read_again_at_its_offset(data):
    kinds = [
        *(entry(n, first="header") for n in range(3)),
        entry(3, first="body"),
        json.dumps(entry(4), ensure_ascii=False) + "}",
        '{"header": (',
    ]
    items = [entry(99), *data.draw(st.lists(st.sampled_from(kinds), max_size=12))]
    raw, _ = document_with(items)
    document = Document("x.json", (), None, len(raw), None)
    given_ = {one.raw_offset: one.raw for one in look(raw).dialogues}
    wanted = data.draw(st.sets(st.sampled_from(sorted(given_))))
    assert dict(raw_entries(io.BytesIO(raw), document, wanted)) == {
        offset: given_[offset] for offset in wanted
    }


def test_only_the_wanted_entries_are_decoded_again(monkeypatch):
    raw, spans = document_with([entry(n) for n in range(50)])
    document = Document("x.json", (), None, len(raw), None)
    read, real = [], entries.read_entry

    def counting(source, raw, document, offset, quirks, *, merged):
        read.append(offset)
        return real(source, raw, document, offset, quirks, merged=merged)

    monkeypatch.setattr(entries, "read_entry", counting)
    wanted = [spans[n][0] for n in (0, 7, 48)]
    assert [offset for offset, _ in raw_entries(io.BytesIO(raw), document, wanted)] == wanted
    assert read == wanted


@pytest.mark.parametrize(
    "opening", [b"", b"\xff{", b"]{", b"{\x00", b"\x00" * 300 + b"{", b"\xff\xfe{"]
)
def test_a_damaged_beginning_costs_no_entry(opening):
    raw, _ = document_with([entry(n) for n in range(4)])
    assert ids(look(opening + raw[1:])) == ["d0", "d1", "d2", "d3"]


@pytest.mark.parametrize(
    "note", [b"checked [1st] half ", "메모: 검수 끝\n".encode(), b"\0", b"\xff"]
)
@pytest.mark.parametrize("before", [None, '{"data": ['])
def test_a_note_before_the_first_entry_is_on_the_record(note, before):
    raw, _ = document_with([entry(n) for n in range(4)], before=before)
    decoded = look(note + raw)
    assert ids(decoded) == ["d0", "d1", "d2", "d3"]
    (one,) = decoded.rejected
    assert (one.reason, one.detail) == ("stray_bytes", "not JSON, before the first entry")
    assert one.raw.startswith(note)
    cut = len(raw) // 2
    assert together((look(note + raw, end=cut), look(note + raw, start=cut))) == decoded


@pytest.mark.parametrize("before", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_blanks_and_a_byte_order_mark_before_a_document_are_no_note(before):
    raw, _ = document_with([entry(n) for n in range(2)])
    assert not look(before + raw).rejected


@pytest.mark.parametrize("stray", [b"\n" * 9_000, b"9" * 6_000, b'{"a":' * 2_000, b"null," * 1_000])
@pytest.mark.parametrize("source", ["summary", "sns"])
def test_too_much_between_two_entries_costs_neither(stray, source, monkeypatch):
    for module in (entries, framing):
        monkeypatch.setattr(module, "ENTRY_BYTES", 5_000)
        monkeypatch.setattr(module, "RAW_BYTES", 100)
    monkeypatch.setattr(unreadable, "RAW_BYTES", 100)
    items = [entry(0, source=source), stray, entry(2, source=source)]
    raw, spans = document_with(items)
    for chunk in (50, 2 << 20):
        monkeypatch.setattr(framing, "CHUNK", chunk)
        decoded = look(raw)
        assert ids(decoded) == ["d0", "d2"]
        (one,) = decoded.rejected
        assert (one.stage, one.reason) == ("file", "stray_bytes")
        assert one.raw_offset in (spans[0][1], spans[1][0])  # with the comma or without it
        assert one.whole[0] >= len(stray.strip())
        assert decoded.n_bytes == len(raw)
        cut = spans[1][0] + 70
        assert together((look(raw, end=cut), look(raw, start=cut))).rejected == decoded.rejected


@pytest.mark.parametrize("broken", ['{"header": 1}', '{"header": {"dialogueInfo":'])
def test_what_is_broken_keeps_no_dialogue_in_memory(broken):
    def held():
        return sum(type(one) is Dialogue for one in gc.get_objects())  # __class__ may be a property

    raw, _ = document_with([entry(0), broken, entry(2)])
    gc.collect()
    before = held()
    gc.disable()
    try:
        decoded = look(raw)
        assert (ids(decoded), len(decoded.rejected)) == (["d0", "d2"], 1)
        assert held() == before + 2
        del decoded
        assert held() == before
    finally:
        gc.enable()
