"""What `check` does with one item of the plan: its documents are read, and only counts stay.

As in a build, an item is looked at by any process, and depends on no other one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from corpus.building.limit import attempt
from corpus.counts import Counts
from corpus.reading.decode import decode_document
from corpus.reading.documents import open_document
from corpus.reading.quirks import count_odd
from corpus.reading.unreadable import file_problem
from corpus.records import Document, Item, Rejected
from corpus.remote import Folder

PLACES = 3  # are named for each kind of problem


class Problems:
    """How many of each kind, and the first of them: memory does not grow with their number."""

    def __init__(self) -> None:
        """Begin with none."""
        self._counts: Counter[str] = Counter()
        self._first: dict[str, list[str]] = {}

    def take(self, problems: Iterable[Rejected]) -> None:
        """Add some problems."""
        for one in problems:
            self._counts[one.reason] += one.n
            first = self._first.setdefault(one.reason, [])
            if len(first) < PLACES:
                first.append(f"{one.raw_file} at {one.raw_offset:,}: {one.detail}")

    def add(self, later: "Problems") -> None:
        """Add those of an item that stands later in the plan."""
        self._counts.update(later._counts)  # noqa: SLF001 - of its own kind
        for reason, lines in later._first.items():  # noqa: SLF001
            first = self._first.setdefault(reason, [])
            first += lines[: PLACES - len(first)]

    def lines(self) -> Iterator[str]:
        """Yield how many there are, and for each kind the first ones."""
        n = self._counts.total()
        yield f"problems of the files: {n:,}" if n else "problems of the files: none"
        for reason, n_of in sorted(self._counts.items()):
            yield f"  {n_of:,} {reason}"
            yield from (f"    {line}" for line in self._first[reason])


@dataclass(frozen=True, slots=True)
class Seen:
    """What is in an item, or in all that were looked at."""

    counts: Counts = field(default_factory=lambda: defaultdict(Counter))
    problems: Problems = field(default_factory=Problems)
    unread: set[str] = field(default_factory=set)  # documents that were not read to their end

    def add(self, later: "Seen") -> None:
        """Add what is in an item that stands later in the plan."""
        for name, counter in later.counts.items():
            self.counts[name].update(counter)
        self.problems.add(later.problems)
        self.unread.update(later.unread)


def look_at(raw: Folder, item: Item, seconds: float) -> Seen:
    """Count the dialogues, quirks and problems of an item.

    Args:
        raw: the folder that holds the AIHub downloads.
        item: which documents, or which range of one.
        seconds: for some 2 MB of a document; what is left of one that takes longer is not read.

    Raises:
        CorpusError: nothing can be looked at any more.
        OSError: the disk is broken.
    """
    seen = Seen()
    for document in item.documents:
        seen.problems.take(_look_at(raw, document, item, seen, seconds))
    return seen


def not_looked_at(item: Item, why: str) -> Seen:
    """Return what is known of an item that nobody could look at."""
    first, n = item.documents[0], len(item.documents)
    detail = f"{why}; {n:,} documents from here, to byte {item.end or 'the end'}"
    seen = Seen(unread={document.raw_file for document in item.documents})
    seen.problems.take([file_problem(first, "failed_item", detail, item.start)])
    return seen


def _look_at(
    raw: Folder, document: Document, item: Item, seen: Seen, seconds: float
) -> Iterator[Rejected]:
    runs = decode_document(open_document(raw, document), document, start=item.start, end=item.end)
    counts = seen.counts
    declared, n_found = None, 0
    while True:
        decoded = attempt(lambda: next(runs, None), seconds)
        if decoded is None:
            break
        if isinstance(decoded, str):
            seen.unread.add(document.raw_file)
            rest = f"{decoded}; the rest of it was not looked at"
            yield file_problem(document, "failed_item", rest, item.start)
            break
        counts["split"].update(f"{one.source}/{one.split}" for one in decoded.dialogues)
        if document.split is None:
            counts["drawn"].update(one.source for one in decoded.dialogues)
        count_odd(decoded, document, counts)
        declared = decoded.declared if decoded.declared is not None else declared
        n_found += decoded.n_entries
        yield from decoded.rejected
    if declared is not None:
        counts["declared"][document.raw_file] = declared
    if declared is not None or item.start:  # its first range may declare it
        counts["found"][document.raw_file] += n_found
