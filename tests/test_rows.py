import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus import rows
from corpus.rows import COLUMNS, Row, ShardWriter, conversation, table_of

SCHEMA = json.loads((Path(__file__).parent.parent / "schemas" / "row.json").read_text())


def row(k=0, **changes):
    ids = [b"\x02\0\0\0\x0a\0\0\0\x0b\0\0\0", b"\x04\0\0\0\x0c\0\0\0"]
    given = {
        "dialogue_id": f"d{k}",
        "part": 0,
        "source": "sns",
        "topic": "여행",
        "split": "train",
        "turns": ["안녕 뭐해", "자"],
        "token_ids": ids,
        "n_turns_cut": 0,
        "raw_file": "a.json",
        "raw_offset": k,
    }
    return Row(**given | changes)


def json_type(kind):
    if pa.types.is_list(kind):
        return {"type": "array", "items": json_type(kind.value_type)}
    if pa.types.is_struct(kind):
        return {"type": "object", "properties": {f.name: json_type(f.type) for f in kind}}
    return {"type": "integer" if pa.types.is_integer(kind) else "string"}


def types_of(schema):
    kept = {"type": schema["type"]}
    if "items" in schema:
        kept["items"] = types_of(schema["items"])
    if "properties" in schema:
        kept["properties"] = {name: types_of(one) for name, one in schema["properties"].items()}
    return kept


def test_the_schema_of_a_row_is_the_columns():
    assert types_of(SCHEMA)["properties"] == {f.name: json_type(f.type) for f in COLUMNS}
    assert SCHEMA["required"] == COLUMNS.names
    assert all(one["description"] for one in SCHEMA["properties"].values())


def test_a_row_becomes_its_columns():
    longer = row(
        1, turns=["가", "나", "다", "라"], token_ids=[b"\x02\0\0\0\x09\0\0\0", b"\x04\0\0\0"] * 2
    )
    first, second = table_of([row(), longer]).to_pylist()
    assert first["conversation"] == "<usr>안녕 뭐해<sys>자"
    assert first["token_ids"] == [2, 10, 11, 4, 12]
    assert first["turn_starts"] == [0, 3]
    assert (first["n_turns"], first["n_tokens"]) == (2, 5)
    assert first["messages"] == [
        {"role": "user", "content": "안녕 뭐해"},
        {"role": "assistant", "content": "자"},
    ]
    assert second["token_ids"] == [2, 9, 4, 2, 9, 4]
    assert second["turn_starts"] == [0, 2, 3, 5]
    assert [m["role"] for m in second["messages"]] == ["user", "assistant"] * 2


def test_no_rows_are_an_empty_table():
    assert table_of([]).schema == COLUMNS


def test_a_conversation_begins_on_usr():
    assert conversation([]) == ""
    assert conversation(["a", "b", "c"]) == "<usr>a<sys>b<usr>c"


@pytest.fixture
def small_shards(monkeypatch):
    monkeypatch.setattr(rows, "ROW_GROUP_ROWS", 10)
    monkeypatch.setattr(rows, "SHARD_ROWS", 20)


def test_shards_are_numbered_and_hold_whole_row_groups(small_shards, tmp_path):
    writer = ShardWriter(tmp_path, {"corpus_version": "x"})
    writer.write(table_of([row(k) for k in range(13)]))
    writer.write(table_of([row(k) for k in range(13, 33)]))
    writer.close()
    assert [(s["path"], s["rows"], s["tokens"]) for s in writer.shards] == [
        ("00000.parquet", 20, 100),
        ("00001.parquet", 13, 65),
    ]
    groups = [
        pq.ParquetFile(tmp_path / s["path"]).metadata.row_group(g).num_rows
        for s in writer.shards
        for g in range(2)
    ]
    assert groups == [10, 10, 10, 3]
    assert pq.read_schema(tmp_path / "00000.parquet").metadata[b"corpus_version"] == b"x"
    ids = pq.read_table(tmp_path)["dialogue_id"].to_pylist()
    assert ids == [f"d{k}" for k in range(33)]


def test_the_bytes_depend_on_the_rows_and_not_on_how_they_came(small_shards, tmp_path):
    for folder, cuts in (("a", [33]), ("b", [1, 12, 30, 33])):
        writer = ShardWriter(tmp_path / folder, {})
        start = 0
        for end in cuts:
            writer.write(table_of([row(k) for k in range(start, end)]))
            start = end
        writer.close()
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error_and_not_the_end_of_the_process(tmp_path):
    # as a process of its own, for pyarrow ends the one whose write fails within a column
    script = """
import sys
from random import Random
sys.path.insert(0, "tests")
from test_rows import row
from corpus.rows import ShardWriter, table_of
from pathlib import Path

draw = Random(0)
turns = lambda: ["".join(chr(draw.randrange(0xAC00, 0xD7A4)) for _ in range(200)), "응"]
writer = ShardWriter(Path(sys.argv[1]), {})
try:
    for start in range(0, 20_000, 5_000):
        writer.write(table_of([row(k, turns=turns()) for k in range(start, start + 5_000)]))
    writer.close()
except OSError as error:
    print(error.strerror)
"""
    (tmp_path / "00000.parquet").symlink_to("/dev/full")
    root = Path(__file__).parent.parent
    command = [sys.executable, "-c", script, tmp_path]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No space left on device\n", "")


def test_a_split_without_rows_has_no_shard(tmp_path):
    writer = ShardWriter(tmp_path / "validation", {})
    writer.write(table_of([]))
    writer.close()
    assert writer.shards == []
    assert not (tmp_path / "validation").exists()
