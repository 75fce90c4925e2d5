"""Search raw/ for documents: folders, archives and split parts, each told by its first bytes.

A source is told by a document's keys (`sniff`, given by the caller), the split by the path alone.
"""

import os
import re
import stat
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from unicodedata import normalize
from zlib import crc32

from corpus.reading.archives import Container, kind_of, name_apart, readable_name, zip_members
from corpus.reading.foreign import SHOWN, beginning, is_text, what_it_is, what_zip_is
from corpus.reading.missing_labels import labels_missing
from corpus.reading.parts import join_parts
from corpus.reading.streams import GONE, Joined, Unpacked, changed
from corpus.reading.tars import is_tar, tar_members
from corpus.reading.utf8 import HEAD_BYTES, beginning_of, begins_blank
from corpus.records import (
    Document,
    Member,
    Rejected,
    Segment,
    Source,
    UnreadableError,
    columns_of,
    documents_of,
)
from corpus.remote import Folder, Remote
from corpus.splits import split_of

_BEFORE_UTF16 = b"\xff\xfe\0"
SAMPLE = "sample"  # the folder of the invented sample, visited only when asked for

Sniff = Callable[[bytes], Source | None]

NAMED = 3  # files are named where nothing is readable
_ARCHIVE = re.compile(r".+\.(zip|tar|t?gz|bz2|xz|zst|7z|rar|egg|alz|part[0-9]+)", re.IGNORECASE)


