"""The numbers of the report: the manifest's section `report`, and what is read out of a manifest.

The page and `python -m corpus show` both read the manifest, through the functions here.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from corpus.counts import Counts, most_of
from corpus.report.counting import Measured

GIVEN_NAMES = 30  # are listed

# Which option keeps what was rejected for a reason, as `other_choices` names it.
KEPT_BY = {
    "multi_party": "--multi-party nearest",
    "ends_on_usr": "--usr-ending trim",
    "over_max_tokens": "--overlong split",
}
NEAR = ("near_duplicate", "near_validation", "near_test")  # kept by --dedup exact


@dataclass(frozen=True, slots=True)
class Loss:
    """Dialogues that were left out for one reason."""

    reason: str
    n: int
    option: str | None  # what keeps them, where another choice does
    gain: int | None  # rows that it would have more, where they would be of these dialogues


def report_numbers(measured: Measured, counts: Counts, unknown: str, one_in: int) -> dict[str, Any]:
    """Return the section `report` of the manifest."""
    numbers = measured.numbers(unknown)
    utterances = numbers["utterances"]
    left_out = counts["left_out"].copy()
    if in_duplicates := utterances.pop("in_duplicates"):
        left_out["duplicate"] = in_duplicates
    given = sorted(counts["given_names"].items(), key=lambda pair: (-pair[1], pair[0]))
    return numbers | {
        "utterances": utterances | {"left_out": left_out},
        "speakers": most_of(counts["speakers"])[0],
        "speakers_one_in": one_in,
        "surnames": counts["surnames"],
        "given_names": dict(given[:GIVEN_NAMES]),
        "people": sum(counts["surnames"].values()),
    }


def losses(manifest: Mapping[str, Any]) -> list[Loss]:
    """Return the losses by reason, the largest first, each with the option that would keep it."""
    n_rows = sum(manifest["rows"].values())
    found = []
    for reason, n in sorted(manifest["reasons"].items(), key=lambda pair: (-pair[1], pair[0])):
        option = KEPT_BY.get(reason)
        rows = manifest["other_choices"].get(option)
        # Splitting also gains rows of dialogues that were cut; how many of the gain is not known.
        is_known = rows is not None and reason != "over_max_tokens"
        gain = rows - n_rows if is_known else None
        option = "--dedup exact" if reason in NEAR else None if rows is None else option
        found.append(Loss(reason, n, option, gain))
    return found


def glance_lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the first minute of the page says: what was lost and why, is it good Korean."""
    dialogues, report = manifest["dialogues"], manifest["report"]
    n_rows, n_tokens = (sum(manifest[name].values()) for name in ("rows", "tokens"))
    n_read = dialogues["read"]
    yield f"lost     {dialogues['rejected'] / n_read:.1%} of {n_read:,} dialogues"
    for one in losses(manifest):
        gain = "" if one.gain is None else f": {one.gain:+,} rows"
        advice = f"; {one.option}{gain}" if one.option else ""
        yield f"           {one.n / n_read:6.1%} {one.reason}{advice}"
    tokens, turns = (median(added(report[name].values())) for name in ("tokens", "turns"))
    cut = f"{report['rows_cut']:,} cut at the limit"
    yield f"rows     {n_rows:,}, {cut}; median about {tokens} tokens, {turns} turns"
    speech = Counter(report["sample"]["speech"])
    told = speech["polite"] + speech["casual"]
    if told:
        share = f"{speech['polite'] / told:.1%} 존댓말, {speech['casual'] / told:.1%} 반말"
        yield f"speech   {share}, of {told:,} turns chosen by hash"
    words = " ".join(one["word"] for one in report["unknown"]["words"][:5])
    unknown = manifest["unk_tokens"] / n_tokens if n_tokens else 0
    yield f"<unk>    {unknown:.2%} of {n_tokens:,} tokens{f': {words} ...' if words else ''}"
    yield f"names    {manifest['names'].get('name', 0):,} filled in, {report['people']:,} people"


def median(counter: Mapping[str, int]) -> int:
    """Return the middle value of a histogram, whose names are numbers; 0 of an empty one.

    >>> median({"8": 1, "16": 2})
    16
    """
    left = sum(counter.values()) / 2
    for value in sorted(map(int, counter)):
        left -= counter[str(value)]
        if left <= 0:
            return value
    return 0


def added(counters: Iterable[Mapping[str, int]]) -> Counter[str]:
    """Add up histograms."""
    total: Counter[str] = Counter()
    for counter in counters:
        total.update(counter)
    return total
