"""Read raw JSON again, by the place that a row or the ledger names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from corpus.reading.decode import raw_entries
from corpus.reading.documents import open_document
from corpus.records import CorpusError, Document
from corpus.remote import Folder


def by_name(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """Return the documents by their names; in an archive two may have the same."""
    by_name: dict[str, list[Document]] = {}
    for document in documents:
        by_name.setdefault(document.raw_file, []).append(document)
    return by_name


def read_raw(
    raw: Folder, documents: Mapping[str, Sequence[Document]], places: Sequence[tuple[str, int]]
) -> Iterator[tuple[tuple[str, int], bytes]]:
    """Yield each (raw_file, raw_offset) with the raw JSON there, reading each document once."""
    wanted: dict[str, set[int]] = {}
    for raw_file, offset in places:
        wanted.setdefault(raw_file, set()).add(offset)
    for raw_file, offsets in wanted.items():
        missing = set(offsets)
        for document in documents.get(raw_file, ()):
            for offset, content in raw_entries(open_document(raw, document), document, offsets):
                missing.discard(offset)
                yield (raw_file, offset), content
        if missing:
            raise CorpusError(
                f"{raw_file} at {min(missing):,} cannot be read any more: {raw} has changed, or "
                "its disk fails."
            )
