"""Shards: the rows of a split in numbered Parquet files."""

import hashlib
import os
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
        """Make the file durable."""
        self.check()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def __del__(self) -> None:
        with suppress(OSError):  # where a build has ended on an error
            self._file.close()


class ShardWriter:
    """Writes one shard: a Parquet file with the rows that it is given.

    Row groups hold exactly `ROW_GROUP_ROWS` rows (the last one fewer), in whatever pieces the rows
    come. So the bytes of a shard depend on its rows alone.
    """

    def __init__(self, file: Path, metadata: dict[str, str]) -> None:
        self._sink = _Sink(file.open("wb"))
        self._writer = pq.ParquetWriter(
            self._sink,
            COLUMNS.with_metadata(metadata),
            compression="zstd",
            write_page_index=True,
            use_content_defined_chunking=True,
        )
        self._file = file
        self._waiting: list[pa.Table] = []
        self._n_waiting = self._n_rows = self._n_tokens = 0
        self._digest = ContentDigest()

    def write(self, table: pa.Table) -> None:
        """Take the next rows."""
        self._waiting.append(table)
        self._n_waiting += len(table)
        while self._n_waiting >= ROW_GROUP_ROWS:
            rows = pa.concat_tables(self._waiting).combine_chunks()
            self._n_waiting -= ROW_GROUP_ROWS
            rest = np.arange(ROW_GROUP_ROWS, len(rows))
            self._waiting = [rows.take(rest)]  # a copy: a slice would keep the whole group alive
            self._write_row_group(rows.slice(0, ROW_GROUP_ROWS))

    def close(self) -> dict[str, Any]:
        """Write what waits, make the file durable, and return what the manifest says of it."""
        if self._n_waiting:
            self._write_row_group(pa.concat_tables(self._waiting).combine_chunks())
        self._writer.close()
        self._sink.close()
        return {
            "rows": self._n_rows,
            "tokens": self._n_tokens,
            "content_sha256": self._digest.hexdigest(),
            "bytes": self._file.stat().st_size,
        }

    def _write_row_group(self, rows: pa.Table) -> None:
        self._writer.write_table(rows, row_group_size=ROW_GROUP_ROWS)
        self._sink.check()
        self._digest.update(rows)
        self._n_rows += len(rows)
        self._n_tokens += pc.sum(rows["n_tokens"]).as_py()
