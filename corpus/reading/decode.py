"""Turn the bytes of a document into dialogues, and put on the record what is none.

A document that is one dialogue is decoded here; the entries of one that holds many stream by in
entries.py. Memory does not grow with the document.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import chain

from msgspec import DecodeError, json

from corpus.reading.entries import Decoded, Entries
from corpus.reading.foreign import table_of_pandas
from corpus.reading.framing import CHUNK, ENTRY_BYTES
from corpus.reading.sources import READERS, EntryError, id_of, read_entry, source_of
from corpus.reading.sources.merged import holds_many
from corpus.reading.unreadable import file_problem, rejected_entry
from corpus.reading.utf8 import BLANK_BYTES, BOM, Stream, Utf8, encoding_of
from corpus.records import Document, Source

# A document whose entries have to be told apart from its first byte on is decoded in one go up to
# this size: each of its ranges would have to begin there again.
ONE_RANGE_BYTES = 128 << 20
NEAR_BYTES = 4 << 20  # entries no further apart are read again in one go

_KEY = re.compile(rb'"([^"\\]{1,40})"\s*:')


def sniff(head: bytes) -> Source | None:
    """Return the source of a document by the keys in its first bytes, or None.

    >>> sniff(b'{"data": [{"header": {"dialogueInfo": {}}, "body": []}]}'), sniff(b"header,body")
    ('sns', None)
    """
    if encoding := encoding_of(head):
        head = head.decode(encoding, "replace").encode()
    is_json = head.removeprefix(BOM).lstrip().startswith((b"{", b"["))
    return source_of(head) if is_json and not table_of_pandas(head) else None


def decode_document(
    stream: Stream,
    document: Document,
    *,
    start: int = 0,
    end: int | None = None,
    wanted: Collection[int] | None = None,
    alone: bool = False,
) -> Iterator[Decoded]:
    """Yield what becomes of the entries that begin in `[start, end)`, about 2 MB at a time.

    Ranges that together are a document give what the document gives, each entry once; in some
    documents the first of them has all entries. Damage of the file is told by the range in which it
    lies.

    Args:
        stream: the bytes of the document.
        document: which one, for the record.
        start: offset in the document as UTF-8.
        end: offset in the document as UTF-8; None where it ends.
        wanted: of the entries that can be cut out, decode those at these offsets alone.
        alone: nobody decodes the other ranges: this one has its own entries in any document.
    """
    text = Utf8(stream)
    # Where the first byte is damaged the entries may still be intact.
    source = None if table_of_pandas(text.head) else source_of(text.head)
    whole = _whole_entry(text, source)
    if source and whole is None and not alone and _is_one_range(text, source, document):
        if start:
            yield Decoded()
            return
        end = None
    is_told_here = start == 0
    if source and whole is not None:
        yield _decode_whole(text, whole, source, document) if start == 0 else Decoded()
    elif source:
        yield from Entries(source, document).decode(text, start, end, wanted)
        is_told_here = start <= text.tell() and (end is None or text.tell() < end)
    elif start == 0:
        yield _decode_unknown(text, document)
    if text.damage and is_told_here:
        problem = file_problem(document, text.damage.reason, text.damage.detail, text.tell())
        yield Decoded(rejected=[problem])


def raw_entries(
    stream: Stream, document: Document, offsets: Collection[int]
) -> Iterator[tuple[int, bytes]]:
    """Yield the offset and raw JSON of these dialogues, of those that `decode_document` gave."""
    missing = set(offsets)
    ranges: list[tuple[int, int]] = []
    for offset in sorted(missing):
        near = ranges and offset < ranges[-1][1] + NEAR_BYTES
        first = ranges.pop()[0] if near else offset
        ranges.append((first, offset + 1))
    near_ones = (
        decode_document(stream, document, start=start, end=end, wanted=missing)
        for start, end in ranges
    )
    # An entry that stood behind a broken one, in the same slice, is found by decoding all.
    rest = (decode_document(stream, document) for _ in range(1) if missing)
    for decoded in chain.from_iterable(chain(near_ones, rest)):
        for dialogue in decoded.dialogues:
            if dialogue.raw_offset in missing:
                missing.remove(dialogue.raw_offset)
                yield dialogue.raw_offset, dialogue.raw


def is_one_range(stream: Stream, document: Document) -> bool:
    """Say whether the range that begins a document has all of its entries."""
    text = Utf8(stream)
    return _is_one_range(text, source_of(text.head), document)


def _is_one_range(text: Utf8, source: Source | None, document: Document) -> bool:
    if source is None or document.size > ONE_RANGE_BYTES:
        return False
    return READERS[source].shape.beginning_of_entries(text.head)[1]


def _whole_entry(text: Utf8, source: Source | None) -> bytes | None:
    """Return all of a document that is one entry; None if its entries have to be told apart.

    A document that is longer than the longest entry holds many entries, or one that is too big.
    """
    if source is None or not READERS[source].is_document:
        return None
    raw = text.head
    while len(raw) <= ENTRY_BYTES and (block := text.read(CHUNK)):
        raw += block
    return None if len(raw) > ENTRY_BYTES or holds_many(raw) else raw


def _decode_whole(text: Utf8, raw: bytes, source: Source, document: Document) -> Decoded:
    """Return what becomes of a document that is one entry."""
    decoded = Decoded(n_bytes=text.n_blank + len(raw))
    raw = raw.removeprefix(BOM).strip()
    quirks: Counter[str] = Counter()
    try:
        decoded.take(read_entry(source, raw, document, 0, quirks), quirks)
    except EntryError as error:
        is_cut = error.reason == "bad_json" and not raw.endswith(b"}")
        reason = "cut_short" if is_cut else error.reason
        name = id_of(source, raw, document, 0, merged=False)
        decoded.rejected = [
            rejected_entry(
                source, document, reason, error.detail, dialogue_id=name, offset=0, raw=raw
            )
        ]
    return decoded


def _decode_unknown(text: Utf8, document: Document) -> Decoded:
    """Return why a document has no source."""
    head = text.head.removeprefix(BOM)
    if _is_empty_list(head):
        return Decoded(n_bytes=document.size)
    if text.n_blank > BLANK_BYTES:
        detail = f"more than {BLANK_BYTES:,} bytes of white space stand before anything else"
        problem = file_problem(document, "not_json", detail)
    elif head.startswith((b"{", b"[")):
        keys = b", ".join(_KEY.findall(head)[:5]).decode("utf-8", "replace")
        why = table_of_pandas(head) or f"its first keys: {keys or 'none'}"
        problem = file_problem(document, "unknown_json", why)
    elif head:
        problem = file_problem(document, "not_json", f"it begins with {head[:16]!r}")
    elif text.damage:
        return Decoded(n_bytes=document.size)
    else:
        problem = file_problem(document, "empty_file", f"{document.size:,} bytes of white space")
    return Decoded(rejected=[problem], n_bytes=document.size)


def _is_empty_list(document: bytes) -> bool:
    """Say whether a document is one of ours that holds no dialogue: `{"data": []}`, `[]`."""
    try:
        content = json.decode(document)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if isinstance(content, dict):
        content = content.get("data", content.get("info"))
    return content in ([], {})
