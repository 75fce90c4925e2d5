"""What an item leaves in `.work/results/`: undecided rows, keys, ledger lines and a receipt.

The receipt is written last, so an item with a receipt is done, and one without is built again.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
import pyarrow as pa

from corpus.dedup.keys import KEY, Keys
from corpus.dedup.near import Texts, near_bytes
from corpus.output.files import read_json, temporary_of, write_file, write_json
from corpus.output.ledger import ledger_member
from corpus.output.rows import COLUMNS
from corpus.output.work import RESULTS
from corpus.records import Rejected
from corpus.remote import CONNECTIONS, Folder

_T = TypeVar("_T")


@contextmanager
def result_folder(work: Folder, index: int) -> Iterator[Path]:
    """Yield where an item's part is written: `work`, or of a store a folder aside.

    From there it is put under names that no other attempt has, and at last the receipt, which names
    the attempt: two that come to their end at once cannot mix.
    """
    if isinstance(work, Path):
        yield work
        return
    with TemporaryDirectory(prefix="corpus-") as aside:
        yield Path(aside)
        receipt, attempt = ResultPaths(work, index).receipt, token_hex(8)
        for path in sorted((Path(aside) / RESULTS).iterdir()):
            if path.name != receipt.name:
                index_, _, ending = path.name.partition(".")
                (work / RESULTS / f"{index_}.{attempt}.{ending}").put(path)
        counts = read_json(Path(aside) / RESULTS / receipt.name)
        write_json(receipt, counts | {"attempt": attempt})


def read_results(
    work: Folder, indices: Iterable[int]
) -> Iterator[tuple["ResultPaths", dict[str, Any] | None]]:
    """Yield the part of each item and what it counted, None if it is not built."""
    if isinstance(work, Path):
        yield from map(partial(_read_result, work), indices)
    else:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            yield from pool.map(partial(_read_result, work), indices)


def _read_result(work: Folder, index: int) -> tuple["ResultPaths", dict[str, Any] | None]:
    part = ResultPaths(work, index)
    try:
        receipt = read_json(part.receipt)
    except FileNotFoundError:
        return part, None
    return ResultPaths(work, index, receipt.pop("attempt", "")), receipt


def read_each(parts: Sequence["ResultPaths"], read: Callable[["ResultPaths"], _T]) -> list[_T]:
    """Return what `read` returns of each part, in plan order, several at once."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(read, parts))


class ResultWriter:
    """Writes one item's part; used as a context, which on an error leaves no receipt."""

    def __init__(self, work: Path, index: int) -> None:
        self.paths = ResultPaths(work, index)
        # A worker of a build that was killed may still write for a moment: not to our file.
        self.rows_file = work / RESULTS / self.paths.rows.name
        self.temporary = temporary_of(self.rows_file)
        self.keys: list[Keys] = []
        self.ledger: list[bytes] = []
        self.texts: list[Texts] = []

    def __enter__(self) -> Self:
        self.rows_file.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.temporary.open("wb")
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        self.rows = pa.ipc.new_stream(self.file, COLUMNS, options=options)
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
    ) -> None:
        """Take a batch: rows in dialogue order, for each `KEY` the rows that it counts.

        `texts` are those of the rows, where near-duplicates are looked for.
        """
        if len(rows):
            self.rows.write_table(rows)
        self.keys.append(keys)
        self.ledger.append(ledger_member(rejected))
        self.texts.extend(texts)

    def finish(
        self, counts: dict[str, Any], examples: dict[str, Any], *, near: bool = False
    ) -> None:
        """Make the part durable, the receipt last; `near`: with what tells near-duplicates."""
        self.rows.close()
        self.file.flush()
        os.fsync(self.file.fileno())
        self.temporary.replace(self.rows_file)
        write_file(self.paths.keys, b"".join(keys.tobytes() for keys in self.keys))
        write_file(self.paths.ledger, b"".join(self.ledger))
        write_json(self.paths.examples, examples)
        if near:
            write_file(self.paths.near, near_bytes(self.texts))
        write_json(self.paths.receipt, counts)


@dataclass(frozen=True, slots=True)
class ResultPaths:
    """Where the part of an item lies, and how it is read back."""

    work: Folder
    index: int
    attempt: str = ""  # of several in a store

    @property
    def rows(self) -> Folder:
        """An Arrow stream of `COLUMNS`."""
        return self.path("rows.arrow")

    @property
    def keys(self) -> Folder:
        """An array of `KEY`."""
        return self.path("keys")

    @property
    def ledger(self) -> Folder:
        """Lines of the ledger."""
        return self.path("jsonl.gz")

    @property
    def examples(self) -> Folder:
        """What the report shows of the item."""
        return self.path("examples.json")

    @property
    def near(self) -> Folder:
        """What `near_bytes` gives, with `--dedup near`."""
        return self.path("near")

    @property
    def receipt(self) -> Folder:
        """What was counted."""
        return self.work / RESULTS / f"{self.index:06}.json"

    def path(self, ending: str) -> Folder:
        """Return where one of its files lies."""
        name = ".".join(filter(None, (f"{self.index:06}", self.attempt, ending)))
        return self.work / RESULTS / name

    def read_examples(self) -> dict[str, Any]:
        """Return what the report shows of the item."""
        return dict(read_json(self.examples))

    def read_keys(self) -> Keys:
        """Return the keys, in plan order."""
        return np.frombuffer(self.keys.read_bytes(), KEY)

    def read_rows(self) -> Iterator[pa.Table]:
        """Yield the rows batch by batch, in plan order."""
        with pa.ipc.open_stream(self.rows.read_bytes()) as stream:
            for batch in stream:
                yield pa.Table.from_batches([batch])
