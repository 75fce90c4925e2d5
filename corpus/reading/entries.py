"""Decode the entries of a `summary` or `sns` document as they stream by, each for itself.

What the parser refuses is scanned for intact entries that it swallowed, so that what is broken
costs itself alone.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from corpus.reading.framing import (
    CHUNK,
    ENTRY_BYTES,
    Slice,
    beginning_with,
    cut_entries,
    object_end,
)
from corpus.reading.sources import EntryError, id_of, read_entry, summary
from corpus.reading.utf8 import BOM, Utf8
from corpus.records import RAW_BYTES, Dialogue, Document, Rejected, Source

STRAY = "not an entry, between two"
_BETWEEN = b", \t\r\n"  # two entries
_CLOSING = re.compile(rb"\s*\]\s*\}?\s*\Z")  # of a document, behind its last entry


@dataclass(slots=True)
class Decoded:
    """What became of a run of bytes of a document."""

    dialogues: list[Dialogue] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)  # entries, and problems of the file
    quirks: Counter[str] = field(default_factory=Counter)
    n_bytes: int = 0  # of the document's UTF-8; those of all runs are its length
    declared: int | None = None  # entries in the document, where these bytes declare it

    @property
    def n_entries(self) -> int:
        """Return how many entries were met, intact or broken."""
        return len(self.dialogues) + sum(one.stage != "file" for one in self.rejected)


class Entries:
    """The entries of one document."""

    def __init__(self, source: Source, document: Document) -> None:
        """Begin with nothing decoded."""
        self._source, self._document = source, document
        self._decoded = Decoded()
        self._beginning = beginning_with(summary.FIRST_KEYS)
        self._in_list = False  # entries are, so that a bracket closes them

    def decode(
        self, text: Utf8, start: int, end: int | None, wanted: Collection[int] | None = None
    ) -> Iterator[Decoded]:
        """Yield what becomes of the entries that begin in a byte range, or of the `wanted`."""
        keys = summary.first_keys_in(text.head)
        nested = keys != summary.FIRST_KEYS
        first = 0 if nested else start  # objects that begin alike are told apart from there only
        self._beginning = beginning_with(keys)
        self._in_list = summary.list_start(text.head) > 0
        text.seek(first)
        slices = cut_entries(
            text.read,
            self._beginning,
            start=first,
            end=end,
            nested=nested,
            wanted=wanted or (),
        )
        opening = next(slices)
        if start == 0 and wanted is None:
            self._take_opening(opening)
        for one in slices:
            if one.offset >= start and (wanted is None or one.offset in wanted):
                self._take_slice(one)
            if self._decoded.n_bytes >= CHUNK:
                yield self._decoded
                self._decoded = Decoded()
        yield self._decoded

    def _take_opening(self, opening: Slice) -> None:
        """Look at what stands before the first entry that can be seen."""
        if opening.whole or len(opening.data) > ENTRY_BYTES:
            self._take_slice(opening)
            return
        data = opening.data
        self._decoded.n_bytes += len(data)
        self._decoded.declared = summary.declared_items(data)
        inside = summary.list_start(data) or data.rfind(b"[") + 1
        rest = data[inside:].removeprefix(BOM).lstrip(_BETWEEN)
        self._salvage(Slice(len(data) - len(rest), rest, opening.is_last))

    def _take_slice(self, one: Slice) -> None:
        """Read the entry of a slice, or whatever can be read of it."""
        length, digest = one.whole or (len(one.data), "")
        self._decoded.n_bytes += length
        if length > ENTRY_BYTES:
            whole = length, digest or sha256(one.data).hexdigest()
            if summary.holds_entry(one.data[:RAW_BYTES]):  # of a skipped one no more is there
                detail = f"{length:,} bytes; the limit is {ENTRY_BYTES:,}"
                self._reject("too_big", detail, one.offset, one.data, whole)
            else:
                self._report("stray_bytes", STRAY, one.offset, one.data, whole)
        elif self._read(one.data.rstrip(_BETWEEN), one.offset):
            self._salvage(one)
        elif one.is_last:
            self._take_closing(b"", one.offset + length)

    def _salvage(self, one: Slice) -> None:
        """Read the intact entries of a slice that is not one entry, and reject the rest."""
        data, at = one.data, 0
        while at < len(data):
            stop = object_end(data, at) if data.startswith(b"{", at) else -1
            if stop >= 0 and not self._read(data[at:stop], one.offset + at):
                at = stop
                while data[at : at + 1] in _BETWEEN and at < len(data):
                    at += 1
                is_behind = one.is_last and data[at : at + 1] in (b"", b"]")
                if is_behind and self._take_closing(data[at:], one.offset + at):
                    return
            else:
                found = self._beginning.search(data, at + 1)
                stop = found.start() if found else len(data)
                at_end = one.is_last and not found
                self._take_broken(data[at:stop], one.offset + at, at_end=at_end)
                at = stop

    def _take_closing(self, rest: bytes, offset: int) -> bool:
        """Say whether `rest`, behind the last entry, closes the document; take what it tells."""
        if self._in_list and not rest:
            self._report("cut_short", "the document ends behind an entry", offset, b"")
        if not summary.closes_document(rest):
            return not rest
        declared = summary.declared_items(rest)
        if declared is not None:
            self._decoded.declared = declared
        return True

    def _take_broken(self, broken: bytes, offset: int, *, at_end: bool) -> None:
        """Put on the record what is no entry."""
        raw = broken.rstrip(_BETWEEN)
        closing = _CLOSING.search(raw) if at_end else None
        raw = raw[: closing.start()].rstrip(_BETWEEN) if closing else raw
        if not summary.holds_entry(raw):
            self._report("stray_bytes", STRAY, offset, raw)
        elif error := self._read(raw, offset):
            is_cut = at_end and not closing and object_end(raw, 0) < 0
            self._reject("cut_short" if is_cut else error.reason, error.detail, offset, raw)

    def _read(self, raw: bytes, offset: int) -> EntryError | None:
        """Read one entry, or return why that cannot be done."""
        decoded = self._decoded
        try:
            dialogue = read_entry(self._source, raw, self._document, offset, decoded.quirks)
        except EntryError as error:
            return error
        decoded.dialogues.append(dialogue)
        return None

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
                self._source, self._document, reason, detail, offset=offset, raw=raw, whole=whole
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


def rejected_entry(
    source: Source,
    document: Document,
    reason: str,
    detail: str,
    *,
    offset: int,
    raw: bytes,
    whole: tuple[int, str] | None = None,
) -> Rejected:
    """Return the record of an entry that is no dialogue; of a long one its beginning is kept."""
    return Rejected(
        stage="decode",
        reason=reason,
        detail=detail,
        source=source,
        dialogue_id=id_of(source, raw, document),
        raw_file=document.raw_file,
        raw_offset=offset,
        raw=raw[:RAW_BYTES],
        whole=whole or _whole(raw),
    )


def file_problem(
    document: Document,
    reason: str,
    detail: str,
    offset: int = 0,
    raw: bytes = b"",
    whole: tuple[int, str] | None = None,
) -> Rejected:
    """Return the record of what is wrong with a file, of which no dialogue is known to be lost."""
    return Rejected(
        stage="file",
        reason=reason,
        detail=detail,
        source=None,
        dialogue_id=None,
        raw_file=document.raw_file,
        raw_offset=offset,
        raw=raw[:RAW_BYTES],
        whole=whole or _whole(raw),
    )


def _whole(raw: bytes) -> tuple[int, str] | None:
    """Return the length and hash of what is too long to be kept, if it is."""
    return (len(raw), sha256(raw).hexdigest()) if len(raw) > RAW_BYTES else None
