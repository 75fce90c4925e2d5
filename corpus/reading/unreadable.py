"""The records of what cannot be read: an entry of a document, or something of a file."""

from hashlib import sha256

from corpus.records import RAW_BYTES, Document, Rejected, Source


def rejected_entry(
    source: Source,
    document: Document,
    reason: str,
    detail: str,
    *,
    dialogue_id: str | None,
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
        dialogue_id=dialogue_id,
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
