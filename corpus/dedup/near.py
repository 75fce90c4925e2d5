"""Near-duplicates: rows whose texts share most of their shingles, found by MinHash.

The shingles of a row are the runs of `SHINGLE` characters of its turns, joined by line feeds; how
near two rows are is the Jaccard similarity of these sets, of the texts before names are invented or
as they are written, whichever is more. From `NEAR` on they are near.

A row's signature depends on the row alone, so the items make it. The commit looks for candidates
among the rows that it has kept so far and counts their shingles out, so that every row that goes is
near one that stays: nothing is chained, and what only common phrases join stays apart. Of pairs
just at `NEAR` one in 5,000 is not found, of those at 0.65 one in 300,000.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corpus.dedup.exact import Duplicates, Originals, as_duplicates, in_order, values_of
from corpus.dedup.keys import Keys
from corpus.records import Ints, Mask

Codes = npt.NDArray[np.uint64]
Bands = npt.NDArray[np.uint32]

# Three characters and 0.6: with a twentieth of the words changed, 99.9 % of chats of some 60 words
# are found, and 97 % where many have ten (tests/benchmarks/near_duplicates.py). Of 100,000 pairs of
# other chats of 60 words none comes above 0.13.
SHINGLE = 3
NEAR = 0.6
# A band is a hash of `HASHES` minima: a pair of similarity s has it in common by a chance of s**4.
# Two bands in common make a candidate; at 0.1 a pair in 30,000 is one.
BANDS = 80
HASHES = 4
SHARED = 2

_BATCH = 512  # rows whose shingles are hashed at once: they stay in the cache
_CACHED = 4096  # sets of shingles, 2 kB each


class Texts(NamedTuple):
    """The text of one row, for comparison."""

    before: str  # names were invented
    written: str


def bands_of(texts: Sequence[str]) -> Bands:
    """Return the `BANDS` of each text, which has `SHINGLE` characters or more: one column each."""
    bands = np.empty((BANDS, len(texts)), np.uint32)
    for start in range(0, len(texts), _BATCH):
        batch = [_utf16(text) for text in texts[start : start + _BATCH]]
        ends = np.cumsum([len(units) for units in batch])
        codes = _codes(np.concatenate(batch))
        within = np.ones(len(codes), np.bool_)
        for behind in range(1, SHINGLE):  # runs that reach into the next text
            within[ends[:-1] - behind] = False
        starts = np.concatenate(([0], ends[:-1])) - (SHINGLE - 1) * np.arange(len(batch))
        hashes = _mixed(codes[within])
        minima = [np.minimum.reduceat(hashes * factor, starts) for factor in _FACTORS]
        for band in range(BANDS):
            joined = np.zeros(len(batch), np.uint64)
            for least in minima[band * HASHES : (band + 1) * HASHES]:
                joined = _scrambled(joined ^ least)
            bands[band, start : start + len(batch)] = joined >> np.uint64(32)
    return bands


def similarity(one: Codes, other: Codes) -> float:
    """Return the Jaccard similarity of two sets of shingles, as `shingles` gives them."""
    both = len(one) + len(other) - len(np.union1d(one, other))
    return both / (len(one) + len(other) - both)


def shingles(text: str) -> Codes:
    """Return the set of shingles of a text, in order: each is its characters side by side."""
    return np.unique(_codes(_utf16(text)))


def near_bytes(rows: Sequence[Texts]) -> bytes:
    """Return what a part stores of its rows: their number, bands, ends of texts, and texts."""
    texts = [text for row in rows for text in (row.before, row.written)]
    texts[1::2] = ["" if row.before == row.written else row.written for row in rows]
    encoded = [text.encode("utf-16-le", "surrogatepass") for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype="<i8")
    number = np.array([len(rows)], "<i8")
    bands = bands_of([row.before for row in rows]).astype("<u4")
    return b"".join((number.tobytes(), bands.tobytes(), ends.tobytes(), *encoded))


class NearRows:
    """The rows of all parts, as the commit asks for them one by one and keeps some."""

    def __init__(self, paths: Sequence[Path], n_rows: npt.NDArray[np.uint32]) -> None:
        """Read the bands, one after the other.

        Args:
            paths: of what `near_bytes` gave for each part, in plan order.
            n_rows: how many rows each dialogue has, in plan order.
        """
        self._paths = paths
        self._numbers = [int(np.fromfile(path, "<i8", 1)[0]) for path in paths]
        self._starts = np.cumsum([0, *self._numbers])
        self._first_rows = np.concatenate(([0], np.cumsum(n_rows, dtype=np.int64)))
        self._buckets, self._bounds = self._shared_buckets()
        self._kept: defaultdict[int, list[int]] = defaultdict(list)  # rows, by bucket
        self._shingles = lru_cache(_CACHED)(self._read_shingles)

    def suspects(self) -> npt.NDArray[np.bool_]:
        """Return which dialogues have a band in common with any other row."""
        shares = np.diff(self._bounds) > 0
        sums = np.concatenate(([0], np.cumsum(shares)))
        return np.diff(sums[self._first_rows]) > 0

    def keep(self, dialogue: int) -> None:
        """Let the rows of a dialogue be among those that others are compared with."""
        for row in self._rows(dialogue):
            for bucket in self._buckets_of(row):
                self._kept[bucket].append(row)

    def nearest(self, dialogue: int) -> tuple[int, float]:
        """Return the most similar of the dialogues that were kept, and how similar it is.

        Of equals the one that was kept first; (-1, 0) if no row is a candidate.
        """
        found, most = -1, 0.0
        for row in self._rows(dialogue):
            shared = Counter(
                kept for bucket in self._buckets_of(row) for kept in self._kept[bucket]
            )
            for candidate, n in shared.items():
                if n >= SHARED:
                    alike = max(map(similarity, self._shingles(row), self._shingles(candidate)))
                    if alike > most:
                        found, most = candidate, alike
        if found < 0:
            return -1, 0.0
        return int(np.searchsorted(self._first_rows, found, "right")) - 1, most

    def _rows(self, dialogue: int) -> range:
        return range(self._first_rows[dialogue], self._first_rows[dialogue + 1])

    def _buckets_of(self, row: int) -> list[int]:
        buckets: list[int] = self._buckets[self._bounds[row] : self._bounds[row + 1]].tolist()
        return buckets

    def _shared_buckets(self) -> tuple[Bands, Ints]:
        """Return the buckets of all rows, and where those of each begin.

        A bucket is two rows or more that have a band in common.
        """
        rows, buckets, n_buckets = [], [], 0
        for band in range(BANDS):
            values = np.concatenate(
                [
                    np.fromfile(path, "<u4", number, offset=8 + 4 * band * number)
                    for path, number in zip(self._paths, self._numbers, strict=True)
                ]
            )
            _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
            is_shared = counts > 1
            names = np.cumsum(is_shared) - 1 + n_buckets
            n_buckets += int(is_shared.sum())
            rows.append(np.flatnonzero(is_shared[places]).astype(np.uint32))
            buckets.append(names[places[rows[-1]]].astype(np.uint32))
        of_row = np.concatenate(rows)
        order = np.argsort(of_row, kind="stable")
        bounds = np.searchsorted(of_row[order], np.arange(self._starts[-1] + 1))
        return np.concatenate(buckets)[order], bounds

    def _read_shingles(self, row: int) -> tuple[Codes, Codes]:
        """Return the shingles of a row before names and as it is written."""
        part = int(np.searchsorted(self._starts, row, "right")) - 1
        path, number, place = self._paths[part], self._numbers[part], row - self._starts[part]
        to_ends = 8 + 4 * BANDS * number
        ends = np.fromfile(path, "<i8", 3, offset=to_ends + 16 * int(place))
        to_texts = to_ends + 8 * (2 * number + 1)
        units = np.fromfile(
            path, "<u2", int(ends[2] - ends[0]) // 2, offset=to_texts + int(ends[0])
        )
        before, written = np.split(units, [int(ends[1] - ends[0]) // 2])
        of_before = np.unique(_codes(before))
        return of_before, np.unique(_codes(written)) if len(written) else of_before


def find_duplicates(keys: Keys, near: NearRows, suspects: Mask) -> Duplicates:
    """Return the exact and the near-duplicates among some dialogues that have rows.

    Args:
        keys: of the dialogues, in plan order.
        near: the rows of all of them.
        suspects: which may have an exact duplicate, or a near one.
    """
    kept = Originals()
    found: list[tuple[int, int, float]] = []
    order = in_order(keys)
    for place, one, text in values_of(keys, order[suspects[order]]):
        first, alike = kept.of(one, text), 0.0
        if first < 0:
            first, alike = near.nearest(place)
            if alike < NEAR:
                first = -1
        if first >= 0:
            found.append((place, first, alike))
        else:
            kept.keep(place, one, text)
            near.keep(place)
    found.sort()
    places, originals, nearness = zip(*found, strict=True) if found else ((), (), ())
    return as_duplicates(
        keys, np.array(places, np.int64), np.array(originals, np.int64), np.array(nearness, float)
    )


def _utf16(text: str) -> npt.NDArray[np.uint16]:
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")


def _codes(units: npt.NDArray[np.uint16]) -> Codes:
    """Return all runs of `SHINGLE` characters, 16 bits each: no text of a corpus needs more."""
    wide = units.astype(np.uint64)
    codes = wide[: len(wide) - SHINGLE + 1]
    for behind in range(1, SHINGLE):
        codes = codes << np.uint64(16) | wide[behind : len(wide) - SHINGLE + 1 + behind]
    return codes


def _mixed(codes: Codes) -> npt.NDArray[np.uint32]:
    return (_scrambled(_scrambled(codes)) >> np.uint64(32)).astype(np.uint32)


def _scrambled(codes: Codes) -> Codes:
    """Return codes that tell nothing of the ones given (a round of splitmix64)."""
    codes = (codes ^ codes >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    return codes ^ codes >> np.uint64(27)


# Multiplied by an odd number, hashes of 32 bits stand in another order: each is one hash function.
_FACTORS = _mixed(np.arange(1, BANDS * HASHES + 1, dtype=np.uint64) << np.uint64(40)) | np.uint32(1)
