"""The search for near-duplicates, in steps: bands are sorted and rows compared by many processes.

What is decided is in corpus/dedup/near_search.py, and it depends on neither steps nor workers.
"""

from collections.abc import Sequence
from functools import partial
from hashlib import sha256
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from shutil import rmtree
from typing import Any, Protocol

import numpy as np

from corpus.building.commit_steps import Pieces
from corpus.building.waiting import Step
from corpus.building.writing import RECORDS, Writing
from corpus.dedup.exact import Duplicates, in_order
from corpus.dedup.keys import Keys
from corpus.dedup.near import BANDS
from corpus.dedup.near_bands import Pairs, joined, near_pairs, shared_bands, sort_bands
from corpus.dedup.near_search import NearSearch, rows_in_order
from corpus.dedup.near_texts import Places, write_order
from corpus.output.files import write_file
from corpus.output.result import ResultPaths
from corpus.records import CorpusError, Ints, Mask

PARTS = 16  # are proved by one step
VALUES = 1 << 24  # of bands are sorted by one step
MOST_BANDS = 10  # by one step
# What one step compares: rows with all rows behind them, or with a part of these. So there is work
# for many workers even where few rows stay.
ROWS = 2_048
OTHERS = 1 << 15
STEPS = 64  # at once, before there is more than one for the same rows
_FOLDER = "near"  # in RECORDS: what the search needs, gone when it is done


def find_near(
    writing: Writing, results: Sequence[ResultPaths], pieces: Pieces, keys: Keys, exact: Mask
) -> Duplicates:
    """Return the exact and near-duplicates among the dialogues that have rows.

    Args:
        writing: what all steps share.
        results: all parts.
        pieces: has steps done.
        keys: of those dialogues, in plan order.
        exact: which of them may be exact duplicates.
    """
    name = "near-duplicates"
    path = writing.aside / RECORDS / f"{name}.npz"
    if writing.made_before(name) is not None:
        with np.load(path) as found:
            return Duplicates(*(found[column] for column in Duplicates._fields))
    folder = writing.aside / RECORDS / _FOLDER
    rmtree(folder, ignore_errors=True)
    folder.mkdir()
    groups = [results[start : start + PARTS] for start in range(0, len(results), PARTS)]
    told = pieces.made([partial(near_files, group, folder) for group in groups])
    found = search(folder, [part for of_group in told for part in of_group], keys, exact, pieces)
    content = BytesIO()
    np.savez(content, **found._asdict())
    write_file(path, content.getvalue())
    writing.made(name, {}, {path: sha256(content.getvalue()).hexdigest()})
    rmtree(folder)
    return found


class DoesSteps(Protocol):
    """Does steps somewhere; `corpus.building.commit_steps.Pieces` documents it."""

    def made(self, steps: Sequence[Step]) -> list[Any]:
        """Do some steps and return their answers in order."""


def search(
    folder: Path,
    parts: Sequence[tuple[Path, int]],
    keys: Keys,
    exact: Mask,
    pieces: DoesSteps,
) -> Duplicates:
    """Return the exact and near-duplicates.

    Args:
        folder: empty; what the search needs is written here.
        parts: what `near_bytes` gave for each part, in plan order, and how many rows it has.
        keys: as `find_near` has them, and so is `exact`.
        exact: which dialogues may be exact duplicates.
        pieces: has steps done.
    """
    order = in_order(keys)
    n_rows: Ints = keys["rows"].astype(np.int64)
    rows = rows_in_order(order, n_rows)
    if sum(n for _, n in parts) != len(rows):
        raise CorpusError(
            f"The parts beside {folder} do not belong together: build again with --fresh."
        )
    write_order(folder, parts, rows)
    at_once = min(MOST_BANDS, max(1, VALUES // max(1, len(rows))))
    firsts = range(0, BANDS, at_once)
    pieces.made(
        [partial(sort_bands, folder, first, min(first + at_once, BANDS)) for first in firsts]
    )
    n_shared = shared_bands(folder, firsts, len(rows))
    of_search = NearSearch(keys, order, exact, n_shared)
    return of_search.run(partial(_pairs, folder, pieces, len(n_shared)))


def near_files(results: Sequence[ResultPaths], folder: Path) -> list[tuple[Path, int]]:
    """Return the signatures of some parts as files of this machine, and their numbers of rows."""
    files = [result.near_file(folder) for result in results]
    return [(path, int(np.fromfile(path, "<i8", 1)[0])) for path in files]


def _pairs(
    folder: Path,
    pieces: DoesSteps,
    n_rows: int,
    ones: Places,
    block: Places,
    within: bool,  # noqa: FBT001 - as NearSearch calls it
) -> Pairs:
    """Return the near pairs of some rows, counted out in several steps."""
    if not len(ones):
        return joined([])
    first, end = int(ones[0]), int(block[-1]) + 1 if within else n_rows
    groups = [ones[start : start + ROWS] for start in range(0, len(ones), ROWS)]
    n = min(-(-(end - first) // OTHERS), -(-STEPS // len(groups)))
    bounds = np.linspace(first, end, n + 1).astype(int).tolist()
    return joined(
        pieces.made(
            [
                partial(near_pairs, folder, group, block, reach, within=within)
                for reach in pairwise(bounds)
                for group in groups
            ]
        )
    )
