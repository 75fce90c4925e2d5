"""The columns of the corpus, and how one batch of rows becomes an Arrow table.

`schemas/row.json` says the same in JSON Schema; a test keeps the two equal.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Ints = npt.NDArray[np.int64]
Ids = npt.NDArray[np.int32]

ROLES = ("user", "assistant")
ROW_GROUP_ROWS = 10_000
SHARD_ROWS = 50_000

MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
COLUMNS = pa.schema(
    [
        pa.field("dialogue_id", pa.string(), nullable=False),
        pa.field("part", pa.int32(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("n_turns", pa.int32(), nullable=False),
        pa.field("n_turns_cut", pa.int32(), nullable=False),
        pa.field("n_tokens", pa.int32(), nullable=False),
        pa.field("conversation", pa.string(), nullable=False),
        pa.field("messages", pa.list_(MESSAGE)),
        pa.field("token_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("turn_starts", pa.list_(pa.int32()), nullable=False),
        pa.field("raw_file", pa.string(), nullable=False),
        pa.field("raw_offset", pa.int64(), nullable=False),
    ]
)


class Rows(NamedTuple):
    """Some rows before they are a table: whole turns, of each row the first `<usr>`.

    The turns and tokens of all rows stand one behind the other.
    """

    dialogue_ids: Sequence[str]
    parts: Sequence[int]
    sources: Sequence[str]
    topics: Sequence[str]
    splits: Sequence[str]
    n_turns: Ints  # of each row
    n_turns_cut: Sequence[int]
    turns: Sequence[str]
    n_tokens: Ints  # of each turn, the role token included
    token_ids: Ids
    raw_files: Sequence[str]
    raw_offsets: Sequence[int]


def table_of(rows: Rows) -> pa.Table:
    """Return the rows as a table of `COLUMNS`."""
    turn_bounds, token_bounds = _bounds(rows.n_turns), _bounds(rows.n_tokens)
    row_bounds = token_bounds[turn_bounds]
    turn_starts = token_bounds[:-1] - np.repeat(row_bounds[:-1], rows.n_turns)
    turn_of_row = places_within(rows.n_turns)
    roles = pa.DictionaryArray.from_arrays(pa.array(turn_of_row % 2, pa.int8()), pa.array(ROLES))
    messages = pa.StructArray.from_arrays(
        [roles.cast(pa.string()), pa.array(rows.turns, pa.string())], fields=list(MESSAGE)
    )
    columns = [
        pa.array(rows.dialogue_ids, pa.string()),
        pa.array(rows.parts, pa.int32()),
        pa.array(rows.sources, pa.string()),
        pa.array(rows.topics, pa.string()),
        pa.array(rows.splits, pa.string()),
        pa.array(rows.n_turns, pa.int32()),
        pa.array(rows.n_turns_cut, pa.int32()),
        pa.array(np.diff(row_bounds)),
        pa.array(_conversations(rows.turns, turn_of_row), pa.string()),
        pa.ListArray.from_arrays(pa.array(turn_bounds), messages),
        pa.ListArray.from_arrays(pa.array(row_bounds), pa.array(rows.token_ids, pa.int32())),
        pa.ListArray.from_arrays(pa.array(turn_bounds), pa.array(turn_starts)),
        pa.array(rows.raw_files, pa.string()),
        pa.array(rows.raw_offsets, pa.int64()),
    ]
    return pa.Table.from_arrays(columns, schema=COLUMNS)


def places_within(lengths: Ints) -> Ints:
    """Return for each member of groups that stand one behind the other its place in its group.

    >>> places_within(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def conversation(turns: Sequence[str]) -> str:
    """Return the turns behind their role tokens, without spaces; its tokens are `token_ids`.

    >>> conversation(["안녕", "반가워"])
    '<usr>안녕<sys>반가워'
    """
    return "".join(_conversations(turns, np.arange(len(turns))))


def _conversations(turns: Sequence[str], places: Ints) -> list[str]:
    """Return the conversation of each row, given the place of each turn in its row."""
    before = np.where(places % 2, "<sys>", np.where(places, "<usr>", "\n<usr>"))
    joined = "".join(chain.from_iterable(zip(before.tolist(), turns, strict=True)))
    return joined.split("\n")[1:]  # no turn holds a line feed


def _bounds(lengths: Ints) -> Ids:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)


