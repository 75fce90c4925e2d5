"""What all steps of one commit share: where they write, and how a piece is known to be made.

Files of a corpus are written in `.work/HASH/commit/` and moved into `.work/HASH/out/` when they are
whole. A piece leaves a record beside what it writes: a step that was done before an interruption
finds the record and writes nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any, NamedTuple

from corpus.building.unknown import Unknown
from corpus.counts import Counts
from corpus.output.files import read_sealed, sealed, write_file
from corpus.output.result import ResultPaths
from corpus.remote import Folder
from corpus.report.of_keys import OfKeys

OUT = "out"  # the corpus, as it will lie in processed/
RECORDS = "commit"  # what was written and counted, piece by piece

ReadMember = Callable[[], bytes]  # can be pickled; gives some lines as gzip members


@dataclass(frozen=True, slots=True)
class Writing:
    """What all steps of one commit share."""

    aside: Path  # the folder of `OUT` and `RECORDS`
    state: str  # a hash of all parts: what was decided from others is written again
    raw: Folder
    metadata: dict[str, str]  # of every shard
    unknown: Unknown

    def record(self, name: str) -> Path:
        """Return where the record of a piece lies."""
        return self.aside / RECORDS / f"{name}.json"

    def made_before(self, name: str) -> dict[str, Any] | None:
        """Return what was counted in a piece that was made before, if its files are whole."""
        try:
            told = read_sealed(self.record(name))
            if told["state"] == self.state and all(
                sha256_of(self.aside / path) == digest for path, digest in told["files"].items()
            ):
                return dict(told["counted"])
        except (FileNotFoundError, ValueError):
            pass
        return None

    def made(self, name: str, counted: dict[str, Any], hashes: dict[Path, str]) -> dict[str, Any]:
        """Leave the record of a piece, with the hashes of its files; return what was counted."""
        files = {path.relative_to(self.aside).as_posix(): one for path, one in hashes.items()}
        told = {"state": self.state, "files": files, "counted": counted}
        write_file(self.record(name), sealed(told))
        return counted


class Material(NamedTuple):
    """What a report is made of, beside the manifest."""

    of_keys: OfKeys
    of_shards: Sequence[Mapping[str, Any]]  # as `write_shard` tells them
    counts: Counts
    results: Sequence[ResultPaths]
    examples: Sequence[dict[str, Any]]  # of the duplicates
    one_in: int  # of so many dialogues one was looked at


def sha256_of(path: Path) -> str:
    """Return the hash of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
