"""The members of a tar by name, place and length, header by header.

Python's `tarfile` parses a header. It does not walk along: it runs for ever on a member of negative
length, reads a name of any length into memory, and stops at the first damage. Here each step goes
forward, and behind a damaged header the next intact one is looked for.
"""

import io
import re
import tarfile
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from corpus.reading.archives import Container, Why, cut_out, readable_name, tidy_name
from corpus.reading.streams import Joined
from corpus.records import UnreadableError
from corpus.remote import Folder

BLOCK = tarfile.BLOCKSIZE
LONG_NAME = 64 << 10  # bytes of a name, or of what is said of a member before it, at most
BUFFER = 64 << 10

_MAGIC = slice(257, 262)  # of a header: `ustar`
_LENGTH = re.compile(rb"([0-9]{1,8}) ")  # begins a record of pax
_DESCRIBING = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE)
_GLOBAL = (tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_NO_DATA = (  # whatever length their headers give
    *(tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE),
    *(tarfile.DIRTYPE, tarfile.FIFOTYPE),
)
_MORE_AT, _MORE_AT_EXTENDED = 482, 504  # of a sparse file: whether another header follows


class _Entry(NamedTuple):
    """A member, as its headers describe it."""

    name: bytes
    start: int
    size: int
    is_folder: bool
    is_file: bool


class _Damage(NamedTuple):
    """What is wrong at some place of a tar."""

    detail: str


def is_tar(head: bytes) -> bool:
    """Say whether a file that begins with `head` is a tar."""
    return _header(head[:BLOCK]) is not None


def tar_members(
    raw: Folder, container: Container
) -> tuple[list[tuple[str, Container, Why | None]], UnreadableError | None]:
    """Return the name, place and, if it cannot be read, the reason of each member of a tar.

    With them what is wrong with the tar itself, the first of it: the other members can be read.
    """
    members: list[tuple[str, Container, Why | None]] = []
    damage: UnreadableError | None = None
    length = sum(segment.length for segment in container)
    try:
        with io.BufferedReader(Joined(raw, container), BUFFER) as file:
            for found in _walk(file, length):
                if isinstance(found, _Damage):
                    damage = damage or UnreadableError("broken_archive", f"tar: {found.detail}")
                elif not found.is_folder:
                    members.append(_member(container, found))
    except UnreadableError as error:
        damage = damage or error
    if not members and not damage:
        damage = UnreadableError("broken_archive", "tar: it has no members")
    return members, damage


def _member(container: Container, entry: _Entry) -> tuple[str, Container, Why | None]:
    part = cut_out(container, entry.start, entry.size)
    why = None
    if not entry.is_file:
        why = "special_file", "a link, a device or a sparse file in a tar"
    elif sum(segment.length for segment in part) < entry.size:
        why = "broken_archive", "the tar ends inside the member"
    return tidy_name(readable_name(entry.name)), part, why


def _walk(file: BinaryIO, length: int) -> Iterator[_Entry | _Damage]:
    """Yield the members, and what is wrong between them."""
    at, is_lost = 0, False  # lost: behind damage, or behind what says that it is the end
    told: dict[bytes, bytes] = {}  # of the next member
    while at + BLOCK <= length:
        file.seek(at)
        block = file.read(BLOCK)
        info = _header(block)
        if info is None or (is_lost and block[_MAGIC] != b"ustar"):
            if block.strip(b"\0") and not is_lost:
                yield _Damage(f"a header is damaged at {at:,}")
            is_lost, told = True, {}
            at += BLOCK
            continue
        if is_lost and at:
            yield _Damage(f"goes on behind its end at {at:,}")
        is_lost = False
        if info.type in _DESCRIBING:
            told |= _described(file, info)
            at += BLOCK + _padded(info.size)
            continue
        start = at + BLOCK + BLOCK * _n_extended(file, info, block)
        size = int(told.get(b"size", b"") or info.size)
        has_data = info.type not in _NO_DATA
        if info.type not in _GLOBAL:
            name = told.get(b"path", info.name.encode("utf-8", "surrogateescape"))
            is_file = info.isreg() and not info.issparse() and b"sparse" not in told
            yield _Entry(name, start, size if has_data else 0, info.isdir(), is_file)
            told = {}
        at = start + (_padded(size) if has_data else 0)
    if at != length and not is_lost:
        yield _Damage(f"it ends inside a {'header' if at < length else 'member'}, at {length:,}")


def _header(block: bytes) -> tarfile.TarInfo | None:
    """Return what a header says, None if it is damaged: its length may be negative then."""
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.TarError, ValueError):
        return None
    return info if info.size >= 0 else None


def _described(file: BinaryIO, info: tarfile.TarInfo) -> dict[bytes, bytes]:
    """Return what the data of a header say of the next member."""
    data = file.read(min(info.size, LONG_NAME))
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return {b"path": data.rstrip(b"\0")}
    if info.type != tarfile.XHDTYPE:
        return {}
    told = dict(_records(data))
    is_sparse = any(key.startswith(b"GNU.sparse.") for key in told)
    told = {key: value for key, value in told.items() if key in (b"path", b"size") and value}
    if not told.get(b"size", b"0").isdigit() or len(told.get(b"size", b"")) > len(str(1 << 63)):
        del told[b"size"]
    return told | ({b"sparse": b"1"} if is_sparse else {})


def _records(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    r"""Yield the keys and values of pax, each as long as it says: a value may hold a line feed.

    >>> list(_records(b"20 note=a\n9 path=b\n\n10 path=c\n13 path=d\n"))
    [(b'note', b'a\n9 path=b\n'), (b'path', b'c')]
    """
    at = 0
    while length := _LENGTH.match(data, at):
        record = data[at : at + int(length[1])]
        key, equals, value = record[len(length[0]) : -1].partition(b"=")
        if not equals or not record.endswith(b"\n") or len(record) < int(length[1]):
            return
        yield key, value
        at += len(record)


def _n_extended(file: BinaryIO, info: tarfile.TarInfo, block: bytes) -> int:
    """Return how many further headers a sparse file has."""
    if info.type != tarfile.GNUTYPE_SPARSE or not block[_MORE_AT]:
        return 0
    n = 1
    while len(more := file.read(BLOCK)) == BLOCK and more[_MORE_AT_EXTENDED]:
        n += 1
    return n


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK
