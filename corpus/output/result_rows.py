"""The rows of an item's result, as an Arrow stream: written with all else, and read back."""

import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import pyarrow as pa

from corpus.dedup.keys import Keys
from corpus.dedup.near import Texts, near_bytes
from corpus.output.files import json_bytes, sealed, temporary_of, write_file
from corpus.output.ledger import ledger_member
from corpus.output.result import ResultPaths
from corpus.output.rows import COLUMNS
from corpus.output.utterances import Dropped, dropped_member
from corpus.output.work import RESULTS
from corpus.records import Rejected


class ResultWriter:
    """Writes one item's part; used as a context, which on an error leaves no receipt."""

    def __init__(self, work: Path, index: int) -> None:
        self.paths = ResultPaths(work, index)
        # A worker of a build that was killed may still write for a moment: not to our file.
        self.rows_file = work / RESULTS / self.paths.rows.name
        self.temporary = temporary_of(self.rows_file)
        self.keys: list[Keys] = []
        self.ledger: list[bytes] = []
        self.utterances: list[bytes] = []
        self.texts: list[Texts] = []

    def __enter__(self) -> Self:
        self.rows_file.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.temporary.open("wb")
        self.hashed = _Hashed(self.file)
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self.rows = pa.ipc.new_stream(self.hashed, COLUMNS, options=options)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.file.close()
        finally:
            if error:
                self.temporary.unlink(missing_ok=True)  # on a full disk it would be in the way

    def write(
        self,
        rows: pa.Table,
        keys: Keys,
        rejected: Sequence[Rejected],
        texts: Sequence[Texts] = (),
        dropped: Iterable[Dropped] = (),
    ) -> None:
        """Take a batch: rows in dialogue order, for each `KEY` the rows that it counts.

        `texts` are those of the rows, where near-duplicates are looked for.
        """
        if len(rows):
            self.rows.write_table(rows)
        self.keys.append(keys)
        self.ledger.append(ledger_member(rejected))
        self.utterances.append(dropped_member(dropped))
        self.texts.extend(texts)

    def finish(
        self, counts: dict[str, Any], examples: dict[str, Any], *, near: bool = False
    ) -> None:
        """Make the part durable, the receipt last; `near`: with what tells near-duplicates."""
        self.rows.close()
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self.temporary.replace(self.rows_file)
        contents = {
            "keys": b"".join(keys.tobytes() for keys in self.keys),
            "jsonl.gz": b"".join(self.ledger),
            "examples.json": json_bytes(examples),
        }
        if any(self.utterances):
            contents["utterances.jsonl.gz"] = b"".join(self.utterances)
        if near:
            contents["near"] = near_bytes(self.texts)
        hashes = {"rows.arrow": self.hashed.digest.hexdigest()}
        for ending, content in contents.items():
            write_file(self.paths.path(ending), content)
            hashes[ending] = sha256(content).hexdigest()
        receipt = {"attempt": "", "counts": counts, "files": hashes}
        write_file(self.paths.receipt, sealed(receipt))


class _Hashed:
    """A file for pyarrow that hashes what is written into it."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.digest = sha256()
        self._file = file

    def write(self, content: bytes) -> int:
        self.digest.update(content)
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Do nothing: whoever opened the file makes it durable first."""


def read_rows(result: ResultPaths, columns: Sequence[str] = COLUMNS.names) -> Iterator[pa.Table]:
    """Yield the rows batch by batch, in plan order; columns not asked for are not unpacked."""
    chosen = pa.ipc.IpcReadOptions(included_fields=[*map(COLUMNS.get_field_index, columns)])
    with pa.ipc.open_stream(result.read("rows.arrow"), options=chosen) as stream:
        for batch in stream:
            yield pa.Table.from_batches([batch])
