import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from corpus.output import shards
from corpus.output.rows import COLUMNS, Rows, conversation, table_of
from corpus.output.shards import ShardWriter
from corpus.records import SOURCES, SPLITS

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "row.json").read_text())


def rows_of(numbers, **changes):
    """Rows of two turns, of three tokens and two."""
    n = len(numbers)
    given = {
        "dialogue_ids": [f"d{k}" for k in numbers],
        "parts": n * [0],
        "sources": n * ["sns"],
        "topics": n * ["여행"],
        "splits": n * ["train"],
        "n_turns": np.full(n, 2),
        "n_turns_cut": n * [0],
        "turns": n * ["안녕 뭐해", "자"],
        "n_tokens": np.array(n * [3, 2]),
        "token_ids": np.array(n * [2, 10, 11, 4, 12], np.int32),
        "raw_files": n * ["a.json"],
        "raw_offsets": list(numbers),
    }
    return Rows(**given | changes)


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


def test_the_schema_of_a_row_knows_every_source_and_split():
    assert SCHEMA["properties"]["source"]["enum"] == [*SOURCES]
    assert SCHEMA["properties"]["split"]["enum"] == [*SPLITS]


def test_a_row_becomes_its_columns():
    turns = ["안녕 뭐해", "자", "가", "나", "다", "라"]
    several = rows_of(
        [0, 1],
        turns=turns,
        n_turns=np.array([2, 4]),
        n_tokens=np.array([3, 2, 2, 1, 2, 1]),
        token_ids=np.array([2, 10, 11, 4, 12, 2, 9, 4, 2, 9, 4], np.int32),
    )
    first, second = table_of(several).to_pylist()
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
    assert table_of(rows_of([])).schema == COLUMNS


def test_a_conversation_begins_on_usr():
    assert conversation([]) == ""
    assert conversation(["a", "b", "c"]) == "<usr>a<sys>b<usr>c"


@pytest.fixture
def small_groups(monkeypatch):
    monkeypatch.setattr(shards, "ROW_GROUP_ROWS", 10)


def written(path, cuts):
    """A shard of the rows up to the last cut, which come in pieces; what it says of itself."""
    writer = ShardWriter(path, {"corpus_version": "x"})
    start = 0
    for end in cuts:
        writer.write(table_of(rows_of(range(start, end))))
        start = end
    return writer.close()


def test_a_shard_holds_whole_row_groups_and_says_what_it_holds(small_groups, tmp_path):
    path = tmp_path / "a.parquet"
    told = written(path, [13, 33])
    assert (told["rows"], told["tokens"], told["bytes"]) == (33, 165, path.stat().st_size)
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(k).num_rows for k in range(4)] == [10, 10, 10, 3]
    assert pq.read_schema(path).metadata[b"corpus_version"] == b"x"
    assert pq.read_table(path)["dialogue_id"].to_pylist() == [f"d{k}" for k in range(33)]


def test_the_bytes_depend_on_the_rows_and_not_on_how_they_came(small_groups, tmp_path):
    told = [written(tmp_path / name, cuts) for name, cuts in (("a", [33]), ("b", [1, 12, 30, 33]))]
    assert told[0] == told[1]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_error_and_not_the_end_of_the_process(tmp_path):
    # as a process of its own, for pyarrow ends the one whose write fails within a column
    script = """
import sys
from random import Random
sys.path.insert(0, "tests/output")
from test_rows import rows_of
from corpus.output.rows import table_of
from corpus.output.shards import ShardWriter
from pathlib import Path

draw = Random(0)
text = lambda: "".join(chr(draw.randrange(0xAC00, 0xD7A4)) for _ in range(200))
try:
    writer = ShardWriter(Path(sys.argv[1]), {})
    for start in range(0, 20_000, 5_000):
        turns = [one for _ in range(5_000) for one in (text(), "응")]
        writer.write(table_of(rows_of(range(start, start + 5_000), turns=turns)))
    writer.close()
except OSError as error:
    print(error.strerror)
"""
    (tmp_path / "full").symlink_to("/dev/full")
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script, tmp_path / "full"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "No space left on device\n", "")
