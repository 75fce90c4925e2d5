import gzip
from hashlib import sha256

from corpus.output.ledger import ledger_member, read_ledger
from corpus.records import RAW_BYTES, Rejected


def rejected(raw=b"{}", **changes):
    given = {
        "stage": "turns",
        "reason": "ends_on_usr",
        "detail": "2 speakers",
        "source": "sns",
        "dialogue_id": "d1",
        "raw_file": "a.zip!b.json",
        "raw_offset": 7,
        "raw": raw,
    }
    return Rejected(**given | changes)


def lines_of(folder, *members):
    (folder / "_rejected").mkdir()
    (folder / "_rejected" / "00000.jsonl.gz").write_bytes(b"".join(members))
    return list(read_ledger(folder))


def test_a_line_tells_what_why_and_from_where(tmp_path):
    raw = '{"utterance": "안녕"}'.encode()
    [line] = lines_of(tmp_path, ledger_member([rejected(raw)]))
    assert line == {
        "dialogue_id": "d1",
        "source": "sns",
        "raw_file": "a.zip!b.json",
        "raw_offset": 7,
        "stage": "turns",
        "reason": "ends_on_usr",
        "detail": "2 speakers",
        "raw": raw.decode(),
        "raw_length": len(raw),
        "raw_sha256": sha256(raw).hexdigest(),
    }


def test_long_raw_text_is_cut_at_a_character_and_its_hash_is_of_the_whole(tmp_path):
    raw = ("a" + "가" * RAW_BYTES).encode()
    [line] = lines_of(tmp_path, ledger_member([rejected(raw)]))
    assert line["raw"] == "a" + "가" * (RAW_BYTES // 3 - (RAW_BYTES % 3 == 0))
    assert len(line["raw"].encode()) <= RAW_BYTES
    assert (line["raw_length"], line["raw_sha256"]) == (len(raw), sha256(raw).hexdigest())


def test_what_a_reader_could_not_hold_keeps_its_true_length_and_hash(tmp_path):
    [line] = lines_of(tmp_path, ledger_member([rejected(b"begin", whole=(10**9, "ab"))]))
    assert (line["raw"], line["raw_length"], line["raw_sha256"]) == ("begin", 10**9, "ab")


def test_bytes_that_are_no_utf8_come_as_base64(tmp_path):
    [line] = lines_of(tmp_path, ledger_member([rejected(b"\xff\xfe")]))
    assert line["raw_base64"] == "//4="
    assert "raw" not in line


def test_members_join_and_carry_no_clock(tmp_path):
    members = [ledger_member([rejected(raw_offset=k)]) for k in range(3)]
    assert members[0] == ledger_member([rejected(raw_offset=0)])
    assert members[0][4:8] == bytes(4)
    assert [line["raw_offset"] for line in lines_of(tmp_path, *members)] == [0, 1, 2]
    assert ledger_member([]) == b""
    assert gzip.decompress(b"".join(members)).count(b"\n") == 3


def test_lines_can_be_looked_up_by_their_bytes(tmp_path):
    lines_of(tmp_path, ledger_member([rejected(dialogue_id="x"), rejected(dialogue_id="y")]))
    assert [
        line["dialogue_id"] for line in read_ledger(tmp_path, containing=b'"dialogue_id":"y"')
    ] == ["y"]
