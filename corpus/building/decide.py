"""What a commit decides before it writes a row, from the keys of all dialogues alone.

One process decides which dialogues go as duplicates and where each shard begins and ends. Then a
shard depends on these decisions and on some parts alone, and any process can write it.

Keys are read part by part. What stands at once is one column of them, and all of them for the
dialogues that may be duplicates.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from corpus.dedup.exact import (
    MOST,
    Duplicates,
    as_duplicates,
    choices,
    duplicates_of,
    occurs_twice,
    rows_of,
    rows_repeated,
)
from corpus.dedup.keys import HELD_OUT, KEY, Keys
from corpus.output.files import write_file
from corpus.output.result import ResultPaths, read_each
from corpus.records import SPLITS, Ints, Mask, Split
from corpus.report.of_keys import OfKeys

SHARD_ROWS = 50_000  # five row groups; the last shard of a split has fewer
AT_ONCE = 64  # parts whose keys are read at once

# Given the keys of all dialogues that have rows, and which of them may be exact duplicates.
FindNear = Callable[[Keys, Mask], Duplicates]
_NEAR_KEY = np.dtype([(name, KEY[name]) for name in ("id", "text", "held_out", "version", "rows")])
_GIVEN = ""  # the options of this build, among other choices


@dataclass(frozen=True, slots=True)
class Decisions:
    """What a commit decides.

    A dialogue's place counts all dialogues that have a key, in plan order.
    """

    starts: Ints  # of each part the place of its first dialogue, and at last their number
    duplicates: Duplicates
    n_rows: dict[Split, Ints]  # that each part gives to a split
    of_keys: OfKeys
    suspects: Keys  # of dialogues that share their id or a text with another one
    rows_under: dict[str, int]  # of all dialogues, by choices of options, this build's own first

    def going(self, part: int) -> Ints:
        """Return which dialogues of a part go, counted within the part."""
        first, end = np.searchsorted(self.duplicates.places, self.starts[part : part + 2])
        going: Ints = self.duplicates.places[first:end] - self.starts[part]
        return going


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows of one split in one part: those from `first` to before `end` that stay."""

    result: ResultPaths
    place: int  # of the part's first dialogue
    going: Ints  # dialogues of the part that go
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """Where the rows of one shard come from."""

    split: Split
    number: int
    slices: tuple[Slice, ...]


def decide(
    results: Sequence[ResultPaths], options: Mapping[str, Any], find_near: FindNear
) -> Decisions:
    """Decide which dialogues stay, and count what follows for rows and for other options."""
    suspects = _suspects(results, options["dedup"])
    starts, keys = _of_suspects(results, suspects)
    places = np.flatnonzero(suspects)
    duplicates = _duplicates(results, keys, places, options["dedup"], find_near)
    given = {name: options[name] for name in MOST}
    under = {_GIVEN: given} | choices(given)
    totals = dict.fromkeys(under, 0)
    of_keys = OfKeys()
    n_rows = {split: np.zeros(len(results), np.int64) for split in SPLITS}
    for part, of_part in enumerate(_each(results)):
        goes = np.zeros(len(of_part), np.bool_)
        first, end = np.searchsorted(duplicates.places, starts[part : part + 2])
        goes[duplicates.places[first:end] - starts[part]] = True
        kept = of_part[(of_part["rows"] > 0) & ~goes]
        of_keys.take(kept, of_part[goes])
        for held_out, split in enumerate(HELD_OUT):
            n_rows[split][part] = kept["rows"][kept["held_out"] == held_out].sum()
        for name, choice in under.items():
            totals[name] += int(rows_of(of_part, choice, given["multi_party"]).sum())
    return Decisions(starts, duplicates, n_rows, of_keys, keys, totals)


def choice_steps(
    decisions: Decisions, options: Mapping[str, Any], path: Path
) -> list[Callable[[], int]]:
    """Return the steps that count the rows that go as duplicates, under each choice of options.

    Args:
        decisions: of this build.
        options: of this build.
        path: where the suspects are left for them.
    """
    given = {name: options[name] for name in MOST}
    write_file(path, decisions.suspects.tobytes())
    return [
        partial(repeated_under, path, choice, given["multi_party"])
        for choice in ({_GIVEN: given} | choices(given)).values()
    ]


def repeated_under(path: Path, choice: Mapping[str, str], built_as: str) -> int:
    """Return what `rows_repeated` does of the suspects."""
    return rows_repeated(np.frombuffer(path.read_bytes(), KEY), choice, built_as)


def rows_kept(
    decisions: Decisions, repeated: Sequence[int], dedup: str
) -> tuple[int, dict[str, int]]:
    """Return how many rows there must be, counted another way, and how many under other options."""
    pairs = zip(decisions.rows_under.items(), repeated, strict=True)
    kept = {name: n - of_duplicates for (name, n), of_duplicates in pairs}
    n_rows = kept.pop(_GIVEN)
    if dedup == "near":  # these are counted with exact duplicates alone
        n_rows = int(sum(one.sum() for one in decisions.n_rows.values()))
    return n_rows, kept


