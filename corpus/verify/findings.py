"""What is wrong with a corpus, by class; each class has its exit code."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

# In the order of what they tell: a change in a shard changes the hash of its file too, so the last
# class of which something was found decides the exit code.
CLASSES = {
    "files": (10, "a file is missing, foreign, unreadable or not as it was written"),
    "schema": (11, "a shard has other columns or metadata than the manifest says"),
    "counts": (12, "the manifest's numbers are not those of the shards and the ledger"),
    "rows": (13, "a row breaks a law: turns, roles, offsets, split, order, unique ids, nearness"),
    "tokens": (14, "token ids are not those of the text"),
    "residue": (15, "a text holds what the rules remove: a tag, a mask, a control token"),
    "raw": (16, "the raw files changed, or give other rows"),
}
SHOWN = 8  # findings of a class are told, the others counted


class Findings:
    """What was found, of each class the first few in words."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._told: defaultdict[str, list[str]] = defaultdict(list)

    def add(self, kind: str, where: str, what: str) -> None:
        """Put a finding of class `kind` on the record: where it is and what is wrong."""
        self.add_each(kind, [0], lambda _: (where, what))

    def add_each(
        self, kind: str, places: Sequence[int], told: Callable[[int], tuple[str, str]]
    ) -> None:
        """Put a finding for each place on the record; `told` says where and what, if it is told."""
        room = SHOWN - len(self._told[kind])
        self._told[kind] += [f"{where}: {what}" for where, what in map(told, places[:room])]
        if places:
            self.counts[kind] += len(places)

    @property
    def exit_code(self) -> int:
        """Return 0 if nothing was found, else the code of the last class that was."""
        return max((CLASSES[kind][0] for kind in self.counts), default=0)

    def lines(self) -> Iterator[str]:
        """Yield the findings, class by class."""
        for kind, (code, meaning) in CLASSES.items():
            if kind in self.counts:
                yield f"{kind} ({code}): {meaning}"
                yield from (f"  {one}" for one in self._told[kind])
                more = self.counts[kind] - len(self._told[kind])
                if more:
                    yield f"  and {more:,} more"
