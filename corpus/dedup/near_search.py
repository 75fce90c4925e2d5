"""Which near-duplicates go, decided block by block in order.

A dialogue goes if one of its rows is near a row of one that stays and stands before it. The
decision takes one process, counting out what is near takes many:

1. A block is the next dialogues that may be duplicates and are near none that stays so far.
2. The pairs that are near within the block say which dialogues of it stay.
3. The pairs of these with all that stands behind them say which other dialogues go.

So each row is compared with those that stay alone, as if one dialogue were taken after the other,
and the size of a block changes nothing but the time.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from corpus.dedup.exact import Duplicates, Originals, as_duplicates, values_of
from corpus.dedup.keys import Keys
from corpus.dedup.near import SHARED
from corpus.dedup.near_bands import Pairs
from corpus.dedup.near_texts import Places, spans
from corpus.records import Ints, Mask

BLOCKS = 4_096, 1 << 17  # dialogues: the smallest, and the largest

# Given rows, a block of rows, and whether the second row of a pair is one of it: the near pairs.
FindPairs = Callable[[Places, Places, bool], Pairs]


def rows_in_order(order: Ints, n_rows: Ints) -> Ints:
    """Return for each place the row, counted in plan order.

    Args:
        order: in which the dialogues are looked at.
        n_rows: of each dialogue, in plan order.
    """
    firsts = np.cumsum(n_rows) - n_rows
    return spans(firsts[order], n_rows[order])


class NearSearch:
    """The dialogues that have rows, in the order in which they are looked at."""

    def __init__(
        self, keys: Keys, order: Ints, exact: Mask, n_shared: npt.NDArray[np.uint8]
    ) -> None:
        """Begin with all of them undecided.

        Args:
            keys: of the dialogues, in plan order.
            order: as `in_order` gives it.
            exact: which dialogues may have an exact duplicate, in plan order.
            n_shared: how many bands each row, by its place, shares with another one.
        """
        self._keys, self._order = keys, order
        n_rows = keys["rows"][order].astype(np.int64)
        self._ends = np.cumsum(n_rows)
        self._dialogue = np.repeat(np.arange(len(order), dtype=np.uint32), n_rows)  # of each row
        self._has_pair = n_shared >= SHARED
        self._exact = exact[order]
        self._undecided = self._exact.copy()
        self._undecided[self._dialogue[self._has_pair]] = True
        self._stays = np.zeros(len(order), np.bool_)
        self._originals = Originals()
        # Of each row the nearest one that stays.
        self._alike = np.zeros(len(self._dialogue))
        self._nearest = np.zeros(len(self._dialogue), np.uint32)
        self._band = np.zeros(len(self._dialogue), np.uint8)

    def run(self, find: FindPairs) -> Duplicates:
        """Return the exact and the near-duplicates."""
        size, at = BLOCKS[0], 0
        while at < len(self._order):
            block = at + np.flatnonzero(self._undecided[at:])[:size]
            if not len(block):
                break
            at = int(block[-1]) + 1
            rows = self._rows_of(block)
            within = self._between_dialogues(find(rows, rows, True))  # noqa: FBT003
            staying = self._decide(block, within)
            self._take(within.where(self._stays[self._dialogue[within.ones]]))
            behind = find(self._rows_of(staying), rows, False)  # noqa: FBT003
            self._take(behind)
            self._undecided[self._dialogue[behind.others]] = False
            size = min(2 * size, BLOCKS[1]) if 2 * len(staying) > len(block) else BLOCKS[0]
        return self._found()

    def _rows_of(self, dialogues: Ints) -> Places:
        """Return the places of the rows of some dialogues that may be near another one."""
        n_rows = np.diff(self._ends, prepend=0)[dialogues]
        rows = spans(self._ends[dialogues] - n_rows, n_rows)
        return rows[self._has_pair[rows]].astype(np.uint32)

    def _between_dialogues(self, pairs: Pairs) -> Pairs:
        is_between = self._dialogue[pairs.ones] != self._dialogue[pairs.others]
        return pairs.where(is_between)

    def _decide(self, block: Ints, within: Pairs) -> Ints:
        """Return the dialogues of a block that stay."""
        self._stays[block] = True
        near: defaultdict[int, list[int]] = defaultdict(list)
        pairs = (self._dialogue[rows].tolist() for rows in (within.ones, within.others))
        for one, other in zip(*pairs, strict=True):
            near[other].append(one)
        exact = block[self._exact[block]]
        keys = dict(zip(exact.tolist(), self._values(exact), strict=True))
        for dialogue in sorted(near.keys() | keys.keys()):
            key = keys.get(dialogue)
            if (key and self._originals.of(*key) >= 0) or any(
                self._stays[one] for one in near.get(dialogue, ())
            ):
                self._stays[dialogue] = False
            elif key:
                self._originals.keep(dialogue, *key)
        self._undecided[block] = False
        return block[self._stays[block]]

    def _values(self, dialogues: Ints) -> Sequence[tuple[int, int]]:
        """Return the ids and the texts of some dialogues."""
        return [(one, text) for _, one, text in values_of(self._keys, self._order[dialogues])]

    def _take(self, pairs: Pairs) -> None:
        """Take pairs whose first rows stay: rows that stand behind those of the pairs before."""
        ordered = pairs.where(np.lexsort((pairs.ones, pairs.band, -pairs.alike, pairs.others)))
        others = ordered.others
        best = ordered.where(
            np.concatenate((np.ones(1, np.bool_), others[1:] != others[:-1]))[: len(others)]
        )
        before = self._alike[best.others]
        nearer = best.alike > before
        nearer |= (best.alike == before) & (best.band < self._band[best.others])
        best = best.where(nearer)
        self._alike[best.others] = best.alike
        self._nearest[best.others] = best.ones
        self._band[best.others] = best.band

    def _found(self) -> Duplicates:
        originals = np.full(len(self._order), -1, np.int64)
        nearness = np.zeros(len(self._order))
        rows = np.flatnonzero(self._alike > 0)
        dialogues = self._dialogue[rows]
        best = rows[np.lexsort((rows, -self._alike[rows], dialogues))]
        dialogues, first = np.unique(self._dialogue[best], return_index=True)
        goes = ~self._stays[dialogues]
        best, dialogues = best[first][goes], dialogues[goes]
        originals[dialogues] = self._dialogue[self._nearest[best]]
        nearness[dialogues] = self._alike[best]
        self._find_exact(originals, nearness)
        gone = np.flatnonzero(originals >= 0)
        places, firsts = self._order[gone], self._order[originals[gone]]
        order = np.argsort(places)
        return as_duplicates(self._keys, places[order], firsts[order], nearness[gone][order])

    def _find_exact(self, originals: Ints, nearness: npt.NDArray[np.float64]) -> None:
        """Name the originals of exact duplicates, which are told before near ones."""
        kept = Originals()
        exact = np.flatnonzero(self._exact)
        for dialogue, key in zip(exact.tolist(), self._values(exact), strict=True):
            if self._stays[dialogue]:
                kept.keep(dialogue, *key)
            elif (first := kept.of(*key)) >= 0:
                originals[dialogue], nearness[dialogue] = first, 0.0
