"""What an item leaves in `.work/HASH/parts/`: undecided rows, keys, ledger lines and a receipt.

The receipt is written last and holds the hash of each file, and its own. An item is done if its
receipt and its files are as they were written; else it is built again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeVar

import numpy as np
import orjson

from corpus.dedup.keys import KEY, Keys
from corpus.output.files import (
    read_sealed,
    sealed,
    temporary_folder,
    write_file,
)
from corpus.output.work import FRESH, RESULTS
from corpus.records import CorpusError
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
    with temporary_folder() as aside:
        yield aside
        receipt, attempt = ResultPaths(work, index).receipt, token_hex(8)
        for path in sorted((aside / RESULTS).iterdir()):
            if path.name != receipt.name:
                index_, _, ending = path.name.partition(".")
                (work / RESULTS / f"{index_}.{attempt}.{ending}").put(path)
        told = read_sealed(aside / RESULTS / receipt.name)
        write_file(receipt, sealed(told | {"attempt": attempt}))


def read_results(
    work: Folder, indices: Iterable[int], *, prove: bool = False
) -> Iterator[tuple["ResultPaths", dict[str, Any] | None]]:
    """Yield the part of each item and what it counted, None if it is not built or was damaged.

    Args:
        work: the folder of the build.
        indices: which items.
        prove: read all files of each part, to see that they are as they were written.
    """
    read = partial(_read_result, work, prove=prove)
    if isinstance(work, Path):
        yield from map(read, indices)
    else:
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            yield from pool.map(read, indices)


def _read_result(
    work: Folder, index: int, *, prove: bool
) -> tuple["ResultPaths", dict[str, Any] | None]:
    part = ResultPaths(work, index)
    try:
        told = read_sealed(part.receipt)
    except (FileNotFoundError, ValueError):
        return part, None
    part = ResultPaths(work, index, told["attempt"], told["files"])
    return part, None if prove and not part.are_whole() else told["counts"]


def discard_results(work: Folder, indices: Iterable[int], *, name: str) -> None:
    """Delete the receipts of these items, so that they are built again; once for each `name`."""
    mark = work / f"{FRESH}-{name}"
    if mark.exists():
        return
    for index in indices:
        ResultPaths(work, index).receipt.unlink(missing_ok=True)
    write_file(mark, b"")


def read_each(parts: Sequence["ResultPaths"], read: Callable[["ResultPaths"], _T]) -> list[_T]:
    """Return what `read` returns of each part, in plan order; of a store several at once."""
    if all(isinstance(part.work, Path) for part in parts):
        return list(map(read, parts))
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(read, parts))


def lines_bytes(part: "ResultPaths") -> tuple[int, int]:
    """Return how many bytes a part has of the ledger, and of utterances that were left out."""
    return _size(part.ledger), _size(part.utterances) if part.has_utterances else 0


def _size(path: Folder) -> int:
    return path.stat().st_size if isinstance(path, Path) else path.n_bytes() or 0


@dataclass(frozen=True, slots=True)
class ResultPaths:
    """Where the part of an item lies, and how it is read back."""

    work: Folder
    index: int
    attempt: str = ""  # of several in a store
    hashes: dict[str, str] = field(default_factory=dict)  # sha256 by ending, as the receipt says

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
    def utterances(self) -> Folder:
        """Lines of the utterances that were left out; no file where there are none."""
        return self.path("utterances.jsonl.gz")

    @property
    def has_utterances(self) -> bool:
        """Whether there is a file of `utterances`."""
        return "utterances.jsonl.gz" in self.hashes

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

    def are_whole(self) -> bool:
        """Say whether all files that the receipt names are as they were written."""
        try:
            for ending in self.hashes:
                self.read(ending)
        except (OSError, CorpusError):
            return False
        return True

    def read_examples(self) -> dict[str, Any]:
        """Return what the report shows of the item."""
        return dict(orjson.loads(self.read("examples.json")))

    def read_keys(self) -> Keys:
        """Return the keys, in plan order."""
        return np.frombuffer(self.read("keys"), KEY)

    def read_ledger(self) -> bytes:
        """Return the lines of the ledger as gzip members."""
        return self.read("jsonl.gz")

    def read_utterances(self) -> bytes:
        """Return the lines of the utterances that were left out as gzip members."""
        return self.read("utterances.jsonl.gz") if self.has_utterances else b""

    def near_file(self, folder: Path) -> Path:
        """Return the file of what `near_bytes` gives; of a store a copy in a folder."""
        path = self.near
        if not isinstance(path, Path):
            copy = folder / path.name
            path.fetch(copy)
            path = copy
        with path.open("rb") as file:
            self._prove("near", file_digest(file, "sha256").hexdigest())
        return path

    def read(self, ending: str) -> bytes:
        """Return the content of one of its files.

        Raises:
            CorpusError: it is not as it was written.
        """
        content = self.path(ending).read_bytes()
        if self.hashes:
            self._prove(ending, sha256(content).hexdigest())
        return content

    def _prove(self, ending: str, digest: str) -> None:
        if self.hashes and digest != self.hashes.get(ending):
            raise CorpusError(
                f"{self.path(ending)} is not as it was written: the command that built it builds "
                "it again."
            )
