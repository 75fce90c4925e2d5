"""Find the documents of raw/, and open them in place.

Files are told apart by their first bytes, a source by a document's keys (`sniff`, given by the
caller), the split by the path alone. Whatever is not read is on the record, with the reason.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from corpus.reading.archives import Container
from corpus.reading.foreign import EXPECTED, beginning, table_of_pandas
from corpus.reading.looks import DoLooks, Hashed, hashes_of, look_at_all, look_here
from corpus.reading.search import NAMED, SAMPLE, Search, Sniff, stamp_of
from corpus.reading.streams import (
    OTHER_STATE,
    Joined,
    Unpacked,
    changed,
    intact_member,
    is_as_it_was,
)
from corpus.reading.utf8 import HEAD_BYTES, Stream, beginning_of
from corpus.records import CorpusError, Document, Member, Rejected, UnreadableError
from corpus.remote import Folder, Remote

LOOSE_FILES = 20  # a folder with more loose documents has one entry in the manifest


@dataclass(frozen=True, slots=True)
class RawFile:
    """What the manifest says of a file that holds documents, or cannot be read.

    Many small documents in a folder have one entry, with the path `FOLDER/` and a tree hash: sha256
    of what `sha256sum *` prints there, a line `HASH  NAME` per document, sorted by name.
    """

    path: str
    n_files: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Found:
    """All that is in raw/: each file and each member of an archive is in one of these."""

    documents: list[Document]  # in plan order
    files: list[RawFile]  # that hold a document or something rejected
    rejected: list[Rejected]  # what cannot be read
    left_alone: dict[str, int]  # what is no document, by reason


def find_documents(raw: Folder, *, sniff: Sniff, do: DoLooks = look_here) -> Found:
    """Return what is in `raw`; of the documents themselves no more than the beginning is read.

    Args:
        raw: the folder.
        sniff: returns the source of a document by its first bytes, or None.
        do: where files are looked at.

    Raises:
        CorpusError: there is no such folder, or no document of a known source in it.
    """
    _check_folder(raw)
    _big_member.cache_clear()  # what was open belongs to an earlier look
    _archive.cache_clear()
    search = Search(raw, sniff)
    search.visit_folder("")
    hashes = look_at_all(raw, search, sniff, do)
    readable = _any_readable(raw, search.documents, sniff)
    sample = raw / SAMPLE
    if sample.is_dir() and readable:
        search.left_alone["sample"] = _n_files(sample)
    elif sample.is_dir():
        search.visit_folder(SAMPLE)
        hashes |= look_at_all(raw, search, sniff, do)
        readable = _any_readable(raw, search.documents, sniff)
    search.reject_missing_labels()
    if not readable:
        raise CorpusError(
            f"There is nothing readable in {raw}: {_what_there_is(raw, search)}; {EXPECTED}."
        )
    documents = sorted(search.documents, key=_place)
    rejected = sorted(search.rejected, key=lambda one: one.raw_file)
    others = {name: one for name, one in search.holders.items() if name not in hashes}
    hashes |= hashes_of(raw, others)
    files = _raw_files(hashes, documents)
    unreadable = {
        segment.path
        for name, one in hashes.items()
        if not one.is_readable
        for segment in search.holders[name]
    }
    if unreadable:
        documents = [without_state(document, unreadable) for document in documents]
    left_alone = {reason: n for reason, n in sorted(search.left_alone.items()) if n}
    return Found(documents, files, rejected, left_alone)


def raw_state(raw: Folder) -> str:
    """Return a hash of the names, sizes and times of all files in `raw`, of which none is read.

    Raises:
        CorpusError: there is no such folder.
    """
    _check_folder(raw)
    if isinstance(raw, Remote):
        told = "".join(f"{name}\n{n} {one}\n" for name, (n, one) in sorted(raw.files().items()))
        return sha256(told.encode()).hexdigest()
    lines: list[str] = []
    seen = set[tuple[int, int]]()
    for folder, folders, names in os.walk(raw, followlinks=True):
        itself = Path(folder).stat()
        here = (itself.st_dev, itself.st_ino)
        if here in seen:
            folders.clear()
            continue
        seen.add(here)
        for path in (Path(folder, name) for name in names):
            if path.exists():  # a broken link is the business of the search
                status = path.stat()
                name = path.relative_to(raw).as_posix()
                lines.append(f"{name}\n{status.st_size} {status.st_mtime_ns}\n")
    return sha256("".join(sorted(lines)).encode("utf-8", "surrogateescape")).hexdigest()


def _n_files(folder: Folder) -> int:
    if isinstance(folder, Remote):
        return len(folder.files())
    return sum(len(files) for _, _, files in os.walk(folder))


def _check_folder(raw: Folder) -> None:
    if not raw.is_dir():
        raise CorpusError(f"{raw} is not a folder." if raw.exists() else f"There is no {raw}.")


def check_unchanged(raw: Folder, documents: Iterable[Document]) -> None:
    """Raise RawChangedError if a file is gone or changed that was hashed: a build ends with it."""
    segments = {one.path: one for document in documents for one in document.container}
    listed = raw.files() if isinstance(raw, Remote) else {}
    for path, segment in segments.items():
        if segment.size < 0:
            continue
        place = raw / path
        try:
            if isinstance(place, Remote):
                size, version = listed[path]
                state = size, stamp_of(version)
            else:
                status = place.stat()
                state = status.st_size, status.st_mtime_ns
        except (KeyError, OSError) as error:
            raise changed(raw, path, "is gone") from error
        if not is_as_it_was(segment, *state):
            raise changed(raw, path, OTHER_STATE)


def without_state(document: Document, paths: Collection[str] | None = None) -> Document:
    """Return a document without the sizes and times of its files, or of those of these paths."""
    if paths is not None and all(one.path not in paths for one in document.container):
        return document
    container = (
        one._replace(size=-1) if paths is None or one.path in paths else one
        for one in document.container
    )
    return document._replace(container=tuple(container))


def open_document(raw: Folder, document: Document, *, was_hashed: bool = True) -> Stream:
    """Return the bytes of a document as a stream; `seek` before reading.

    A big member of a zip has one stream in a process, kept for its marks, from which its next range
    is near: use one such stream at a time. Opening raises no UnreadableError; reading does where
    the file is damaged, and either raises RawChangedError where it was not, but for `was_hashed`.
    """
    container, member, size = document.container, document.member, document.size
    if member is None:
        return Joined(raw, container, was_hashed=was_hashed)
    if size <= HEAD_BYTES and member.packed <= HEAD_BYTES:
        archive = _archive(raw, container, was_hashed)
        return intact_member(archive, member, size) or Unpacked(archive, member, size)
    return _big_member(raw, container, was_hashed, member, size)


@lru_cache(maxsize=2)
def _archive(raw: Folder, container: Container, was_hashed: bool) -> Joined:  # noqa: FBT001
    return Joined(raw, container, was_hashed=was_hashed)


@lru_cache(maxsize=2)
def _big_member(
    raw: Folder,
    container: Container,
    was_hashed: bool,  # noqa: FBT001 - as lru_cache takes it
    member: Member,
    size: int,
) -> Unpacked:
    return Unpacked(Joined(raw, container, was_hashed=was_hashed), member, size)


def _any_readable(raw: Folder, documents: Iterable[Document], sniff: Sniff) -> bool:
    for document in documents:
        try:
            head = beginning_of(open_document(raw, document, was_hashed=False))
            if sniff(head) or sniff(head[max(0, head.find(b"{")) :]):  # behind a note
                return True
        except UnreadableError:
            continue
    return False


def _place(document: Document) -> tuple[str, Container, int]:
    """Return what documents are sorted by: never the order of a directory."""
    offset = document.member.offset if document.member else 0
    return document.raw_file, document.container, offset  # two may have the same name in NFC


def _what_there_is(raw: Folder, search: Search) -> str:
    """Return what was found instead of documents: how many of what, and the first ones by name."""
    counts = search.left_alone + Counter(one.reason for one in search.rejected)
    counts["unknown_json"] += len(search.documents)
    told = ", ".join(f"{n} {reason}" for reason, n in sorted(counts.items()) if n)
    first = [f"{one.raw_file} ({one.detail})" for one in search.rejected]
    first += [f"{one.raw_file} ({_beginning(raw, one)})" for one in search.documents[:NAMED]]
    named = "; ".join([*first, *search.foreign][:NAMED])
    return ": ".join(filter(None, (told, named))) or "it is empty"


def _beginning(raw: Folder, document: Document) -> str:
    try:
        stream = open_document(raw, document, was_hashed=False)
        head = beginning_of(stream) or stream.read(HEAD_BYTES)
    except UnreadableError as error:
        return error.detail
    return table_of_pandas(head) or beginning(head)


def _raw_files(hashes: Mapping[str, Hashed], documents: Iterable[Document]) -> list[RawFile]:
    """Return the files that identify a build, with their hashes, sorted by path."""
    files: list[RawFile] = []
    loose: dict[str, list[RawFile]] = defaultdict(list)
    loose_names = {document.raw_file for document in documents if document.member is None}
    for name, hashed in sorted(hashes.items()):
        one = RawFile(name, 1, hashed.bytes, hashed.sha256)
        (loose[name.rpartition("/")[0]] if name in loose_names else files).append(one)
    for folder, several in loose.items():
        if len(several) <= LOOSE_FILES:
            files += several
            continue
        tree = "".join(f"{one.sha256}  {one.path.rpartition('/')[2]}\n" for one in several)
        n_bytes = sum(one.bytes for one in several)
        files.append(
            RawFile(f"{folder}/", len(several), n_bytes, sha256(tree.encode()).hexdigest())
        )
    return sorted(files, key=lambda one: one.path)
