"""Duplicates, and what other choices of options would have kept: both from the keys alone."""

from typing import Any

import numpy as np

from corpus.part import Keys

Places = np.ndarray[tuple[int], np.dtype[np.int64]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]

MOST = {"multi_party": "fold", "usr_ending": "trim", "overlong": "split"}  # keeps the most


def duplicates_of(keys: Keys) -> Places:
    """Return for each key the place of the one that it repeats, by id or by text, or -1.

    The first in plan order wins, validation before train, and a duplicate is nobody's first.
    """
    validation = keys["validation"]
    order = np.concatenate((np.flatnonzero(validation), np.flatnonzero(~validation)))
    repeated = (_repeats(keys["id"]) | _repeats(keys["text"]))[order]
    first_id: dict[int, int] = {}
    first_text: dict[int, int] = {}
    found = np.full(len(keys), -1, np.int64)
    for place in order[repeated].tolist():
        key, text = int(keys["id"][place]), int(keys["text"][place])
        if key in first_id:
            found[place] = first_id[key]
        elif text in first_text:
            found[place] = first_text[text]
        else:
            first_id[key] = first_text[text] = place
    return found


def _repeats(values: Any) -> Mask:  # noqa: ANN401 - one field of Keys, which numpy cannot type
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[places] > 1)


def rows_under(keys: Keys, *, multi_party: str, usr_ending: str, overlong: str) -> int:
    """Return how many rows the corpus would have under these options."""
    n_rows = keys[overlong]
    kept = n_rows > 0
    if multi_party != "fold":
        kept &= ~keys["folded"]
    if usr_ending != "trim":
        kept &= ~keys["trimmed"]
    chosen = keys[kept]
    return int(chosen[overlong][duplicates_of(chosen) < 0].sum())


def other_choices(
    keys: Keys, *, multi_party: str, usr_ending: str, overlong: str
) -> dict[str, int]:
    """Return the rows that each other choice of these three options would have kept.

    Each option is changed alone to what keeps the most, then all of them together.
    """
    given = {"multi_party": multi_party, "usr_ending": usr_ending, "overlong": overlong}
    changes = [{name: value} for name, value in MOST.items() if given[name] != value]
    if len(changes) > 1:
        changes.append({name: value for change in changes for name, value in change.items()})
    return {
        " ".join(
            f"--{name.replace('_', '-')} {value}" for name, value in change.items()
        ): rows_under(keys, **(given | change))
        for change in changes
    }
