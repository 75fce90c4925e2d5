"""What is in a zip: its members by name, place and length; and what other archives are.

Nothing is unpacked, and no member's name is ever used as a path. Not read: archives in archives (a
zip in a tar aside), compressed tars, other compression than deflate, encryption.
"""

import io
import struct
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import repeat
from unicodedata import normalize

from corpus.reading.streams import Joined
from corpus.records import Member, Segment, UnreadableError
from corpus.remote import Folder

BOMB_BYTES = 64 << 20  # a member that unpacks to more than this ...
BOMB_RATIO = (
    200  # ... and to so many times its packed size is a bomb: JSON of dialogues has 5 to 10
)

Container = tuple[Segment, ...]
Why = tuple[str, str]  # the reason and the detail of a `Rejected`

_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")  # the second is of an empty zip
_UNREAD_MAGIC = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "rar",
    b"EGGA": "egg",
    b"ALZ\x01": "alz",
}
# Only files that begin like a zip are given to zipfile: if it finds no zip, this is the reason.
_NO_DIRECTORY = "it has no directory at its end: an unfinished download?"
_DIRECTORY_END = b"PK\5\6"
_EMPTY = 22  # bytes of a zip without members
_UTF8_NAME = 0x800  # the flag of a zip's member whose name is UTF-8
_SCAN = 1 << 20  # bytes are searched at once for a zip's directory
# What zipfile raises for a directory that is damaged, or made to harm.
_BROKEN = (
    zipfile.BadZipFile,
    struct.error,
    OSError,
    ValueError,
    NotImplementedError,
    OverflowError,
    IndexError,
    EOFError,
    MemoryError,
)


def kind_of(head: bytes) -> str | None:
    r"""Return `zip` or the name of an archive that is not read, by the first bytes.

    >>> kind_of(b"PK\x03\x04..."), kind_of(b"BZh9..."), kind_of(b'{"data": []}')
    ('zip', 'bzip2', None)
    """
    if head.startswith(_ZIP_MAGIC):
        return "zip"
    for magic, name in _UNREAD_MAGIC.items():
        if head.startswith(magic):
            return name
    return None


def zip_members(raw: Folder, container: Container) -> Iterator[tuple[str, Member, int, Why | None]]:
    """Yield the name, place, unpacked bytes and, if it cannot be read, the reason of each member.

    Raises:
        UnreadableError: the directory of the zip is missing or damaged.
    """
    try:
        with io.BufferedReader(Joined(raw, container)) as file, zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            is_empty = bool(infos) or file.seek(0, io.SEEK_END) <= _EMPTY + len(archive.comment)
            infos = [info for info in infos if not info.is_dir()]
        slash = _slash_of(infos)
        infos = [info for info in infos if not info.filename.endswith(slash)]
    except _BROKEN as error:
        is_none = str(error) == "File is not a zip file"
        detail = _where_directory_is(raw, container) if is_none else error
        raise UnreadableError("broken_archive", f"zip: {detail}") from error
    if not infos and not is_empty:
        raise UnreadableError("broken_archive", "zip: its directory lists nothing of what it holds")
    overlapping, end = set[int](), 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            overlapping.add(id(info))
        end = max(end, info.header_offset + info.compress_size)
    taken = set[str]()
    for info in infos:
        deflated = info.compress_type == zipfile.ZIP_DEFLATED
        member = Member(info.header_offset, info.compress_size, deflated, info.CRC)
        why = _why_unread(info)
        if not why and id(info) in overlapping:
            why = "zip_bomb", "the member shares its bytes with another"
        if info.filename.isascii():  # as nearly all are: it is what it says in any encoding
            name = info.filename.replace(slash, "/")
        else:
            name = "/".join(map(_name_of, info.filename.split(slash), repeat(info)))
        yield name_apart(tidy_name(name), taken), member, info.file_size, why


