"""Near-duplicates: rows whose texts share most of their shingles, found by MinHash.

The shingles of a row are the runs of `SHINGLE` characters of its turns, joined by line feeds; how
near two rows are is the Jaccard similarity of these sets, of the texts before names are invented or
as they are written, whichever is more. From `NEAR` on they are near.

A row's signature depends on the row alone, so the items make it. Rows with `SHARED` bands in common
are candidates (near_bands.py), whose shingles are counted out (near_texts.py). A row goes only if
it is near one that stays (near_search.py): nothing is chained, and what only common phrases join
stays apart. Of pairs just at `NEAR` one in 5,000 is not found, of those at 0.65 one in 300,000.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

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
        codes = codes_of(np.concatenate(batch))
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
    return np.unique(codes_of(_utf16(text)))


def near_bytes(rows: Sequence[Texts]) -> bytes:
    """Return what a part stores of its rows: their number, bands, ends of texts, and texts."""
    texts = [text for row in rows for text in (row.before, row.written)]
    texts[1::2] = ["" if row.before == row.written else row.written for row in rows]
    encoded = [text.encode("utf-16-le", "surrogatepass") for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype="<i8")
    number = np.array([len(rows)], "<i8")
    bands = bands_of([row.before for row in rows]).astype("<u4")
    return b"".join((number.tobytes(), bands.tobytes(), ends.tobytes(), *encoded))


def _utf16(text: str) -> npt.NDArray[np.uint16]:
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")


def codes_of(units: npt.NDArray[np.uint16]) -> Codes:
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
