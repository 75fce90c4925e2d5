"""Streams of bytes over what lies in raw/: joined segments, and a zip's member as it is unpacked.

Memory does not grow with a stream, and damage costs nothing of what stands before it.
"""

import io
import os
import struct
import zlib
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from corpus.records import Member, RawChangedError, Segment, UnreadableError
from corpus.remote import Folder, Ranged

BLOCK = 1 << 16  # packed bytes that are unpacked at once
NAME_BYTES = 256  # read with the first block, for the name: a small member is then one read
BLOCK_UNPACKED = 1 << 20  # bytes that a block may unpack to at once; what is left waits
MARK_BYTES = 1 << 20  # unpacked bytes between two marks, at least
MARKS = 128  # a member has at most so many (40 KB each)

_LOCAL_HEADER = struct.Struct("<4s22xHH")  # APPNOTE 4.3.7: the lengths of the name and the extra
_LOCAL_MAGIC = b"PK\x03\x04"


GONE = (FileNotFoundError, NotADirectoryError)
OTHER_STATE = "has another size or time than when its hash was taken"
CLOCK = 1_000  # ns by which two machines may see the time of a file differently


def is_as_it_was(segment: Segment, size: int, stamp: int) -> bool:
    """Say whether a file has the size and the time, or version, that it had when it was hashed."""
    return size == segment.size and abs(stamp - segment.stamp) < CLOCK


def changed(raw: Folder, path: str, how: str) -> RawChangedError:
    """Return what stops a build where a file of raw/ is not what it was."""
    return RawChangedError(
        f"{raw / path} {how}: raw/ must stay as it is while it is read. Give the same command "
        "again when the file is back: a build goes on from what it has built, or with --update "
        "builds raw/ as it is."
    )