def _where_directory_is(raw: Folder, container: Container) -> str:
    """Return why a zip has no directory at its end, having looked for it everywhere."""
    found, at, kept = -1, 0, b""
    with Joined(raw, container) as file, suppress(UnreadableError):
        while block := file.read(_SCAN):
            place = (kept + block).rfind(_DIRECTORY_END)
            if place >= 0:
                found = at - len(kept) + place
            at, kept = at + len(block), block[1 - len(_DIRECTORY_END) :]
    if found < 0:
        return _NO_DIRECTORY
    return (
        f"its directory ends at byte {found:,} of {at:,} and not at its end: were the parts joined "
        "in the wrong order? Leave AIHub's parts as they are, they are joined here"
    )


def _slash_of(infos: Iterable[zipfile.ZipInfo]) -> str:
    r"""Return what parts folders in a zip: `\`, against the standard, where Windows made it."""
    names = [info.filename for info in infos]
    is_windows = any("\\" in name for name in names) and not any("/" in name for name in names)
    return "\\" if is_windows else "/"


def _why_unread(info: zipfile.ZipInfo) -> Why | None:
    if info.header_offset < 0:
        return "broken_archive", "the beginning of the zip is missing"
    if info.flag_bits & 1:
        return "encrypted", "the member needs a password"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "unsupported_compression", f"zip method {info.compress_type}; deflate is read"
    if info.file_size > max(BOMB_BYTES, BOMB_RATIO * info.compress_size):
        return "zip_bomb", f"{info.compress_size:,} bytes unpack to {info.file_size:,}"
    return None


def _name_of(part: str, info: zipfile.ZipInfo) -> str:
    """Return a part of a member's name; AIHub's are cp949, which zipfile takes for cp437.

    >>> _name_of("행사.json".encode("cp949").decode("cp437"), zipfile.ZipInfo())
    '행사.json'
    """
    if info.flag_bits & _UTF8_NAME:
        return part
    try:
        return readable_name(part.encode("cp437"))
    except UnicodeEncodeError:  # an extra field of the member gave its name in Unicode
        return part


def cut_out(container: Container, offset: int, length: int) -> Container:
    """Return where `length` bytes from `offset` of a container lie; fewer where it ends before.

    >>> cut_out((Segment("a", 0, 10), Segment("b", 5, 10)), 8, 4)  # doctest: +NORMALIZE_WHITESPACE
    (Segment(path='a', offset=8, length=2, size=-1, stamp=0),
     Segment(path='b', offset=5, length=2, size=-1, stamp=0))
    """
    segments = []
    for segment in container:
        taken = min(length, segment.length - offset)
        if taken > 0:
            segments.append(segment._replace(offset=segment.offset + offset, length=taken))
            length -= taken
        offset = max(0, offset - segment.length)
    return tuple(segments)


def readable_name(name: bytes) -> str:
    r"""Return a file's name from its bytes: UTF-8 or cp949, whatever else is written as escapes.

    >>> readable_name("행사".encode("cp949")), readable_name(b"a\xff")
    ('행사', 'a\\xff')
    """
    for encoding in ("utf-8", "cp949"):
        try:
            return name.decode(encoding)
        except UnicodeDecodeError:
            continue
    return name.decode("utf-8", "backslashreplace")


def tidy_name(name: str) -> str:
    """Return a member's name as it is recorded."""
    return normalize("NFC", name).removeprefix("./")


def name_apart(name: str, taken: set[str]) -> str:
    """Return a name that no other one has, and take it: a row says by it where it came from.

    Two members of an archive may have one name, and names that a disk tells apart may be one in
    NFC. The last part stays, for it may be the id of a dialogue.

    >>> taken = {"a/b.json"}
    >>> name_apart("a/b.json", taken), name_apart("a/b.json", taken), name_apart("b.json", taken)
    ('a/(2)/b.json', 'a/(3)/b.json', 'b.json')
    """
    folder, slash, last = name.rpartition("/")
    apart, number = name, 1
    while apart in taken:
        number += 1
        apart = f"{folder}{slash}({number})/{last}"
    taken.add(apart)
    return apart
