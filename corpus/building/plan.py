"""The plan: which documents, or byte ranges of a document, are built as one item.

It depends on raw/ alone and never on the number of workers. So the same raw/ gives the same items
and the same corpus, wherever and in whatever order the items are built.
"""

from collections.abc import Hashable, Iterator, Sequence
from operator import attrgetter

from corpus.records import Document, Item

ITEM_BYTES = 8 << 20  # small documents are grouped up to this: about 3,000 dialogues, one second
LOOKED_AT_BYTES = 4 << 20  # of raw/: the report counts the speakers of dialogues of about this size
RANGES = 64  # of a document at most: enough for 32 workers
ZIP_RANGES = 16  # of a zip's member; to reach a range, all bytes before it must be unpacked
_SIZE = attrgetter("size")


def make_plan(documents: Sequence[Document]) -> list[Item]:
    """Return the items in plan order: small documents grouped, big ones cut into byte ranges."""
    pieces = enumerate(_pieces(documents))
    one_in = -(-sum(map(_SIZE, documents)) // LOOKED_AT_BYTES) or 1
    return [Item(index, group, start, end, one_in) for index, (group, start, end) in pieces]


def n_bytes(item: Item) -> int:
    """Return the unpacked bytes that an item covers."""
    end = sum(map(_SIZE, item.documents)) if item.end is None else item.end
    return end - item.start


def where(item: Item) -> Hashable:
    """Return what ranges of one document have in common, and no other items."""
    return item.index if item.end is None and not item.start else item.documents[0].raw_file


def _pieces(
    documents: Sequence[Document],
) -> Iterator[tuple[tuple[Document, ...], int, int | None]]:
    group: list[Document] = []
    size = 0
    for document in documents:
        if group and size + document.size > ITEM_BYTES:
            yield tuple(group), 0, None
            group, size = [], 0
        if document.size > 2 * ITEM_BYTES:
            most = ZIP_RANGES if document.member else RANGES
            step = max(ITEM_BYTES, -(-document.size // most))
            for start in range(0, document.size, step):
                end = start + step
                yield (document,), start, end if end < document.size else None
        else:
            group.append(document)
            size += document.size
    if group:
        yield tuple(group), 0, None
