"""Duplicates, and what other choices of options would have kept.

Exact duplicates are told by the keys alone, and so are other choices, which are counted without
near-duplicates: of the rows that another choice would have given no signature was made.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from corpus.dedup.keys import Keys, version_of
from corpus.dedup.near import NEAR, NearRows
from corpus.records import RAW_BYTES, Ints, Mask, Rejected

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


class Duplicates(NamedTuple):
    """For each key the place of its original, -1 if it is no duplicate, and how near the two are.

    A duplicate is never another's original. The nearness of exact duplicates is given as 0.
    """

    original: Ints
    nearness: Floats
    other_text: Mask  # of each: it has the id of its original, and another text


# What keeps the most, or about as much without joining the turns of different people.
MOST = {"multi_party": "nearest", "usr_ending": "trim", "overlong": "split"}
LOCATION = ["dialogue_id", "source", "split", "raw_file", "raw_offset"]  # what the ledger says
BATCH = 2_000  # duplicates are looked up and written at once: some megabytes of raw text

# Given the (raw_file, raw_offset) of some dialogues, yields each with its raw JSON, in any order.
ReadRaw = Callable[[Sequence[tuple[str, int]]], Iterable[tuple[tuple[str, int], bytes]]]


def find_duplicates(keys: Keys, dedup: str, near: NearRows | None) -> Duplicates:
    """Return which dialogues duplicate an earlier one that stays; `near` with `--dedup near`."""
    nearness = np.zeros(len(keys))
    if dedup == "off":
        return _duplicates(keys, np.full(len(keys), -1, np.int64), nearness)
    if near is None:
        return _duplicates(keys, duplicates_of(keys), nearness)
    suspects = near.suspects()
    exact = _Originals()
    found = np.full(len(keys), -1, np.int64)
    suspected = _occurs_twice(keys["id"]) | _occurs_twice(keys["text"])
    order = _in_order(keys)
    for place in order[(suspected | suspects)[order]].tolist():
        first, alike = exact.of(keys[place]), 0.0
        if first < 0 and suspects[place]:
            first, alike = near.nearest(place)
            if alike < NEAR:
                first = -1
        if first >= 0:
            found[place], nearness[place] = first, alike
        else:
            exact.keep(place, keys[place])
            near.keep(place)
    return _duplicates(keys, found, nearness)


def _duplicates(keys: Keys, original: Ints, nearness: Floats) -> Duplicates:
    same_id = (original >= 0) & (keys["id"] == keys["id"][original])
    return Duplicates(original, nearness, same_id & (keys["text"] != keys["text"][original]))


def duplicates_of(keys: Keys) -> Ints:
    """Return for each key the place of the one that it duplicates, by id or by text, or -1.

    The first in plan order stays, validation before test before train; but of one id that AIHub
    has published again in a newer folder, the newest. A duplicate is never another's original.
    """
    order = _in_order(keys)
    suspected = (_occurs_twice(keys["id"]) | _occurs_twice(keys["text"]))[order]
    exact = _Originals()
    found = np.full(len(keys), -1, np.int64)
    for place in order[suspected].tolist():
        found[place] = exact.of(keys[place])
        if found[place] < 0:
            exact.keep(place, keys[place])
    return found


def rejected_duplicates(
    duplicates: Duplicates, located: Sequence[pa.Table], read_raw: ReadRaw
) -> Iterator[list[Rejected]]:
    """Yield the duplicates as rejected dialogues, in plan order, some at once.

    Args:
        duplicates: as `find_duplicates` gives them.
        located: `LOCATION` of each of them and of each that one duplicates, in plan order.
        read_raw: looks up what stands in raw/; of two at one place (members of an archive may
            share their name) the last counts.
    """
    places = np.flatnonzero(duplicates.original >= 0)
    if not len(places):
        return
    known = np.union1d(places, duplicates.original[places])
    table = pa.concat_tables(located).combine_chunks()
    for start in range(0, len(places), BATCH):
        of_batch = places[start : start + BATCH]
        ones, firsts = (
            table.take(np.searchsorted(known, keys)).to_pylist()
            for keys in (of_batch, duplicates.original[of_batch])
        )
        raws: dict[tuple[str, int], tuple[bytes, tuple[int, str]]] = {}
        for place, raw in read_raw([(one["raw_file"], one["raw_offset"]) for one in ones]):
            raws[place] = raw[:RAW_BYTES], (len(raw), sha256(raw).hexdigest())
        yield [
            _rejected(one, first, nearness, *raws[one["raw_file"], one["raw_offset"]], other=other)
            for one, first, nearness, other in zip(
                ones,
                firsts,
                duplicates.nearness[of_batch].tolist(),
                duplicates.other_text[of_batch].tolist(),
                strict=True,
            )
        ]


def _rejected(
    one: dict[str, Any],
    first: dict[str, Any],
    nearness: float,
    raw: bytes,
    whole: tuple[int, str],
    *,
    other: bool,
) -> Rejected:
    same_split = one.pop("split") == first["split"]
    reason = "near_duplicate" if same_split else f"near_{first['split']}"
    how = f"{nearness:.3f} similar to"
    if not nearness:
        by = "id" if one["dialogue_id"] == first["dialogue_id"] else "text"
        reason, how = "duplicate", f"same {by} as"
    if other and one["source"] == first["source"]:  # 117 and 114 may differ in a dialogue
        reason, how = "other_version", "another text under the id of"
        if version_of(one["raw_file"]) < version_of(first["raw_file"]):
            how = "an older text of"
    where = f"{first['raw_file']} at {first['raw_offset']}"
    return Rejected(
        stage="commit",
        reason=reason,
        detail=f"{how} {first['dialogue_id']} in {where}",
        raw=raw,
        whole=whole,
        **one,
    )


def _in_order(keys: Keys) -> Ints:
    """Return the places in plan order, validation before test before train.

    The dialogues of one id in several versions stand where the first of them does, newest first.
    """
    order = np.argsort(-keys["held_out"].astype(np.int64), kind="stable")
    if not keys["version"].any():
        return order
    rank = np.empty(len(keys), np.int64)
    rank[order] = np.arange(len(keys))
    _, of_id = np.unique(keys["id"], return_inverse=True)
    first, newest, oldest = (np.zeros(len(keys), np.int64) for _ in range(3))
    first[:], oldest[:] = len(keys), np.iinfo(np.int64).max
    version = keys["version"].astype(np.int64)
    np.minimum.at(first, of_id, rank)
    np.maximum.at(newest, of_id, version)
    np.minimum.at(oldest, of_id, version)
    is_newer = (newest > oldest)[of_id]
    place = np.where(is_newer, first[of_id], rank)
    return np.lexsort((rank, np.where(is_newer, -version, 0), place))


class _Originals:
    """The dialogues that stay, by id and by text."""

    def __init__(self) -> None:
        self._by_id: dict[int, int] = {}
        self._by_text: dict[int, int] = {}

    def of(self, key: np.void) -> int:
        """Return the place of the one with the same id, or else the same text; -1 if none."""
        return self._by_id.get(int(key["id"]), self._by_text.get(int(key["text"]), -1))

    def keep(self, place: int, key: np.void) -> None:
        """Let the dialogue at `place` be an original."""
        self._by_id[int(key["id"])] = self._by_text[int(key["text"])] = place


def _occurs_twice(values: Any) -> Mask:  # noqa: ANN401 - one field of Keys, which numpy cannot type
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray(counts[places] > 1)


def rows_under(
    keys: Keys,
    *,
    multi_party: str,
    usr_ending: str,
    overlong: str,
    dedup: str = "exact",
    built_as: str = "drop",
) -> int:
    """Return how many rows the corpus would have under these options, near-duplicates included.

    `built_as` is the `multi_party` of the build that made the keys.
    """
    if multi_party != "drop" and (multi_party == "nearest") != (built_as == "nearest"):
        folded = keys["folded"]
        keys = keys.copy()
        for name in ("text", overlong):
            keys[name][folded] = keys[f"other_{name}"][folded]
    n_rows = keys[overlong]
    kept = n_rows > 0
    if multi_party == "drop":
        kept &= ~keys["folded"]
    if usr_ending != "trim":
        kept &= ~keys["trimmed"]
    chosen = keys[kept]
    if dedup != "off":
        chosen = chosen[duplicates_of(chosen) < 0]
    return int(chosen[overlong].sum())


def other_choices(
    keys: Keys, *, multi_party: str, usr_ending: str, overlong: str, dedup: str = "exact"
) -> dict[str, int]:
    """Return the rows that each other choice of the first three options would have kept.

    Each option is changed alone to what keeps the most, then all of them together; a build that
    drops groups counts what folding them would keep, too.
    """
    given = {"multi_party": multi_party, "usr_ending": usr_ending, "overlong": overlong}
    changes = [{name: value} for name, value in MOST.items() if given[name] != value]
    if len(changes) > 1:
        changes.append({name: value for change in changes for name, value in change.items()})
    if multi_party == "drop":
        changes.append({"multi_party": "fold"})
    return {
        " ".join(
            f"--{name.replace('_', '-')} {value}" for name, value in change.items()
        ): rows_under(keys, **(given | change), dedup=dedup, built_as=multi_party)
        for change in changes
    }
