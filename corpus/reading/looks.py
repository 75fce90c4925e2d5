"""Looks at the files of raw/: what is in each, and its hash. A file is looked at by any process."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import file_digest
from typing import NamedTuple

from corpus.reading.archives import Container
from corpus.reading.search import Search, Sniff
from corpus.reading.streams import Joined
from corpus.records import UnreadableError
from corpus.remote import Folder

FILES = 256  # are looked at in one step, at most
FILES_BYTES = 16 << 20
# An archive of JSON unpacks to some 7 times its bytes, of which a part may be left alone.
UNPACKED = 6


class Hashed(NamedTuple):
    """A file that identifies a build."""

    sha256: str  # or the reason why it cannot be read to its end
    bytes: int
    is_readable: bool = True


class Seen(NamedTuple):
    """What is in some files."""

    search: Search
    hashes: dict[str, Hashed]  # of those that hold a document, or should


Look = Callable[[], Seen]
# Looks, in any process, given about how many bytes a build will read; returns what each has seen.
DoLooks = Callable[[Sequence[Look], int], Iterable[Seen]]


def look_here(looks: Sequence[Look], n_bytes: int) -> Iterable[Seen]:
    """Look from this process."""
    del n_bytes
    return (look() for look in looks)


def look_at_all(raw: Folder, search: Search, sniff: Sniff, do: DoLooks) -> dict[str, Hashed]:
    """Look at all `files` of a search, which takes what is in them; return their hashes."""
    groups: list[list[tuple[str, Container, str]]] = []
    n_bytes = n_unpacked = 0
    for one in search.files:
        if not groups or len(groups[-1]) == FILES or n_bytes > FILES_BYTES:
            groups.append([])
            n_bytes = 0
        groups[-1].append(one)
        size = sum(segment.length for segment in one[1])
        n_bytes += size
        n_unpacked += size if one[0].casefold().endswith(".json") else UNPACKED * size
    search.files.clear()
    hashes: dict[str, Hashed] = {}
    raw = raw.absolute()  # tasks of Ray have another working directory
    for seen in do([partial(look_at, raw, sniff, group) for group in groups], n_unpacked):
        search.take(seen.search)
        hashes |= seen.hashes
    return hashes


def look_at(raw: Folder, sniff: Sniff, files: Sequence[tuple[str, Container, str]]) -> Seen:
    """Look at some files."""
    search = Search(raw, sniff)
    for one in files:
        search.visit_file(*one)
    return Seen(search, hashes_of(raw, search.holders))


def hashes_of(raw: Folder, holders: Mapping[str, Container]) -> dict[str, Hashed]:
    """Return the hashes of some files, by their names."""
    hashes = {}
    for name, container in holders.items():
        with Joined(raw, container) as file:
            try:
                hashes[name] = Hashed(file_digest(file, "sha256").hexdigest(), file.size)
            except UnreadableError as error:  # its documents are rejected when they are read
                hashes[name] = Hashed(error.reason, file.size, is_readable=False)
    return hashes
