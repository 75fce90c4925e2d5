"""The sources: what their raw JSON looks like, and how an entry of it becomes a `Dialogue`.

Raw field names are known here alone. An *entry* is the JSON of one dialogue: a whole document in
`topic` and `task`, unless several are merged in a file; an element of the list in `summary` and
`sns`. To add a source is its reader, its row here and in `corpus.records`, its schema and its test.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from corpus.reading.sources import merged as merged_documents
from corpus.reading.sources import summary, task, topic
from corpus.reading.sources.described import Described, speakers_in_header, speakers_in_lines
from corpus.reading.sources.entry import EntryError, Read
from corpus.records import Dialogue, Document, Source
from corpus.splits import drawn_split


class Shape(Protocol):
    """A module that tells the entries of a document from what stands around them."""

    SHORTEST: int  # bytes of an entry

    def beginning_of_entries(self, head: bytes) -> tuple[re.Pattern[bytes], bool]:
        """Return how entries begin, and whether objects in them may begin alike."""

    def list_start(self, head: bytes) -> int:
        """Return where the list of entries begins, behind its bracket, or 0."""

    def holds_entry(self, data: bytes) -> bool:
        """Say whether there are remains of an entry in `data`."""

    def is_around(self, data: bytes) -> bool:
        """Say whether `data` may stand between two entries and is none."""

    def closes_document(self, rest: bytes) -> bool:
        """Say whether `rest` is what a document may have behind its last entry."""

    def declared_items(self, outside: bytes) -> int | None:
        """Return the number of entries that a document declares outside of them."""

    def id_in(self, raw: bytes, offset: int) -> str | None:
        """Return the id of an entry that cannot be read, if it is still there."""


class Reader(NamedTuple):
    """How one source is told from the others and read."""

    is_of: Callable[[bytes], bool]  # a document that begins with these bytes
    document: type[msgspec.Struct]  # what the schema describes
    read: Callable[..., Read]  # one entry
    shape: Shape  # of documents that hold many entries
    speakers: Callable[[bytes], Sequence[Described]]  # of one entry, as far as they are described
    is_document: bool = False  # an entry is a document, unless several are merged in a file


READERS: dict[Source, Reader] = {
    "task": Reader(
        task.is_task,
        task.TaskDocument,
        task.read,
        merged_documents,
        speakers_in_lines,
        is_document=True,
    ),
    "topic": Reader(
        topic.is_topic,
        topic.TopicDocument,
        topic.read,
        merged_documents,
        speakers_in_lines,
        is_document=True,
    ),
    "summary": Reader(
        summary.is_summary,
        summary.SummaryDocument,
        summary.read_summary,
        summary,
        speakers_in_header,
    ),
    "sns": Reader(
        summary.is_sns, summary.SnsDocument, summary.read_sns, summary, speakers_in_header
    ),
}


def source_of(head: bytes) -> Source | None:
    """Return the source of a document by the keys in its first bytes (UTF-8)."""
    return next((source for source, reader in READERS.items() if reader.is_of(head)), None)


def read_entry(
    source: Source,
    raw: bytes,
    document: Document,
    raw_offset: int,
    quirks: Counter[str],
    *,
    merged: bool = False,
) -> Dialogue:
    """Return the dialogue of an entry, and count what is odd about it in `quirks`.

    Args:
        source: of the document.
        raw: the JSON of the entry.
        document: where it stands.
        raw_offset: where it stands there.
        quirks: is added to.
        merged: it is one of several in a document that should be one entry.

    Raises:
        EntryError: `raw` is not the JSON of one entry; the detail names the byte or the JSON path.
    """
    try:
        one = READERS[source].read(raw, document, raw_offset, quirks, merged=merged)
    except msgspec.ValidationError as error:
        raise EntryError("bad_shape", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EntryError("bad_json", str(error)) from error
    split = document.split or drawn_split(one.dialogue_id)
    return Dialogue(
        source,
        one.dialogue_id,
        one.topic,
        split,
        one.speakers,
        one.texts,
        document.raw_file,
        raw_offset,
        raw,
    )


def id_of(
    source: Source, raw: bytes, document: Document, offset: int, *, merged: bool
) -> str | None:
    """Return the id of an entry that cannot be read, as far as it can be told."""
    if READERS[source].is_document and not merged:
        return topic.stem_of(document.raw_file)
    return READERS[source].shape.id_in(raw, offset)


def json_schema(source: Source) -> dict[str, Any]:
    """Return the JSON Schema of a document, as far as it is read."""
    schema = msgspec.json.schema(READERS[source].document)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


__all__ = [
    "READERS",
    "EntryError",
    "Reader",
    "id_of",
    "json_schema",
    "read_entry",
    "source_of",
]
