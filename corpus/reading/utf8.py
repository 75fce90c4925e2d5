"""A document as UTF-8, whatever it was written in: UTF-8, UTF-16 or cp949.

What cannot be decoded becomes bytes that are no UTF-8 either, so that the entry which holds them is
refused by the parser, and nothing is replaced in silence.
"""

import codecs
import re
from typing import Protocol

from corpus.records import UnreadableError

HEAD_BYTES = 64 << 10  # tell the encoding
PROBE_BYTES = 512  # of the head tell UTF-16, and of its first text cp949; all would cost 30 us
BOM = b"\xef\xbb\xbf"  # stays in the document, so that offsets are those of the file
BLANK_BYTES = 16 << 20  # before a document, at most: each range of it reads them again

_BLANK = b" \t\r\n" + BOM  # what may stand before a document

_ASCII = re.compile(rb"[\x00-\x7f]*+")  # matched, four times as fast as a search for what is not


class Stream(Protocol):
    """What a document is read from; `read` may raise UnreadableError, after all bytes before it."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""

    def seek(self, offset: int, /) -> int:
        """Go to a byte."""

    def tell(self) -> int:
        """Return the offset of the next byte."""


def encoding_of(head: bytes) -> str | None:
    """Return the encoding of a JSON document by its first bytes; None is UTF-8.

    >>> encoding_of('{"주제"'.encode("cp949")), encoding_of('{"주제"'.encode("utf-16-be"))
    ('cp949', 'utf-16-be')
    """
    if b"\0" in head[:PROBE_BYTES]:
        even, odd = (head[first:PROBE_BYTES:2].count(0) for first in (0, 1))
        few, many = sorted((even, odd))
        if 8 * many >= len(head[:PROBE_BYTES]) and 8 * few <= many:  # JSON begins with ASCII
            return "utf-16-be" if even > odd else "utf-16-le"
    ascii_only = _ASCII.match(head)
    text = ascii_only.end() if ascii_only else 0
    if not _is_utf8(head[text : text + PROBE_BYTES]):
        n_bad = {code: head.decode(code, "replace").count("�") for code in ("utf-8", "cp949")}
        return "cp949" if n_bad["cp949"] < n_bad["utf-8"] else None
    return None


def begins_blank(head: bytes) -> bool:
    r"""Say whether white space stands before a document, be it behind a byte order mark.

    >>> begins_blank(b"\xef\xbb\xbf\n{"), begins_blank(b"\xef\xbb\xbf{"), begins_blank(b"")
    (True, False, False)
    """
    first = head.removeprefix(BOM)[:1]
    return first != b"" and first in _BLANK


def beginning_of(stream: Stream) -> bytes:
    """Return the first bytes of a document as UTF-8, without white space before it.

    Raises:
        UnreadableError: it is damaged before that.
    """
    text = Utf8(stream)
    if text.damage and not text.head:
        raise text.damage
    return text.head


def _is_utf8(part: bytes) -> bool:
    try:
        part.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"  # its last character is cut
    return True


class Utf8:
    """A document as UTF-8, which ends where it is damaged.

    `head` is its beginning, without the `n_blank` bytes of white space that stand before it where
    it begins so, and `read` goes on behind it.
    """

    def __init__(self, stream: Stream) -> None:
        """Read the beginning of a document."""
        self.damage: UnreadableError | None = None
        self.n_blank = 0
        self._stream = stream
        self.seek(0)
        self.head = self.read(HEAD_BYTES)
        self.encoding = encoding_of(self.head)
        if not self.encoding and begins_blank(self.head):
            self._skip_blanks()
            self.encoding = encoding_of(self.head)
        if self.encoding:
            stream.seek(0)
            self._stream = _Recoded(stream, self.encoding)
            self.n_blank, self.head = 0, self.read(HEAD_BYTES)
            self._skip_blanks()

    def _skip_blanks(self) -> None:
        while begins_blank(self.head) and self.n_blank <= BLANK_BYTES:
            text = self.head.lstrip(_BLANK)
            self.n_blank += len(self.head) - len(text)
            self.head = text + self.read(HEAD_BYTES - len(text))

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes, none at the end and where the document is damaged."""
        try:
            return self._stream.read(size)
        except UnreadableError as error:
            self.damage = error
            return b""

    def seek(self, offset: int) -> None:
        """Go to a byte, or as far as the document can be read."""
        try:
            self._stream.seek(offset)
        except UnreadableError as error:
            self.damage = error

    def tell(self) -> int:
        """Return the offset of the next byte."""
        return self._stream.tell()


class _Recoded:
    """The UTF-8 of a stream in another encoding; to seek in it is to read it."""

    def __init__(self, stream: Stream, encoding: str) -> None:
        self._stream, self._encoding = stream, encoding
        # Each hands on what it cannot decode as bytes that UTF-8 does not have.
        self._errors = "surrogateescape" if encoding == "cp949" else "surrogatepass"
        self._restart()

    def _restart(self) -> None:
        self._stream.seek(0)
        self._decoder = codecs.getincrementaldecoder(self._encoding)(self._errors)
        self._ready = b""
        self._at = 0

    def read(self, size: int, /) -> bytes:
        try:
            while len(self._ready) < size and (block := self._stream.read(max(size, HEAD_BYTES))):
                self._ready += self._decoder.decode(block).encode("utf-8", self._errors)
        except UnreadableError:
            if not self._ready:
                raise
        part, self._ready = self._ready[:size], self._ready[size:]
        self._at += len(part)
        return part

    def seek(self, offset: int, /) -> int:
        if offset < self._at:
            self._restart()
        while self._at < offset and self.read(min(HEAD_BYTES, offset - self._at)):
            pass
        return self._at

    def tell(self) -> int:
        return self._at
