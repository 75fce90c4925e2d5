"""Decode the entries of a document that holds many, as they stream by, each for itself.

What the parser refuses is scanned for intact entries that it swallowed, so that what is broken
costs itself alone.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import chain
from typing import NamedTuple

from corpus.reading.ends import Ends, object_end
from corpus.reading.framing import CHUNK, ENTRY_BYTES, Slice, cut_entries, is_json
from corpus.reading.scraps import Scraps
from corpus.reading.sources import READERS, EntryError, id_of, read_entry
from corpus.reading.unreadable import file_problem, rejected_entry
from corpus.reading.utf8 import BOM, Utf8
from corpus.records import RAW_BYTES, Dialogue, Document, Rejected, Source

STRAY = "not an entry, between two"
BEFORE = "not JSON, before the first entry"
_SPACE = b" \t\r\n"
_BETWEEN = b"," + _SPACE  # two entries
# Objects in objects are tried as entries, the outermost first, until so many times the length of
# the slice was parsed.
MOST_TRIED = 8
MOST_REJECTED = 500  # entries and problems are handed on at the latest: 64 KB each at most


@dataclass(slots=True)
class Decoded:
    """What became of a run of bytes of a document."""

    dialogues: list[Dialogue] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)  # entries, and problems of the file
    quirks: Counter[str] = field(default_factory=Counter)
    odd: Counter[str] = field(default_factory=Counter)  # dialogues that have a quirk
    n_bytes: int = 0  # of the document's UTF-8; those of all runs are its length
    declared: int | None = None  # entries in the document, where these bytes declare it

    @property
    def n_entries(self) -> int:
        """Return how many entries were met, intact or broken."""
        return len(self.dialogues) + sum(one.stage != "file" for one in self.rejected)

    @property
    def is_full(self) -> bool:
        """Whether it is time to hand this on: memory must not grow with the document."""
        return self.n_bytes >= CHUNK or len(self.rejected) >= MOST_REJECTED

    def take(self, dialogue: Dialogue, quirks: Counter[str]) -> None:
        """Add a dialogue and what is odd about it."""
        self.dialogues.append(dialogue)
        if quirks:
            self.quirks.update(quirks)
            self.odd.update(quirks.keys())


class Unread(NamedTuple):
    """Why an entry cannot be read.

    The exception is not kept: its traceback holds all frames, and so all dialogues, until Python
    looks for cycles.
    """

    reason: str
    detail: str


class Entries:
    """The entries of one document."""

    def __init__(self, source: Source, document: Document) -> None:
        """Begin with nothing decoded."""
        self._source, self._document = source, document
        self._shape, self._merged = READERS[source].shape, READERS[source].is_document
        self._decoded = Decoded()
        self._beginning, self._nested = self._shape.beginning_of_entries(b"")
        self._in_list = False  # entries are, so that a bracket closes them
        self._scraps = Scraps(self._shape.SHORTEST)
        self._quirks: Counter[str] = Counter()  # of the entry that is read
        self._unread: tuple[int, int, Unread] | None = None  # the last: offset, length, why

    def decode(
        self, text: Utf8, start: int, end: int | None, wanted: Collection[int] | None = None
    ) -> Iterator[Decoded]:
        """Yield what becomes of the entries that begin in a byte range, or of the `wanted`."""
        self._beginning, self._nested = self._shape.beginning_of_entries(text.head)
        first = 0 if self._nested else start  # objects that begin alike are told apart from there
        first = max(first, text.n_blank)
        self._in_list = self._shape.list_start(text.head) > 0
        text.seek(first)
        slices = cut_entries(
            text.read,
            self._beginning,
            start=first,
            end=end,
            nested=self._nested,
            wanted=wanted or (),
        )
        opening = next(slices)
        if start == 0 and wanted is None:
            self._decoded.n_bytes += text.n_blank
            yield from self._hand_on(self._take_opening(opening))
        for one in slices:
            if one.offset >= start and (wanted is None or one.offset in wanted):
                if not (self._take_scrap(one) or self._take_intact(one)):
                    yield from self._hand_on(self._take_slice(one))
                elif self._decoded.is_full:
                    yield self._decoded
                    self._decoded = Decoded()
        self._decoded.rejected += self._scraps.told(self._document)
        yield self._decoded

    def _hand_on(self, steps: Iterator[None]) -> Iterator[Decoded]:
        """Take the steps, and yield what they have decoded whenever it is enough."""
        for _ in chain(steps, (None,)):
            if self._decoded.is_full:
                yield self._decoded
                self._decoded = Decoded()

    def _take_opening(self, opening: Slice) -> Iterator[None]:
        """Look at what stands before the first entry that can be seen."""
        if opening.whole or len(opening.data) > ENTRY_BYTES:
            yield from self._take_slice(opening)
            return
        data = opening.data
        self._decoded.n_bytes += len(data)
        self._decoded.declared = self._shape.declared_items(data)
        inside = self._shape.list_start(data) or data.rfind(b"[") + 1
        if not is_json(data[:inside]):
            self._report("stray_bytes", BEFORE, 0, data[:inside])
        rest = data[inside:].removeprefix(BOM).lstrip(_BETWEEN)
        yield from self._salvage(Slice(len(data) - len(rest), rest, opening.is_last))

    def _take_scrap(self, one: Slice) -> bool:
        """Count a slice that is too short for an entry, where there are many such."""
        if one.is_last or one.whole or not self._scraps.take(one.data, one.offset):
            return False
        self._decoded.n_bytes += len(one.data)
        return True

    def _take_intact(self, one: Slice) -> bool:
        """Read a slice that is one entry, as nearly all are; False if it is not."""
        length = len(one.data)
        if one.is_last or one.whole or length > ENTRY_BYTES:
            return False
        if self._read(one.data.rstrip(_BETWEEN), one.offset):
            return False
        self._decoded.n_bytes += length
        return True

    def _take_slice(self, one: Slice) -> Iterator[None]:
        """Read the entry of a slice, or whatever can be read of it, step by step."""
        length, digest = one.whole or (len(one.data), "")
        self._decoded.n_bytes += length
        if length > ENTRY_BYTES:
            whole = length, digest or sha256(one.data).hexdigest()
            if self._shape.holds_entry(one.data[:RAW_BYTES]):  # of a skipped one no more is there
                detail = f"{length:,} bytes; the limit is {ENTRY_BYTES:,}"
                self._reject("too_big", detail, one.offset, one.data, whole)
            else:
                self._report("stray_bytes", STRAY, one.offset, one.data, whole)
        elif self._why_unread(one.data.rstrip(_BETWEEN), one.offset):
            yield from self._salvage(one)
        elif one.is_last:
            self._take_closing(b"", one.offset + length)

    def _salvage(self, one: Slice) -> Iterator[None]:
        """Read the intact entries of a slice that is not one entry, and reject the rest."""
        data, at, ends = one.data, 0, Ends(one.data)
        room = MOST_TRIED * len(data)  # bytes that the parser may still look at
        while at < len(data):
            following = self._beginning.search(data, at + 1)
            # Where no object in an entry begins like one, an entry ends before the next begins.
            limit = following.start() if following and not self._nested else None
            stop = ends.of(at, limit) if data.startswith(b"{", at) else -1
            if stop - at > room:
                stop = -1
            if stop - at < self._scraps.shortest and following:
                piece = data[at : following.start()]
                if self._scraps.take(piece, one.offset + at):
                    at = following.start()
                    continue
            room -= max(0, stop - at)
            if stop >= 0 and not self._why_unread(data[at:stop], one.offset + at):
                at = stop
                while data[at : at + 1] in _BETWEEN and at < len(data):
                    at += 1
                is_behind = one.is_last and data[at : at + 1] in (b"", b"]")
                if is_behind and self._take_closing(data[at:], one.offset + at):
                    return
            else:
                stop = following.start() if following else len(data)
                at_end = one.is_last and not following
                self._take_broken(data[at:stop], one.offset + at, at_end=at_end)
                at = stop
            yield

    def _take_closing(self, rest: bytes, offset: int) -> bool:
        """Say whether `rest`, behind the last entry, closes the document; take what it tells."""
        if self._in_list and not rest:
            self._report("cut_short", "the document ends behind an entry", offset, b"")
        if not self._shape.closes_document(rest):
            return not rest
        declared = self._shape.declared_items(rest)
        if declared is not None:
            self._decoded.declared = declared
        return True

    def _take_broken(self, broken: bytes, offset: int, *, at_end: bool) -> None:
        """Put on the record what is no entry."""
        raw = broken.rstrip(_BETWEEN)
        is_end = at_end and not self._in_list and not raw.strip(_SPACE + b"}]")
        if is_end:
            return
        if self._shape.is_around(raw):
            if at_end and not self._shape.closes_document(raw):
                self._report("cut_short", "the document ends between two entries", offset, raw)
            return
        closed = _without_closing(raw) if at_end else None
        raw = raw if closed is None else closed
        if not self._shape.holds_entry(raw):
            self._report("stray_bytes", STRAY, offset, raw)
        elif why := self._why_unread(raw, offset):
            is_cut = at_end and closed is None and object_end(raw, 0) < 0
            self._reject("cut_short" if is_cut else why.reason, why.detail, offset, raw)

    def _read(self, raw: bytes, offset: int) -> Unread | None:
        """Read one entry, or return why that cannot be done."""
        quirks = self._quirks
        quirks.clear()
        try:
            dialogue = read_entry(
                self._source, raw, self._document, offset, quirks, merged=self._merged
            )
        except EntryError as error:
            unread = Unread(error.reason, error.detail)
            self._unread = offset, len(raw), unread
            return unread
        self._decoded.take(dialogue, quirks)
        return None

    def _why_unread(self, raw: bytes, offset: int) -> Unread | None:
        """Read one entry, or return why that cannot be done, or could not a moment ago."""
        if self._unread and self._unread[:2] == (offset, len(raw)):
            return self._unread[2]
        return self._read(raw, offset)

    def _reject(
        self,
        reason: str,
        detail: str,
        offset: int,
        raw: bytes,
        whole: tuple[int, str] | None = None,
    ) -> None:
        self._decoded.rejected.append(
            rejected_entry(
                self._source,
                self._document,
                reason,
                detail,
                dialogue_id=id_of(self._source, raw, self._document, offset, merged=self._merged),
                offset=offset,
                raw=raw,
                whole=whole,
            )
        )

    def _report(
        self,
        reason: str,
        detail: str,
        offset: int,
        raw: bytes,
        whole: tuple[int, str] | None = None,
    ) -> None:
        self._decoded.rejected.append(
            file_problem(self._document, reason, detail, offset, raw, whole)
        )


def _without_closing(raw: bytes) -> bytes | None:
    """Return what stands before the brackets that close a document, None if there are none.

    >>> _without_closing(b'{"body": "a" } ] }'), _without_closing(b'{"body": "a"')
    (b'{"body": "a" }', None)
    """
    inside = raw.rstrip(_SPACE).removesuffix(b"}").rstrip(_SPACE)
    return inside[:-1].rstrip(_BETWEEN) if inside.endswith(b"]") else None