class Search:
    """One look through raw/: each file and each member of an archive ends in one of its lists."""

    def __init__(self, raw: Folder, sniff: Sniff) -> None:
        """Look into `raw`, telling documents by `sniff` where their names do not."""
        self._raw, self._sniff = raw, sniff
        self.documents: list[Document] = []
        self.rejected: list[Rejected] = []
        self.left_alone: Counter[str] = Counter()
        self.texts: Counter[str] = Counter()  # raw texts by the archive or folder that holds them
        self.foreign: list[str] = []  # the first files that are none of ours, and what they are
        self.holders: dict[str, Container] = {}  # the files that hold a document, or should
        self.labelled = set[str]()  # archives and folders that hold documents
        self.files: list[tuple[str, Container, str]] = []  # to look at; the last is a missing part

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the documents by columns: some thousands go from process to process."""
        return self.__dict__ | {"documents": columns_of(self.documents)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__ |= state | {"documents": [*documents_of(state["documents"])]}

    def visit_folder(self, folder: str) -> None:
        """Add every file below a folder (relative to raw/) to `files`, following links."""
        if isinstance(self._raw, Remote):
            self._visit_objects(self._raw, folder)
            return
        pending: list[tuple[str, frozenset[tuple[int, int]]]] = [(folder, frozenset())]
        taken = set[str]()
        while pending:
            folder, above = pending.pop()
            try:
                itself = (self._raw / folder).stat()
                names = sorted(path.name for path in (self._raw / folder).iterdir())
            except GONE as error:  # it was there a moment ago: a disk that is away
                raise changed(self._raw, folder, "is gone") from error
            except OSError as error:
                self._reject_place(_recorded(folder), "unreadable", error.strerror or "")
                continue
            here = (itself.st_dev, itself.st_ino)
            if here in above:
                self._reject_place(_recorded(folder), "symlink_loop", "a link to a folder above it")
                continue
            files: list[tuple[str, Container]] = []
            for path in (f"{folder}/{name}".removeprefix("/") for name in names):
                if _is_hidden(path):
                    self.left_alone["hidden"] += 1
                elif (status := self._stat(self._raw, path)) is None:
                    continue
                elif stat.S_ISREG(status.st_mode):
                    size, stamp = status.st_size, status.st_mtime_ns
                    name = name_apart(_recorded(path), taken)
                    files.append((name, (Segment(path, 0, size, size, stamp),)))
                elif not stat.S_ISDIR(status.st_mode):
                    self.left_alone["special_file"] += 1
                elif path != SAMPLE:
                    pending.append((path, above | {here}))
            self.files += self._join_parts(files)

    def _visit_objects(self, raw: Remote, folder: str) -> None:
        """Add every object below a folder of a store to `files`."""
        hidden, taken = set[str](), set[str]()
        folders: dict[str, list[tuple[str, Container]]] = defaultdict(list)
        for path, (size, version) in raw.files().items():
            if path.startswith(f"{SAMPLE}/") == (folder == SAMPLE):
                above = [path[:end] for end in range(len(path)) if path[end] == "/"]
                if first := next(filter(_is_hidden, (*above, path)), None):
                    hidden.add(first)  # counted once, as a folder is that nobody looks into
                else:
                    container = (Segment(path, 0, size, size, stamp_of(version)),)
                    name = name_apart(_recorded(path), taken)
                    folders[path.rpartition("/")[0]].append((name, container))
        self.left_alone["hidden"] += len(hidden)
        for files in folders.values():
            self.files += self._join_parts(files)

    def _stat(self, raw: Path, path: str) -> os.stat_result | None:
        try:
            return (raw / path).stat()
        except OSError as error:
            if isinstance(error, GONE) and not os.path.lexists(raw / path):
                raise changed(raw, path, "is gone") from error
            self._reject_place(_recorded(path), "unreadable", error.strerror or "")
            return None

    def visit_file(self, name: str, container: Container, hole: str) -> None:
        """Look at one file of `files`."""
        n_before = len(self.documents) + len(self.rejected)
        self._visit_file(name, container, hole=hole)
        if len(self.documents) + len(self.rejected) > n_before:
            self.holders[name] = container

    def take(self, seen: "Search") -> None:
        """Take what another one, which looked at some of `files`, has found in them."""
        self.documents += seen.documents
        self.rejected += seen.rejected
        self.left_alone += seen.left_alone
        self.texts += seen.texts
        self.foreign += seen.foreign[: NAMED - len(self.foreign)]
        self.holders |= seen.holders
        self.labelled |= seen.labelled

    def _join_parts(
        self, files: Iterable[tuple[str, Container]]
    ) -> list[tuple[str, Container, str]]:
        """Return the files, parts joined, and put on the record what cannot be."""
        parts = join_parts(files)
        for name, container, advice in parts.split_zips:
            self._reject(name, "split_zip", advice)
            self.holders[name] = container
        if parts.n_beside:
            self.left_alone["parts_of_a_whole"] += parts.n_beside
        return parts.files

    def _visit_file(
        self, name: str, container: Container, *, hole: str, in_tar: bool = False
    ) -> None:
        """Put a file, or a member of a tar, where its first bytes say that it belongs."""
        if hole:
            self._reject(name, "part_hole", hole)
            return
        try:
            with Joined(self._raw, container) as file:
                head = file.read(HEAD_BYTES)
                is_blank = begins_blank(head[:8].lstrip(_BEFORE_UTF16))
                text = beginning_of(file) if is_blank else head
            kind = kind_of(head) or ("tar" if is_tar(head) else None)
            if kind == "zip":
                self._visit_zip(name, container)
            elif kind == "tar" and not in_tar:
                self._visit_tar(name, container)
            elif kind == "tar":
                self._reject(name, "nested_archive", "a tar in a tar: unpack it first")
            elif kind:
                self._reject(name, "unsupported_archive", f"{kind}: unpack it first")
            elif _is_json(name) or self._sniff(text):
                self._add(name, container, None, _length_of(container))
            elif _ARCHIVE.fullmatch(name) and is_text(text[:SHOWN]):
                self._reject(
                    name, "broken_archive", f"it is text and no archive: {beginning(text)}"
                )
            elif name[-4:].casefold() == ".tar" and not in_tar:
                self._visit_tar(name, container)  # its first header may be all that is damaged
            elif _ARCHIVE.fullmatch(name):
                why = "it does not begin like an archive" if head else "it is empty"
                self._reject(name, "broken_archive", why)
            else:
                self._leave_alone(name, text or head)
        except UnreadableError as error:
            self._reject(name, error.reason, error.detail)

    def _visit_zip(self, archive: str, container: Container) -> None:
        members = foreign = 0
        for inner, member, size, why in zip_members(self._raw, container):
            name = f"{archive}!{inner}"
            members += 1
            if _is_hidden(inner):
                self.left_alone["hidden"] += 1
            elif _is_json(inner) and not why:
                self._add(name, container, member, size)
            elif _is_json(inner) and why:
                self._reject(name, *why)
            elif _ARCHIVE.fullmatch(inner):
                self._reject(name, "nested_archive", "an archive in a zip: unpack it first")
            elif not why and not _is_text(inner) and self._is_read(container, member, size):
                self._add(name, container, member, size)
            else:
                self._leave_alone(name)
                foreign += not _is_text(inner)
                if foreign == 1 and len(self.foreign) < NAMED:
                    self.foreign.append(f"{archive} ({what_zip_is(archive, inner)})")
        if not members and len(self.foreign) < NAMED:
            self.foreign.append(f"{archive} (a zip without files)")

    def _is_read(self, container: Container, member: Member, size: int) -> bool:
        """Say whether a zip's member of any name is a document of ours, by its beginning."""
        with Joined(self._raw, container) as file:
            try:
                return bool(self._sniff(beginning_of(Unpacked(file, member, size))))
            except UnreadableError:
                return False

    def _visit_tar(self, archive: str, container: Container) -> None:
        members, damage = tar_members(self._raw, container)
        if damage:
            self._reject(archive, damage.reason, damage.detail)
        files: list[tuple[str, Container]] = []
        taken = set[str]()
        for told, part, why in members:
            inner = name_apart(told, taken)
            if _is_hidden(inner):
                self.left_alone["hidden"] += 1
            elif why:
                self._reject(f"{archive}!{inner}", *why)
            else:
                files.append((f"{archive}!{inner}", part))
        for name, part, hole in self._join_parts(files):
            self._visit_file(name, part, hole=hole, in_tar=True)

    def _add(self, name: str, container: Container, member: Member | None, size: int) -> None:
        self.documents.append(Document(name, container, member, size, split_of(name)))
        self.labelled.add(_holder(name))

    def _leave_alone(self, name: str, head: bytes = b"") -> None:
        if head and len(self.foreign) < NAMED:
            self.foreign.append(f"{name} ({what_it_is(name, head)})")
        self.left_alone["raw_text" if _is_text(name) else "not_json"] += 1
        if _is_text(name):
            self.texts[_holder(name)] += 1

    def reject_missing_labels(self) -> None:
        """Put on the record which raw texts have no labels here, once all is visited."""
        labelled = self.labelled | {_holder(one.raw_file) for one in self.rejected}
        for path, n, wanted in labels_missing(self.texts, labelled):
            self._reject(path, "labels_missing", f"{n:,} raw texts, but no {wanted} beside them")

    def _reject_place(self, name: str, reason: str, detail: str) -> None:
        """Put on the record what is no file, as one without content."""
        self.holders[name] = ()
        self._reject(name, reason, detail)

    def _reject(self, name: str, reason: str, detail: str) -> None:
        self.rejected.append(Rejected("file", reason, detail, None, None, name, 0, b""))


def stamp_of(version: str) -> int:
    """Return a number for the version of an object in a store."""
    return crc32(version.encode()) * 1_000_000  # far apart, as times are


def _holder(name: str) -> str:
    """Return the archive or the folder of a file; an archive that cannot be read is its own."""
    archive, mark, _ = name.partition("!")
    return archive if mark or _ARCHIVE.fullmatch(name) else name.rpartition("/")[0]


def _is_json(name: str) -> bool:
    return name[-5:].casefold() == ".json"


def _is_text(name: str) -> bool:
    """Say whether this is raw text, as TS_ and VS_ hold some 100,000 of: too many to look into."""
    return name[-4:].casefold() == ".txt"


def _is_hidden(path: str) -> bool:
    """Say whether a part of a path is hidden by its name, as macOS and editors leave them."""
    if "/." not in path and not path.startswith(".") and "__MACOSX" not in path:
        return False
    return any(part.startswith((".", "__MACOSX")) and part.strip(".") for part in path.split("/"))


def _length_of(container: Container) -> int:
    return sum(segment.length for segment in container)


def _recorded(path: str) -> str:
    return normalize("NFC", readable_name(os.fsencode(path)))