class ContentDigest:
    """A hash of rows by their values alone, whatever pyarrow wrote them and however they came.

    Each leaf of the columns has a sha256 of its own: of little-endian numbers, or of texts one
    behind the other. The lengths of texts and lists (int32, -1 for null) are leaves too. The digest
    is the sha256 of `NAME HASH` lines, one for each leaf. It costs less than 1 % of a build.
    """

    def __init__(self) -> None:
        self._leaves: defaultdict[str, hashlib._Hash] = defaultdict(hashlib.sha256)

    def update(self, rows: pa.Table) -> None:
        """Take the next rows of `COLUMNS`."""
        for name, column in zip(rows.column_names, rows.columns, strict=True):
            for chunk in column.chunks:
                self._take(name, chunk)

    def hexdigest(self) -> str:
        """Return the digest of the rows taken so far."""
        lines = [f"{name} {leaf.hexdigest()}\n" for name, leaf in sorted(self._leaves.items())]
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _take(self, name: str, values: pa.Array) -> None:
        kind = values.type
        if pa.types.is_struct(kind):
            for member, inner in zip(kind, values.flatten(), strict=True):
                self._take(f"{name}.{member.name}", inner)
        elif pa.types.is_list(kind):
            self._take_numbers(f"{name}.length", pc.list_value_length(values))
            self._take(f"{name}.item", values.flatten())
        elif pa.types.is_string(kind):
            self._take_numbers(f"{name}.length", pc.binary_length(values))
            self._leaves[name].update(_utf8(values))
        else:
            self._take_numbers(name, values)

    def _take_numbers(self, name: str, values: pa.Array) -> None:
        numbers = pc.fill_null(values, -1).to_numpy(zero_copy_only=False)
        self._leaves[name].update(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes())


def _utf8(texts: pa.Array) -> memoryview:
    """Return the bytes of all texts, without a copy."""
    _, offsets, content = texts.buffers()
    if content is None or not len(texts):
        return memoryview(b"")
    bounds = np.frombuffer(offsets, np.int32)[[texts.offset, texts.offset + len(texts)]]
    return memoryview(content)[bounds[0] : bounds[1]]


class _Sink:
    """A file for pyarrow, which ends the whole process where some of its writes fail.

    The first error is kept until `check` raises it, and nothing is written after it.
    """

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: OSError | None = None

    def write(self, content: bytes) -> int:
        if self._error is None:
            try:
                self._file.write(content)
            except OSError as error:
                self._error = error
        return len(content)

    def flush(self) -> None:
        """Do nothing: `close` writes what is left."""

    def check(self) -> None:
        """Raise the first error."""
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.check()
        self._file.close()

    def __del__(self) -> None:
        with suppress(OSError):  # where a build has ended on an error
            self._file.close()


class ShardWriter:
    """Writes the rows of one split into numbered Parquet files of `SHARD_ROWS` rows.

    Row groups hold exactly `ROW_GROUP_ROWS` rows (the last one of a split fewer), however they come
    in, so the bytes of a shard depend on its rows alone.
    """

    def __init__(self, folder: Path, metadata: dict[str, str]) -> None:
        self.folder = folder
        self.schema = COLUMNS.with_metadata(metadata)
        self.waiting: list[pa.Table] = []
        self.n_waiting = 0
        self.shards: list[dict[str, Any]] = []  # path in the folder, rows, tokens, digest, bytes
        self.digest = ContentDigest()  # of the shard that is being written
        self.writer: pq.ParquetWriter | None = None

    def write(self, table: pa.Table) -> None:
        """Take the next rows of the split."""
        self.waiting.append(table)
        self.n_waiting += len(table)
        while self.n_waiting >= ROW_GROUP_ROWS:
            rows = pa.concat_tables(self.waiting).combine_chunks()
            self.n_waiting -= ROW_GROUP_ROWS
            rest = np.arange(ROW_GROUP_ROWS, len(rows))
            self.waiting = [rows.take(rest)]  # a copy: a slice would keep the whole group alive
            self._write_row_group(rows.slice(0, ROW_GROUP_ROWS))

    def close(self) -> None:
        """Write what waits and finish the last shard."""
        if self.n_waiting:
            self._write_row_group(pa.concat_tables(self.waiting).combine_chunks())
        self._close_shard()

    def _write_row_group(self, rows: pa.Table) -> None:
        if self.writer is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.shards.append({"path": f"{len(self.shards):05}.parquet", "rows": 0, "tokens": 0})
            self.sink = _Sink((self.folder / self.shards[-1]["path"]).open("wb"))
            self.writer = pq.ParquetWriter(
                self.sink,
                self.schema,
                compression="zstd",
                write_page_index=True,
                use_content_defined_chunking=True,
            )
        self.writer.write_table(rows, row_group_size=ROW_GROUP_ROWS)
        self.sink.check()
        self.digest.update(rows)
        self.shards[-1]["rows"] += len(rows)
        self.shards[-1]["tokens"] += pc.sum(rows["n_tokens"]).as_py()
        if self.shards[-1]["rows"] >= SHARD_ROWS:
            self._close_shard()

    def _close_shard(self) -> None:
        if self.writer is not None:
            self.writer.close()
            self.sink.close()
            self.writer = None
            self.shards[-1]["content_sha256"] = self.digest.hexdigest()
            self.digest = ContentDigest()
            self.shards[-1]["bytes"] = (self.folder / self.shards[-1]["path"]).stat().st_size
