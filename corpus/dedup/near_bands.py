"""Which rows have bands in common: an index by band, and the candidates that it gives.

Of each band the index holds the rows that share its value with another row: value and place as one
number, in order. A band is sorted by one step, so all of them can be sorted at once.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corpus.dedup.near import BANDS, NEAR, SHARED, Bands
from corpus.dedup.near_texts import Floats, NearTexts, Places, similarities, spans
from corpus.records import Ints, Mask

_MATCHES = 4 << 20  # bands in common, looked at at once: 32 MB, and as much to sort them
_READ_AT_ONCE = 1 << 16  # bytes of an index: so few are read three times as fast as mapped
_BAND_BITS = 7
_PLACE_BITS = 32


class Pairs(NamedTuple):
    """Pairs of rows that are near."""

    ones: Places  # those that stand first in order
    others: Places
    alike: Floats
    band: npt.NDArray[np.uint8]  # the first one in common

    def where(self, chosen: "Mask | Ints") -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.ones[chosen], self.others[chosen], self.alike[chosen], self.band[chosen])


NO_PAIRS = Pairs(np.zeros(0, np.uint32), np.zeros(0, np.uint32), np.zeros(0), np.zeros(0, np.uint8))


def sort_bands(folder: Path, first: int, end: int) -> None:
    """Index some bands; leave also how many of these each row shares with another one."""
    bands = NearTexts(folder).bands(first, end)
    n_shared = np.zeros(bands.shape[1], np.uint8)
    for number, values in zip(range(first, end), bands, strict=True):
        packed = values.astype(np.uint64) << np.uint64(_PLACE_BITS)
        packed |= np.arange(len(values), dtype=np.uint64)
        packed.sort()
        ordered = packed >> np.uint64(_PLACE_BITS)
        same = np.concatenate(([False], ordered[1:] == ordered[:-1], [False]))
        packed = packed[same[1:] | same[:-1] if len(values) else same[:0]]
        n_shared[packed.astype(np.uint32)] += 1  # the lower half is the place
        _band_file(folder, number).write_bytes(packed.tobytes())
    _shared_file(folder, first).write_bytes(n_shared.tobytes())


def shared_bands(folder: Path, firsts: range, n_rows: int) -> npt.NDArray[np.uint8]:
    """Return how many bands each row shares with another one, given where the steps began."""
    n_shared = np.zeros(n_rows, np.uint8)
    for first in firsts:
        n_shared += np.fromfile(_shared_file(folder, first), np.uint8)
    return n_shared


def near_pairs(
    folder: Path, ones: Places, block: Places, reach: tuple[int, int], *, within: bool
) -> Pairs:
    """Return the pairs of some rows and of rows that stand behind them which are near.

    Args:
        folder: of the search.
        ones: the rows, at most `near_texts.MOST`, in order.
        block: rows, in order.
        reach: the second row of each pair is one of these, from the first to before the second.
        within: the second row of each pair is one of the block; else it is none of it.
    """
    texts = NearTexts(folder)
    own = texts.bands_of(ones)
    starts, counts = _ranges(folder, own, reach)
    in_reach = np.full(len(texts.rows), not within)
    in_reach[block] = within
    found = [NO_PAIRS]
    total = np.cumsum(counts.sum(axis=0))
    first = 0
    while first < len(ones):
        done = int(total[first - 1]) if first else 0
        end = max(first + 1, int(np.searchsorted(total, done + _MATCHES, "right")))
        group = slice(first, end)
        firsts, others, band = _candidates(
            folder, ones[group], (starts[:, group], counts[:, group]), in_reach
        )
        alike = similarities(texts, ones[group], (firsts, others), NEAR)
        found.append(Pairs(ones[group][firsts], others, alike, band).where(alike >= NEAR))
        first = end
    return joined(found)


def joined(some: list[Pairs]) -> Pairs:
    """Return several lists of pairs as one."""
    return Pairs(*map(np.concatenate, zip(*(NO_PAIRS, *some), strict=True)))


def _ranges(folder: Path, own: Bands, reach: tuple[int, int]) -> tuple[Ints, Ints]:
    """Return where the rows with a band in common begin in the index, and how many these are."""
    bounds = np.zeros((2, *own.shape), np.int64)
    for band in range(BANDS):
        packed = _index(folder, band)
        for number, place in enumerate(reach):
            wanted = own[band].astype(np.uint64) << np.uint64(_PLACE_BITS) | np.uint64(place)
            bounds[number, band] = np.searchsorted(packed, wanted)
    return bounds[0], bounds[1] - bounds[0]


def _candidates(
    folder: Path, ones: Places, ranges: tuple[Ints, Ints], in_reach: Mask
) -> tuple[Ints, Places, npt.NDArray[np.uint8]]:
    """Return the pairs with `SHARED` bands in common, sorted by the second row."""
    matches = [np.zeros(0, np.uint64)]
    for band, (starts, counts) in enumerate(zip(*ranges, strict=True)):
        others = _index(folder, band)[spans(starts, counts)].astype(np.uint32)
        firsts = np.repeat(np.arange(len(ones), dtype=np.uint64), counts)
        chosen = others > np.repeat(ones, counts)
        chosen &= in_reach[others]
        packed = others[chosen].astype(np.uint64) << np.uint64(32 - _BAND_BITS)
        packed = (packed | firsts[chosen]) << np.uint64(_BAND_BITS)
        matches.append(packed | np.uint64(band))
    packed = np.concatenate(matches)
    packed.sort()
    pair = packed >> np.uint64(_BAND_BITS)
    is_first = np.concatenate((np.ones(1, np.bool_), pair[1:] != pair[:-1]))[: len(pair)]
    first: Ints = np.flatnonzero(is_first)
    first = first[np.diff(np.append(first, len(pair))) >= SHARED]
    numbers: Ints = (pair[first] & np.uint64((1 << (32 - _BAND_BITS)) - 1)).astype(np.int64)
    others = (pair[first] >> np.uint64(32 - _BAND_BITS)).astype(np.uint32)
    band_of = (packed[first] & np.uint64((1 << _BAND_BITS) - 1)).astype(np.uint8)
    return numbers, others, band_of


def _index(folder: Path, band: int) -> npt.NDArray[np.uint64]:
    path = _band_file(folder, band)
    if path.stat().st_size <= _READ_AT_ONCE:
        return np.fromfile(path, "<u8")
    return np.memmap(path, "<u8", "r")


def _band_file(folder: Path, band: int) -> Path:
    return folder / f"band-{band:02}"


def _shared_file(folder: Path, first: int) -> Path:
    return folder / f"shared-{first:02}"
