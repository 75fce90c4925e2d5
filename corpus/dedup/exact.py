"""Duplicates, and what other choices of options would have kept.

Exact duplicates are found by the keys alone, and so are other choices. These are counted without
near-duplicates, because no signature was made of the rows that another choice would have given.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np

from corpus.dedup.keys import Keys, version_of
from corpus.records import RAW_BYTES, Ints, Mask, Rejected

Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

# The values that keep most dialogues. `nearest` keeps about as many as `fold`, and never joins what
# different people said.
MOST = {"multi_party": "nearest", "usr_ending": "trim", "overlong": "split"}
# Why the commit leaves a dialogue out.
REPEATS = ("duplicate", "other_version", "near_duplicate", "near_validation", "near_test")
LOCATION = ["dialogue_id", "source", "split", "raw_file", "raw_offset"]  # what the ledger says


class Duplicates(NamedTuple):
    """The dialogues that go, in plan order, and for each the one that it repeats.

    A dialogue that goes is never the original of another one. The nearness of an exact duplicate is
    given as 0.
    """

    places: Ints
    originals: Ints
    nearness: Floats
    other_text: Mask  # of each: it has the id of its original, and another text


# Given the (raw_file, raw_offset) of some dialogues, yields each with its raw JSON, in any order.
ReadRaw = Callable[[Sequence[tuple[str, int]]], Iterable[tuple[tuple[str, int], bytes]]]


def duplicates_of(keys: Keys) -> Ints:
    """Return for each key the place of the one that it duplicates, by id or by text, or -1.

    The first in plan order stays, validation before test before train; but of one id that AIHub
    has published again in a newer folder, the newest. A duplicate is never another's original.
    """
    order = in_order(keys)
    order = order[(occurs_twice(keys["id"]) | occurs_twice(keys["text"]))[order]]
    kept = Originals()
    found = np.full(len(keys), -1, np.int64)
    for place, one, text in values_of(keys, order):
        found[place] = kept.of(one, text)
        if found[place] < 0:
            kept.keep(place, one, text)
    return found


def in_order(keys: Keys) -> Ints:
    """Return the places in the order of preference: validation, test, train; then plan order.

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


def values_of(keys: Keys, order: Ints) -> Iterator[tuple[int, int, int]]:
    """Yield place, id and text of some keys, as integers of Python."""
    ids, texts = (keys[name][order].tolist() for name in ("id", "text"))
    return zip(order.tolist(), ids, texts, strict=True)


class Originals:
    """The dialogues that stay, by id and by text."""

    def __init__(self) -> None:
        self._by_id: dict[int, int] = {}
        self._by_text: dict[int, int] = {}

    def of(self, one: int, text: int) -> int:
        """Return the place of the one with the same id, or else the same text; -1 if none."""
        return self._by_id.get(one, self._by_text.get(text, -1))

    def keep(self, place: int, one: int, text: int) -> None:
        """Let the dialogue at `place` be an original."""
        self._by_id[one] = self._by_text[text] = place


def as_duplicates(keys: Keys, places: Ints, originals: Ints, nearness: Floats) -> Duplicates:
    """Return some of these dialogues as duplicates of others of them."""
    ones, firsts = keys[places], keys[originals]
    other_text = (ones["id"] == firsts["id"]) & (ones["text"] != firsts["text"])
    return Duplicates(places, originals, nearness, other_text)


def occurs_twice(values: Any) -> Mask:  # noqa: ANN401 - one field of Keys, which numpy cannot type
    """Return for each value whether another one is equal to it.

    It holds one sorted copy of the values, and one place for each.
    """
    ordered = np.sort(values)
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    if not len(repeated):
        return np.zeros(len(values), np.bool_)
    places = np.searchsorted(repeated, values)
    places[places == len(repeated)] = 0
    return np.asarray(repeated[places] == values)


def rejected_duplicates(
    ones: Sequence[dict[str, Any]],
    firsts: Sequence[dict[str, Any]],
    nearness: Sequence[float],
    other_text: Sequence[bool],
    read_raw: ReadRaw,
) -> list[Rejected]:
    """Return some duplicates as rejected dialogues.

    Args:
        ones: `LOCATION` of each of them.
        firsts: and of the one that it repeats.
        nearness: of the two.
        other_text: as `Duplicates` has it.
        read_raw: looks up what stands in raw/; of two at one place (members of an archive may
            share their name) the last counts.
    """
    raws: dict[tuple[str, int], tuple[bytes, tuple[int, str]]] = {}
    for place, raw in read_raw([(one["raw_file"], one["raw_offset"]) for one in ones]):
        raws[place] = raw[:RAW_BYTES], (len(raw), sha256(raw).hexdigest())
    return [
        _rejected(one, first, alike, *raws[one["raw_file"], one["raw_offset"]], other=other)
        for one, first, alike, other in zip(ones, firsts, nearness, other_text, strict=True)
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
    same_split = one["split"] == first["split"]
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
        source=one["source"],
        dialogue_id=one["dialogue_id"],
        raw_file=one["raw_file"],
        raw_offset=one["raw_offset"],
        raw=raw,
        whole=whole,
    )


def rows_of(keys: Keys, choice: Mapping[str, str], built_as: str) -> Ints:
    """Return how many rows each dialogue has under other options, whatever it repeats.

    Args:
        keys: of the dialogues.
        choice: the options of `MOST`.
        built_as: the `multi_party` of the build that made the keys.
    """
    n_rows = keys[choice["overlong"]].astype(np.int64)
    if _reversed(choice, built_as):
        n_rows = np.where(keys["folded"], keys[f"other_{choice['overlong']}"], n_rows)
    if choice["multi_party"] == "drop":
        n_rows[keys["folded"]] = 0
    if choice["usr_ending"] != "trim":
        n_rows[keys["trimmed"]] = 0
    return n_rows


def rows_repeated(keys: Keys, choice: Mapping[str, str], built_as: str) -> int:
    """Return how many of the rows under these options go with their dialogues as duplicates."""
    n_rows = rows_of(keys, choice, built_as)
    if _reversed(choice, built_as):
        folded, keys = keys["folded"], keys.copy()
        keys["text"][folded] = keys["other_text"][folded]
    kept = n_rows > 0
    return int(n_rows[kept][duplicates_of(keys[kept]) >= 0].sum())


def _reversed(choice: Mapping[str, str], built_as: str) -> bool:
    """Say whether groups have the text and the rows that the keys call `other_`."""
    multi_party = choice["multi_party"]
    return multi_party != "drop" and (multi_party == "nearest") != (built_as == "nearest")


def choices(given: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return other choices of the options of `MOST`, by what is said on the command line.

    Each option is changed alone to what keeps the most, then all of them together; a build that
    drops groups counts what folding them would keep, too.
    """
    changes = [{name: value} for name, value in MOST.items() if given[name] != value]
    if len(changes) > 1:
        changes.append({name: value for change in changes for name, value in change.items()})
    if given["multi_party"] == "drop":
        changes.append({"multi_party": "fold"})
    return {
        " ".join(f"--{name.replace('_', '-')} {value}" for name, value in change.items()): {
            **given,
            **change,
        }
        for change in changes
    }