class Joined(io.RawIOBase):
    """The segments of a container as one file.

    What cannot be read raises UnreadableError. What could be read when it was hashed and is now
    gone, changed or failing raises RawChangedError.
    """

    def __init__(
        self, raw: Folder, segments: tuple[Segment, ...], *, was_hashed: bool = False
    ) -> None:
        """Join `segments`, whose paths are relative to `raw`; a file is opened when it is read."""
        super().__init__()
        self._raw, self._segments = raw, segments
        self._was_hashed = was_hashed
        self._ends = list(accumulate(segment.length for segment in segments))
        self._files: dict[str, io.FileIO | Ranged] = {}
        self._at = 0

    @property
    def size(self) -> int:
        """Return its length in bytes."""
        return self._ends[-1] if self._ends else 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move as a file does."""
        offset += (0, self._at, self.size)[whence]
        if offset < 0:
            raise OSError("negative offset")  # what zipfile expects of a file that is too short
        self._at = offset
        return offset

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, fewer only at the end."""
        return super().read(size) or b""

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Fill `buffer`, across segments; fewer bytes only at the end or before damage."""
        view, filled = memoryview(buffer), 0
        while filled < len(view) and self._at < self.size:
            try:
                n = self._read_segment(view[filled:])
            except UnreadableError:
                if not filled:
                    raise
                break
            filled += n
            self._at += n
        return filled

    def _read_segment(self, view: memoryview) -> int:
        place = bisect_right(self._ends, self._at)
        segment, left = self._segments[place], self._ends[place] - self._at
        try:
            n = self._read_at(segment, view[:left], segment.offset + segment.length - left)
        except (OSError, ValueError) as error:
            detail = getattr(error, "strerror", None) or type(error).__name__
            if segment.size >= 0 and isinstance(error, GONE):
                raise changed(self._raw, segment.path, "is gone") from error
            if segment.size >= 0 and self._was_hashed:
                why = f"could be read before and now cannot ({detail})"
                raise changed(self._raw, segment.path, why) from error
            raise UnreadableError("unreadable", detail) from error
        if not n and segment.size >= 0 and self._was_hashed:
            raise changed(self._raw, segment.path, "is shorter than it was")
        if not n:
            raise UnreadableError("unreadable", f"{self.size - self._at:,} bytes are missing")
        return n

    def _read_at(self, segment: Segment, view: memoryview, offset: int) -> int:
        path = segment.path
        if path not in self._files:
            place = self._raw / path
            self._files[path] = io.FileIO(place) if isinstance(place, Path) else Ranged(place)
            if self._was_hashed:
                self._prove_state(segment, self._files[path])
        file = self._files[path]
        if isinstance(file, Ranged):
            return file.read_at(view, offset)
        return _read_at(file, view, offset)

    def _prove_state(self, segment: Segment, file: "io.FileIO | Ranged") -> None:
        """Raise RawChangedError if a file that was opened is not the one that was hashed."""
        if segment.size >= 0 and isinstance(file, io.FileIO):
            status = os.fstat(file.fileno())
            if not is_as_it_was(segment, status.st_size, status.st_mtime_ns):
                raise changed(self._raw, segment.path, OTHER_STATE)

    def close(self) -> None:
        """Close the files of all segments."""
        for file in self._files.values():
            file.close()
        super().close()


def _read_at(file: io.FileIO, view: memoryview, offset: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(file.fileno(), [view], offset)
    file.seek(offset)  # Windows has no such call
    return file.readinto(view)


def intact_member(file: Joined, member: Member, size: int) -> io.BytesIO | None:
    """Return a small member of the zip `file`, unpacked at once; None where it is not intact.

    That is half the time that `Unpacked` takes, which then says what is wrong with it.
    """
    try:
        file.seek(member.offset)
        begun = file.read(_LOCAL_HEADER.size + NAME_BYTES + member.packed)
        if not begun.startswith(_LOCAL_MAGIC) or len(begun) < _LOCAL_HEADER.size:
            return None
        _, name, extra = _LOCAL_HEADER.unpack_from(begun)
        start = _LOCAL_HEADER.size + name + extra
        content = begun[start : start + member.packed]
        if member.deflated:
            content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, size)
    except (UnreadableError, zlib.error):
        return None
    is_intact = len(content) == size and zlib.crc32(content) == member.crc
    return io.BytesIO(content) if is_intact else None


class _Mark(NamedTuple):
    """A place in a member from which unpacking can go on."""

    unpacked: int
    packed: int
    crc: int
    inflate: "zlib._Decompress | None"


class Unpacked:
    """The bytes of a zip's member, unpacked as they are read.

    Seeking back, or forward over what was unpacked before, goes on from the nearest mark. Length
    and checksum are proved at the end; damage is raised once all that came before it was read.
    """

    def __init__(self, file: Joined, member: Member, size: int) -> None:
        """Unpack a member of the zip `file`, which is `size` bytes unpacked."""
        self._file, self._member, self._size = file, member, size
        self._spacing = max(MARK_BYTES, size // MARKS)
        self._marks: list[_Mark] = [_Mark(0, 0, 0, None)]
        self._start = -1  # of the packed bytes, once the member's header was read
        self._unpacked = self._packed = self._crc = 0
        self._inflate: zlib._Decompress | None = None
        self._waiting = b""  # packed bytes whose unpacked bytes would have been too many
        self._ready = b""  # unpacked bytes that are still to be read
        self._damage: UnreadableError | None = None
        self._go_to(self._marks[0])

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._unpacked - len(self._ready)

    def read(self, size: int = -1) -> bytes:
        """Return `size` bytes, fewer only at the end or before damage.

        Raises:
            UnreadableError: the member is damaged where the next byte should stand.
        """
        parts: list[bytes] = []
        left = size if size >= 0 else self._size + 1
        while left and (self._ready or self._unpack()):
            parts.append(self._ready[:left])
            self._ready = self._ready[left:]
            left -= len(parts[-1])
        if not parts and self._damage:
            raise self._damage
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def seek(self, offset: int) -> int:
        """Go to `offset`, or as far as the member can be read, and return where that is."""
        mark = self._marks[bisect_right(self._marks, offset, key=lambda mark: mark.unpacked) - 1]
        if offset < self.tell() or mark.unpacked > self._unpacked:
            self._go_to(mark)
        while self.tell() < offset and (self._ready or self._unpack()):
            self._ready = self._ready[offset - self.tell() :]
        return self.tell()

    def _go_to(self, mark: _Mark) -> None:
        self._unpacked, self._packed, self._crc, inflate = mark
        if self._member.deflated:
            self._inflate = inflate.copy() if inflate else zlib.decompressobj(-zlib.MAX_WBITS)
        self._waiting = self._ready = b""
        self._damage = None

    def _unpack(self) -> bool:
        """Make some bytes ready; False at the end and where the member is damaged."""
        try:
            while not self._ready and not self._damage and self._unpacked < self._size:
                packed = self._waiting or self._next_packed()
                left = self._size - self._unpacked
                block = packed[:left]
                if self._inflate:
                    block = self._inflate.decompress(packed, min(BLOCK_UNPACKED, left))
                    self._waiting = self._inflate.unconsumed_tail
                if not block and not packed:
                    break
                self._crc = zlib.crc32(block, self._crc)
                self._unpacked += len(block)
                self._ready = block
                if self._unpacked - self._marks[-1].unpacked >= self._spacing and not self._waiting:
                    copy = self._inflate.copy() if self._inflate else None
                    self._marks.append(_Mark(self._unpacked, self._packed, self._crc, copy))
        except zlib.error as error:
            self._damage = UnreadableError("bad_member", str(error))
        except UnreadableError as error:
            self._damage = error
        if not self._ready and not self._damage:
            self._damage = self._prove()
        return bool(self._ready)

    def _next_packed(self) -> bytes:
        size, packed = min(BLOCK, self._member.packed - self._packed), b""
        if self._start < 0:
            self._file.seek(self._member.offset)
            begun = self._file.read(_LOCAL_HEADER.size + NAME_BYTES + size)
            if not begun.startswith(_LOCAL_MAGIC) or len(begun) < _LOCAL_HEADER.size:
                raise UnreadableError("bad_member", "its header is not where the directory says")
            _, name, extra = _LOCAL_HEADER.unpack_from(begun)
            header = _LOCAL_HEADER.size + name + extra
            self._start = self._member.offset + header
            packed = begun[header : header + size]
        if not packed:
            self._file.seek(self._start + self._packed)
            packed = self._file.read(size)
        self._packed += len(packed)
        return packed

    def _prove(self) -> UnreadableError | None:
        if self._unpacked != self._size:
            detail = f"unpacks to {self._unpacked:,} bytes, declared {self._size:,}"
            return UnreadableError("bad_member", detail)
        if self._crc != self._member.crc:
            return UnreadableError("bad_crc", "its checksum is wrong: some bytes have changed")
        return None
