"""Cut a document of many entries into slices of one entry each, without parsing it.

An entry begins with `{` and its first key. No string of valid JSON can hold these bytes, for its
quotes would be escaped, so a plain search finds every entry from wherever it starts: byte ranges of
a document can be read apart, and what is broken in one slice ends with it. The JSON parser proves
each slice; `object_end` is the slow and true scan for those that it refuses.
"""

import re
from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

from msgspec import DecodeError, Raw, json

from corpus.reading.ends import Ends, object_end
from corpus.records import RAW_BYTES

CHUNK = 2 << 20  # bytes are read at once
# An entry with more is skipped as it streams by; a usual one has 3,000. All steps of an entry of
# this size take 350 MB.
ENTRY_BYTES = 4 << 20
GAP = 64  # white space there may be between `{` and the first key: pretty-printed JSON has 10
BEGINNING_BYTES = 768  # of the longest beginning: two keys of 66 bytes, a value, and gaps


# JSON by its strings, numbers, words and brackets, be it cut short; a byte order mark stands where
# somebody has joined files.
_JSON = re.compile(
    rb'(?:[][{}:, \t\r\n0-9.eE+-]++|\xef\xbb\xbf|"(?:[^"\\]++|\\.)*+"|true|false|null|NaN)*+'
    rb'(?:"(?:[^"\\]++|\\.)*+\\?|tr?u?|fa?l?s?|nu?l?|Na?)?',
    re.DOTALL,
)


class Slice(NamedTuple):
    """The bytes from where one entry begins to where the next one does."""

    offset: int
    data: bytes
    is_last: bool  # nothing follows in the document
    whole: tuple[int, str] | None = None  # length and sha256, where `data` is only the beginning


def beginning_with(keys: Iterable[bytes]) -> re.Pattern[bytes]:
    """Return a pattern for the beginning of an entry whose first key, in its quotes, is known."""
    return re.compile(rb"\{[ \t\r\n]{0,%d}(?:%b)" % (GAP, b"|".join(map(re.escape, keys))))


def is_json(data: bytes) -> bool:
    """Say whether `data` is a piece of JSON, in which nobody has typed a note.

    >>> is_json(b'{"numberOfItems": 2, "data": ['), is_json(b'checked {"data": [')
    (True, False)
    """
    return _JSON.fullmatch(data) is not None


def cut_entries(
    read: Callable[[int], bytes],
    beginning: re.Pattern[bytes],
    *,
    start: int = 0,
    end: int | None = None,
    nested: bool = False,
    wanted: Collection[int] = (),
) -> Iterator[Slice]:
    """Yield what stands before the first entry, then a slice for each that begins before `end`.

    Args:
        read: returns the next bytes of the document, none at its end.
        beginning: of an entry.
        start: of the first byte that is read.
        end: where to stop, or None.
        nested: objects in an entry may begin like one, so that each entry must be scanned.
        wanted: offsets of entries. If given, only their slices are sure to be cut; other entries
            may stay joined. With `nested` it changes nothing.
    """
    buffer, offset, searched, begun = b"", start, 0, False
    wanted = set(() if nested else wanted)
    ahead = sorted(wanted)
    ends = Ends()
    while True:
        block = read(CHUNK)
        buffer += block
        at = 0
        if nested:
            ends.go_on(buffer, offset)
        while True:
            since = max(searched, at + begun)
            if nested and begun:
                stop = ends.of(at)
                if stop < 0 and block and len(buffer) - at <= ENTRY_BYTES:
                    break
                since = max(since, stop)
            elif ahead and offset + at not in wanted:
                since = max(since, ahead[bisect(ahead, offset + at, hi=len(ahead) - 1)] - offset)
            found = beginning.search(buffer, since)
            if not found:
                break
            cut = found.start()
            one = Slice(offset + at, buffer[at:cut], is_last=False)
            if cut - at > ENTRY_BYTES:
                yield from _parted(one, begun=begun)
            else:
                yield one
            if end is not None and offset + cut >= end:
                return
            at, begun = cut, True
        buffer, offset = buffer[at:], offset + at
        if not block:
            yield from _parted(Slice(offset, buffer, is_last=True), begun=begun)
            return
        searched = 0 if nested else max(0, len(buffer) - BEGINNING_BYTES)
        if len(buffer) > ENTRY_BYTES + BEGINNING_BYTES:
            if begun and (stop := _intact_end(buffer)):  # only what follows it is too long
                yield Slice(offset, buffer[:stop], is_last=False)
                buffer, offset, searched, begun = buffer[stop:], offset + stop, 0, False
                continue
            skipped, buffer = _skip_entry(read, buffer, offset, beginning)
            yield skipped
            offset += skipped.whole[0] if skipped.whole else 0
            if skipped.is_last or (end is not None and offset >= end):
                return
            searched, begun = 0, True


def _parted(one: Slice, *, begun: bool) -> Iterator[Slice]:
    """Yield a slice; if it is too long only by what stands behind an intact entry, in two."""
    stop = _intact_end(one.data) if begun and len(one.data) > ENTRY_BYTES else 0
    if stop:
        yield Slice(one.offset, one.data[:stop], is_last=False)
    yield Slice(one.offset + stop, one.data[stop:], one.is_last)


def _intact_end(data: bytes) -> int:
    """Return where the JSON object that `data` begins with ends, or 0 if it is broken or long."""
    stop = object_end(data, 0)
    try:
        json.decode(data[: max(stop, 0)], type=Raw)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return 0
    return stop if stop <= ENTRY_BYTES else 0


def _skip_entry(
    read: Callable[[int], bytes], buffer: bytes, offset: int, beginning: re.Pattern[bytes]
) -> tuple[Slice, bytes]:
    """Return the slice of an entry that is too big, and what was read beyond it."""
    head, digest, length = buffer[:RAW_BYTES], sha256(), 0
    found, block = None, buffer
    while block and not found:
        kept = buffer[-BEGINNING_BYTES:]  # the next entry may begin in it
        digest.update(buffer[: -len(kept)])
        length += len(buffer) - len(kept)
        block = read(CHUNK)
        buffer = kept + block
        found = beginning.search(buffer)
    cut = found.start() if found else len(buffer)
    digest.update(buffer[:cut])
    whole = length + cut, digest.hexdigest()
    return Slice(offset, head, is_last=not found, whole=whole), buffer[cut:]
