"""The plan: which pieces of raw/ are built as one, from the raw bytes alone.

Never from the number of workers, so that the same raw gives the same parts, and the same corpus,
wherever and in whatever order they are built.
"""

from collections.abc import Iterator, Sequence

from corpus.records import Document, Item

ITEM_BYTES = 8 << 20  # small documents are grouped up to this size: some 3,000 dialogues, a second
LOOKED_AT_BYTES = 4 << 20  # of raw/ are looked at more closely for the report, wherever they lie
RANGES = 64  # of a document at most: enough for 32 workers
ZIP_RANGES = 16  # a range of a zip's member is reached by unpacking what stands before it


def make_plan(documents: Sequence[Document]) -> list[Item]:
    """Return the items in plan order: small documents grouped, big ones cut into byte ranges."""
    pieces = enumerate(_pieces(documents))
    one_in = -(-sum(document.size for document in documents) // LOOKED_AT_BYTES) or 1
    return [Item(index, group, start, end, one_in) for index, (group, start, end) in pieces]


def n_bytes(item: Item) -> int:
    """Return the unpacked bytes that an item covers."""
    end = sum(document.size for document in item.documents) if item.end is None else item.end
    return end - item.start


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
