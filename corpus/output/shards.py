"""Shards: the rows of a split in numbered Parquet files."""

import hashlib
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.output.rows import COLUMNS

ROW_GROUP_ROWS = 10_000
SHARD_ROWS = 50_000


def is_shard(path: Path) -> bool:
    """Say whether a file is a shard that a build wrote, by its metadata."""
    try:
        with path.open("rb") as file:
            return b"corpus_version" in (pq.read_schema(file).metadata or {})
    except (OSError, pa.ArrowException):
        return False


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
