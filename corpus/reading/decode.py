"""Turn the bytes of a document into dialogues, and put on the record what is none.

`topic` has one dialogue a document and is decoded here; the many entries of a `summary` or `sns`
document stream by in entries.py. Memory does not grow with the document.
"""

import re
from collections.abc import Collection, Iterator
from hashlib import sha256

from corpus.reading.entries import Decoded, Entries, file_problem, rejected_entry
from corpus.reading.framing import CHUNK, ENTRY_BYTES
from corpus.reading.sources import EntryError, read_entry, source_of
from corpus.reading.utf8 import BOM, Stream, Utf8, encoding_of
from corpus.records import Document, Source

NEAR_BYTES = 4 << 20  # entries no further apart are read again in one go

_KEY = re.compile(rb'"([^"\\]{1,40})"\s*:')


def sniff(head: bytes) -> Source | None:
    """Return the source of a document by the keys in its first bytes, or None.

    >>> sniff(b'{"data": [{"header": {"dialogueInfo": {}}, "body": []}]}'), sniff(b"header,body")
    ('sns', None)
    """
    if encoding := encoding_of(head):
        head = head.decode(encoding, "replace").encode()
    return _source_in(head)


def _source_in(head: bytes) -> Source | None:
    is_json = head.removeprefix(BOM).lstrip().startswith((b"{", b"["))
    return source_of(head) if is_json else None


def decode_document(
    stream: Stream,
    document: Document,
    *,
    start: int = 0,
    end: int | None = None,
    only: Collection[int] | None = None,
) -> Iterator[Decoded]:
    """Yield what becomes of the entries that begin in `[start, end)`, about 2 MB at a time.

    Ranges that together are a document give what the document gives, each entry once. Damage of
    the file is told by the range in which it lies.

    Args:
        stream: the bytes of the document.
        document: which one, for the record.
        start: offset in the document as UTF-8.
        end: offset in the document as UTF-8; None where it ends.
        only: where the entries begin that are to be decoded, the others being skipped; an entry
            that stands behind a broken one, in the same slice, is not found by it.
    """
    text = Utf8(stream)
    source = _source_in(text.head)
    is_told_here = start == 0
    if source in {"summary", "sns"}:
        yield from Entries(source, document).decode(text, start, end, only)
        is_told_here = start <= text.tell() and (end is None or text.tell() < end)
    elif start == 0 and source:
        yield _decode_topic(text, document)
    elif start == 0:
        yield _decode_unknown(text, document)
    if text.damage and is_told_here:
        problem = file_problem(document, text.damage.reason, text.damage.detail, text.tell())
        yield Decoded(rejected=[problem])


def raw_entries(stream: Stream, document: Document, offsets: Collection[int]) -> dict[int, bytes]:
    """Return by its offset the raw JSON of each dialogue that `decode_document` gave."""
    found: dict[int, bytes] = {}
    wanted = set(offsets)
    ranges: list[tuple[int, int | None]] = []
    for offset in sorted(wanted):
        near = ranges and offset < (ranges[-1][1] or 0) + NEAR_BYTES
        first = ranges.pop()[0] if near else offset
        ranges.append((first, offset + 1))
    passes = [(start, end, wanted) for start, end in ranges]
    for start, end, only in (*passes, (0, None, None)):  # the last finds what `only` does not
        if len(found) < len(wanted):
            for decoded in decode_document(stream, document, start=start, end=end, only=only):
                for dialogue in decoded.dialogues:
                    if dialogue.raw_offset in wanted:
                        found[dialogue.raw_offset] = dialogue.raw
    return found


def _decode_topic(text: Utf8, document: Document) -> Decoded:
    """Return what becomes of a document that is one entry."""
    decoded = Decoded()
    raw = text.head
    while len(raw) <= ENTRY_BYTES and (block := text.read(CHUNK)):
        raw += block
    decoded.n_bytes = len(raw)
    if len(raw) > ENTRY_BYTES:
        digest = sha256(raw)
        while block := text.read(CHUNK):
            digest.update(block)
            decoded.n_bytes += len(block)
        detail = f"{decoded.n_bytes:,} bytes; the limit is {ENTRY_BYTES:,}"
        whole = decoded.n_bytes, digest.hexdigest()
        decoded.rejected = [
            rejected_entry("topic", document, "too_big", detail, offset=0, raw=raw, whole=whole)
        ]
        return decoded
    raw = raw.removeprefix(BOM).strip()
    try:
        decoded.dialogues = [read_entry("topic", raw, document, 0, decoded.quirks)]
    except EntryError as error:
        is_cut = error.reason == "bad_json" and not raw.endswith(b"}")
        reason = "cut_short" if is_cut else error.reason
        decoded.rejected = [
            rejected_entry("topic", document, reason, error.detail, offset=0, raw=raw)
        ]
    return decoded


def _decode_unknown(text: Utf8, document: Document) -> Decoded:
    """Return why a document has no source."""
    head = text.head.removeprefix(BOM).lstrip()
    if head.startswith((b"{", b"[")):
        keys = b", ".join(_KEY.findall(head)[:5]).decode("utf-8", "replace")
        problem = file_problem(document, "unknown_json", f"its first keys: {keys or 'none'}")
    elif head:
        problem = file_problem(document, "not_json", f"it begins with {head[:16]!r}")
    elif text.damage:
        return Decoded(n_bytes=document.size)
    else:
        problem = file_problem(document, "empty_file", f"{document.size:,} bytes of white space")
    return Decoded(rejected=[problem], n_bytes=document.size)
