"""Duplicates, and what other choices of options would have kept: both from the keys alone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.ledger import RAW_BYTES
from corpus.part import Keys
from corpus.records import Rejected

Places = np.ndarray[tuple[int], np.dtype[np.int64]]
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]

MOST = {"multi_party": "fold", "usr_ending": "trim", "overlong": "split"}  # keeps the most
LOCATION = ["dialogue_id", "source", "raw_file", "raw_offset"]  # the columns that tell a dialogue
BATCH = 2_000  # duplicates are looked up and written at once: some megabytes of raw text

# Given the (raw_file, raw_offset) of some dialogues, yields each with its raw JSON, in any order.
ReadRaw = Callable[[Sequence[tuple[str, int]]], Iterable[tuple[tuple[str, int], bytes]]]


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


def rejected_duplicates(
    duplicates: Places, located: Sequence[pa.Table], read_raw: ReadRaw
) -> Iterator[list[Rejected]]:
    """Yield the duplicates as rejected dialogues, in plan order, some at once.

    Args:
        duplicates: as `duplicates_of` gives them.
        located: `LOCATION` of each duplicate and each dialogue that one repeats, in plan order.
        read_raw: looks up what stands in raw/; of two at one place (members of an archive may
            share their name) the last counts.
    """
    places = np.flatnonzero(duplicates >= 0)
    if not len(places):
        return
    known = np.union1d(places, duplicates[places])
    table = pa.concat_tables(located).combine_chunks()
    for start in range(0, len(places), BATCH):
        of_batch = places[start : start + BATCH]
        ones, firsts = (
            table.take(np.searchsorted(known, keys)).to_pylist()
            for keys in (of_batch, duplicates[of_batch])
        )
        raws: dict[tuple[str, int], tuple[bytes, tuple[int, str]]] = {}
        for place, raw in read_raw([(one["raw_file"], one["raw_offset"]) for one in ones]):
            raws[place] = raw[:RAW_BYTES], (len(raw), sha256(raw).hexdigest())
        yield [
            _rejected(one, first, *raws[one["raw_file"], one["raw_offset"]])
            for one, first in zip(ones, firsts, strict=True)
        ]


def _rejected(
    one: dict[str, Any], first: dict[str, Any], raw: bytes, whole: tuple[int, str]
) -> Rejected:
    same = "id" if one["dialogue_id"] == first["dialogue_id"] else "text"
    where = f"{first['raw_file']} at {first['raw_offset']}"
    return Rejected(
        stage="commit",
        reason="duplicate",
        detail=f"same {same} as {first['dialogue_id']} in {where}",
        raw=raw,
        whole=whole,
        **one,
    )


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