def plan_shards(results: Sequence[ResultPaths], decisions: Decisions) -> list[ShardPlan]:
    """Return the shards of all splits: `SHARD_ROWS` rows each, the last of a split fewer."""
    shards = []
    for split in SPLITS:
        ends = np.cumsum(decisions.n_rows[split])
        n_rows = int(ends[-1]) if len(ends) else 0
        for number, first in enumerate(range(0, n_rows, SHARD_ROWS)):
            end = min(first + SHARD_ROWS, n_rows)
            parts = range(
                int(np.searchsorted(ends, first, "right")),
                int(np.searchsorted(ends, end, "left")) + 1,
            )
            slices = [
                _slice(results[part], part, decisions, split, (first, end), int(ends[part]))
                for part in parts
                if decisions.n_rows[split][part]
            ]
            shards.append(ShardPlan(split, number, tuple(slices)))
    return shards


def _slice(
    result: ResultPaths,
    part: int,
    decisions: Decisions,
    split: Split,
    rows: tuple[int, int],
    end: int,
) -> Slice:
    """Return what a part, whose last row of a split is the `end`-th, gives to some rows of it."""
    begin = end - int(decisions.n_rows[split][part])
    return Slice(
        result,
        int(decisions.starts[part]),
        decisions.going(part),
        max(rows[0] - begin, 0),
        min(rows[1], end) - begin,
    )


def _each(results: Sequence[ResultPaths]) -> Iterator[Keys]:
    """Yield the keys of each part, in plan order."""
    for start in range(0, len(results), AT_ONCE):
        yield from read_each(results[start : start + AT_ONCE], ResultPaths.read_keys)


def _suspects(results: Sequence[ResultPaths], dedup: str) -> Mask:
    """Return which dialogues share their id or a text with another one.

    All others are no duplicates, whatever the options are. A dialogue of more than two speakers has
    two texts, as it is folded one way or the other.
    """
    if dedup == "off":
        return np.zeros(sum(len(keys) for keys in _each(results)), np.bool_)
    suspects = occurs_twice(np.concatenate([keys["id"].copy() for keys in _each(results)]))
    texts, others, n = [], [], 0
    at: list[Ints] = []
    for keys in _each(results):
        texts.append(keys["text"].copy())
        has_two = np.flatnonzero(keys["folded"] & (keys["other_text"] != keys["text"]))
        others.append(keys["other_text"][has_two])
        at.append(n + has_two)
        n += len(keys)
    repeated = occurs_twice(np.concatenate([*texts, *others]))
    suspects |= repeated[:n]
    suspects[np.concatenate(at)[repeated[n:]]] = True
    return suspects


def _of_suspects(results: Sequence[ResultPaths], suspects: Mask) -> tuple[Ints, Keys]:
    """Return where the dialogues of each part begin, and the keys of the suspects."""
    starts, chosen = [0], [np.empty(0, KEY)]
    for keys in _each(results):
        starts.append(starts[-1] + len(keys))
        chosen.append(keys[suspects[starts[-2] : starts[-1]]])
    return np.array(starts), np.concatenate(chosen)


def _duplicates(
    results: Sequence[ResultPaths], keys: Keys, places: Ints, dedup: str, find_near: FindNear
) -> Duplicates:
    """Return the duplicates, given the keys of the suspects and their places."""
    if dedup == "near":
        return _near(results, places, find_near)
    chosen = keys["rows"] > 0
    original = duplicates_of(keys[chosen])
    goes = np.flatnonzero(original >= 0)
    found = as_duplicates(keys[chosen], goes, original[goes], np.zeros(len(goes)))
    return _placed(found, places[chosen])


def _near(results: Sequence[ResultPaths], places: Ints, find_near: FindNear) -> Duplicates:
    """Return exact and near-duplicates; the places are those that may be exact ones."""
    n, having_rows, of_rows = 0, [np.zeros(0, np.int64)], [np.zeros(0, _NEAR_KEY)]
    for keys in _each(results):
        chosen = np.flatnonzero(keys["rows"] > 0)
        having_rows.append(n + chosen)
        few = np.empty(len(chosen), _NEAR_KEY)
        for name in _NEAR_KEY.names or ():
            few[name] = keys[name][chosen]
        of_rows.append(few)
        n += len(keys)
    all_places = np.concatenate(having_rows)
    exact = np.isin(all_places, places)
    return _placed(find_near(np.concatenate(of_rows), exact), all_places)


def _placed(found: Duplicates, places: Ints) -> Duplicates:
    """Return duplicates among some dialogues, given the places of these among all."""
    return found._replace(places=places[found.places], originals=places[found.originals])
