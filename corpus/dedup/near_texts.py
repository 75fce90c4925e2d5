"""The texts and the bands of rows, as the parts have them, and how near many pairs of rows are.

A row is named by its place in the order in which the commit looks at rows: validation first.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corpus.dedup.near import BANDS, SHINGLE, Bands, Codes, codes_of
from corpus.records import Ints, Mask

Places = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float64]

_ROWS, _PARTS = "rows", "parts.json"
_AT_ONCE = 2_048  # rows whose shingles are counted out at once: some 2 MB
_CODE_BITS = 16 * SHINGLE  # with a row's number before it a shingle has 64 bits
MOST = 1 << (64 - _CODE_BITS)  # rows that can be numbered so


class Sets(NamedTuple):
    """The shingles of some rows, those of one row behind those of the one before it."""

    codes: Codes  # in order within a row
    sizes: Ints  # how many each row has


def write_order(folder: Path, parts: Sequence[tuple[Path, int]], rows: Ints) -> None:
    """Leave in a folder what `NearTexts` needs to know.

    Args:
        folder: of the search.
        parts: what `near_bytes` gave for each part, in plan order, and how many rows it has.
        rows: for each place the row, counted in plan order.
    """
    told = [(str(path), n) for path, n in parts]
    (folder / _PARTS).write_text(json.dumps(told), encoding="utf-8")
    (folder / _ROWS).write_bytes(rows.astype(np.uint32).tobytes())


class NearTexts:
    """The rows of all parts. Files are open only while something is read from them."""

    def __init__(self, folder: Path) -> None:
        parts = json.loads((folder / _PARTS).read_text(encoding="utf-8"))
        self._paths = [Path(path) for path, _ in parts]
        self._numbers = [int(number) for _, number in parts]
        self._starts = np.cumsum([0, *self._numbers])
        n_rows = int(self._starts[-1])
        path = folder / _ROWS
        self.rows: Places = np.memmap(path, "<u4", "r") if n_rows else np.zeros(0, np.uint32)

    def bands(self, first: int, end: int) -> Bands:
        """Return some of the bands, one line each, of all places."""
        found = np.empty((end - first, len(self.rows)), np.uint32)
        for path, n, start in zip(self._paths, self._numbers, self._starts, strict=False):
            of_part = np.fromfile(path, "<u4", (end - first) * n, offset=8 + 4 * first * n)
            found[:, start : start + n] = of_part.reshape(end - first, n)
        return found[:, self.rows]

    def bands_of(self, places: Places) -> Bands:
        """Return all bands of some places, one line each."""
        found = np.empty((BANDS, len(places)), np.uint32)
        for content, n, rows, chosen in self._parts_of(places):
            of_part = content[8 : 8 + 4 * BANDS * n].view("<u4").reshape(BANDS, n)
            found[:, chosen] = of_part[:, rows]
        return found

    def sets(self, places: Places) -> tuple[Sets, Sets, Mask]:
        """Return the shingles of one row or more, before names and as written; do these differ.

        Where they do not, those as written are left empty.
        """
        befores, writtens = np.zeros(len(places), np.int64), np.zeros(len(places), np.int64)
        owners: list[Ints] = []
        units: list[npt.NDArray[np.uint16]] = []
        for content, n, rows, chosen in self._parts_of(places):
            to_ends = 8 + 4 * BANDS * n
            to_texts = to_ends + 8 * (2 * n + 1)
            ends = content[to_ends:to_texts].view("<i8")
            befores[chosen] = (ends[2 * rows + 1] - ends[2 * rows]) // 2
            writtens[chosen] = (ends[2 * rows + 2] - ends[2 * rows + 1]) // 2
            lengths = befores[chosen] + writtens[chosen]
            texts = content[to_texts:].view("<u2")
            units.append(texts[spans(ends[2 * rows] // 2, lengths)])
            owners.append(np.repeat(chosen, lengths))
        return _sets(units, owners, befores, writtens)

    def _parts_of(self, places: Places) -> Iterator[tuple[npt.NDArray[np.uint8], int, Ints, Ints]]:
        """Yield parts that hold some rows: content, number of rows, which, and of which places."""
        rows = self.rows[places].astype(np.int64)
        part = np.searchsorted(self._starts, rows, "right") - 1
        order = np.argsort(part, kind="stable")
        names, starts = np.unique(part[order], return_index=True)
        for name, chosen in zip(names.tolist(), np.split(order, starts[1:]), strict=True):
            content = np.memmap(self._paths[name], np.uint8, "r")
            yield content, self._numbers[name], rows[chosen] - self._starts[name], chosen


def spans(starts: Ints, lengths: Ints) -> Ints:
    """Return the numbers of several ranges, one behind the other.

    >>> spans(np.array([5, 0]), np.array([2, 3])).tolist()
    [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(lengths)
    n = int(ends[-1]) if len(ends) else 0
    numbers: Ints = np.arange(n) + np.repeat(starts - (ends - lengths), lengths)
    return numbers


def distinct(values: Codes) -> Codes:
    """Return values in order, each once: by sorting, which is 5 times as fast as `np.unique`."""
    ordered = np.sort(values)
    is_first: Mask = np.ones(len(ordered), np.bool_)
    is_first[1:] = ordered[1:] != ordered[:-1]
    found: Codes = ordered[is_first]
    return found


def _sets(
    units: list[npt.NDArray[np.uint16]], owners: list[Ints], befores: Ints, writtens: Ints
) -> tuple[Sets, Sets, Mask]:
    """Return what `NearTexts.sets` does, of texts before names and as written in turns."""
    owner = np.concatenate(owners)
    codes = codes_of(np.concatenate(units)) | owner[: 1 - SHINGLE].astype(np.uint64) << np.uint64(
        _CODE_BITS
    )
    lengths = befores + writtens
    of_rows = owner[np.concatenate(([True], owner[1:] != owner[:-1]))]  # in the order of reading
    ends = np.cumsum(lengths[of_rows])
    cut = np.stack([ends - writtens[of_rows], ends], axis=1).ravel()  # ends of all texts
    within = np.ones(len(codes), np.bool_)
    for behind in range(1, SHINGLE):  # runs that reach into the next text
        at = cut - behind
        within[at[at < len(codes)]] = False
    is_before = (
        np.arange(len(codes)) < np.repeat(ends - writtens[of_rows], lengths[of_rows])[: len(codes)]
    )
    sets = []
    for chosen in (is_before, ~is_before):
        packed = distinct(codes[within & chosen])
        numbers = (packed >> np.uint64(_CODE_BITS)).astype(np.int64)
        sizes = np.bincount(numbers, minlength=len(befores))
        sets.append(Sets(packed & np.uint64((1 << _CODE_BITS) - 1), sizes))
    return sets[0], sets[1], writtens > 0


def similarities(
    texts: NearTexts, ones: Places, pairs: tuple[Ints, Places], least: float
) -> Floats:
    """Return how near the rows of each pair are; 0 where that is less than `least`.

    Args:
        texts: of all rows.
        ones: the places of the first rows, at most `MOST`.
        pairs: the number of the first row among `ones`, and the place of the second one, by which
            the pairs are sorted.
        least: what nearness is asked for.
    """
    firsts, seconds = pairs
    found = np.zeros(len(firsts))
    others, starts = np.unique(seconds, return_index=True)
    bounds = np.append(starts, len(seconds))
    *own, differs = texts.sets(ones)
    before, written = map(_Counted, own)
    for start in range(0, len(others), _AT_ONCE):
        batch = others[start : start + _AT_ONCE]
        chosen = slice(bounds[start], bounds[min(start + _AT_ONCE, len(others))])
        number = np.searchsorted(batch, seconds[chosen])
        of_batch = texts.sets(batch)
        alike = before.alike(of_batch[0], firsts[chosen], number, least)
        one, other = differs[firsts[chosen]], of_batch[2][number]
        for mine, theirs, those in (  # where neither differs, both are as before
            (written, of_batch[1], one & other),
            (written, of_batch[0], one & ~other),
            (before, of_batch[1], ~one & other),
        ):
            if those.any():
                as_written = mine.alike(theirs, firsts[chosen][those], number[those], least)
                alike[those] = np.maximum(alike[those], as_written)
        found[chosen] = alike
    return found


class _Counted:
    """Sets of shingles that others are counted against: each shingle has a small number."""

    def __init__(self, sets: Sets) -> None:
        self._sizes = sets.sizes
        self._ends = np.concatenate(([0], np.cumsum(sets.sizes)))
        self._words = distinct(sets.codes)
        self._own = np.searchsorted(self._words, sets.codes)

    def alike(self, others: Sets, firsts: Ints, seconds: Ints, least: float) -> Floats:
        """Return the Jaccard similarity of some pairs, 0 where it is less than `least`."""
        found = np.zeros(len(firsts))
        if not len(self._words):
            return found
        word = np.searchsorted(self._words, others.codes)
        word[word == len(self._words)] = 0
        is_known = self._words[word] == others.codes
        word = word[is_known]
        known = np.concatenate(([0], np.cumsum(is_known)))
        ends = known[np.concatenate(([0], np.cumsum(others.sizes)))]
        starts, lengths = ends[:-1], np.diff(ends)
        sizes = self._sizes[firsts], others.sizes[seconds]
        most = np.minimum(sizes[0], lengths[seconds])  # that the two can have in common
        hopeful = np.flatnonzero(most >= least * (sizes[0] + sizes[1] - most) * (1 - 1e-9))
        hopeful = hopeful[np.argsort(firsts[hopeful], kind="stable")]
        if not len(hopeful):
            return found
        names, first = np.unique(firsts[hopeful], return_index=True)
        in_one = np.zeros(len(self._words), np.bool_)
        for name, these in zip(names.tolist(), np.split(hopeful, first[1:]), strict=True):
            mine = self._own[self._ends[name] : self._ends[name + 1]]
            in_one[mine] = True
            those = seconds[these]
            hits = np.concatenate(
                ([0], np.cumsum(in_one[word[spans(starts[those], lengths[those])]]))
            )
            both = np.diff(hits[np.concatenate(([0], np.cumsum(lengths[those])))])
            found[these] = both / (self._sizes[name] + others.sizes[those] - both)
            in_one[mine] = False
        found[found < least] = 0
        return found
