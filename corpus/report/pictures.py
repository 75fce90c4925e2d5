"""Lists for the page, read out of the manifest, so that its sections only loop over them."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from corpus.names.lexicon import SURNAME_STEPS, SURNAMES
from corpus.names.particles import NOTHING, PARTICLES, SYLLABLE
from corpus.options import flags_of
from corpus.report import charts
from corpus.report.numbers import added, losses, median
from corpus.report.of_keys import BIN

SURNAMES_SHOWN = 15
TURNS_SHOWN = 80  # of a dialogue
LABELS_SHOWN = 10  # ages of a source


def most_first(counter: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the entries of a counter, the largest first."""
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))


def dialogue_flow(manifest: Mapping[str, Any]) -> charts.Flow:
    """Return the flow of the dialogues: written first, then each loss."""
    left_out = [(one.n, charts.LONG if one.option else charts.LABEL) for one in losses(manifest)]
    return charts.flow([(manifest["dialogues"]["written"], charts.LONG), *left_out])


def utterance_parts(manifest: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return where the utterances went: (kind, reason, how many)."""
    where = manifest["report"]["utterances"]
    parts = [
        ("rows", "", where["in_rows"]),
        ("left_out", "", sum(where["left_out"].values())),
        ("cut", "", where["cut"]),
        *(("dropped", reason, n) for reason, n in most_first(manifest["utterances"]["dropped"])),
    ]
    return [part for part in parts if part[2]]


def groups(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return lengths by source and by split, all pictures with the same scales."""
    report, cap = manifest["report"], manifest["options"]["max_tokens"]
    names = [("source", name) for name in manifest["sources"]]
    names += [("split", name) for name in manifest["rows"]]
    found: list[dict[str, Any]] = []
    for kind, name in names:
        place = 0 if kind == "source" else 1
        tokens, turns = (
            added(
                counter
                for group, counter in report[what].items()
                if group.split("/")[place] == name
            )
            for what in ("tokens", "turns")
        )
        if tokens:
            found.append(
                {
                    "kind": kind,
                    "name": name,
                    "rows": tokens.total(),
                    "tokens": tokens,
                    "turns": turns,
                    "median_tokens": median(tokens),
                    "median_turns": median(turns),
                }
            )
    all_tokens, all_turns = ([one[what] for one in found] for what in ("tokens", "turns"))
    for one in found:
        one["tokens"] = charts.histogram(one["tokens"], step=BIN, cap=cap, beside=all_tokens)
        one["turns"] = charts.histogram(one["turns"], step=1, beside=all_turns)
    return found


def speakers(counter: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return for each source how many speakers were looked at, by age and by sex."""
    sources: dict[str, dict[tuple[str, str], int]] = {}
    for name, n in counter.items():
        source, age, sex = [*name.split("/"), "", ""][:3]
        sources.setdefault(source, {})[age or "?", sex or "?"] = n
    found = []
    for source, cells in sorted(sources.items()):
        by_age: Counter[str] = Counter()
        by_sex: Counter[str] = Counter()
        for (age, sex), n in cells.items():
            by_age[age] += n
            by_sex[sex] += n
        ages = sorted(age for age, _ in by_age.most_common(LABELS_SHOWN))
        sexes = sorted([sex for sex, _ in most_first(by_sex)][:3])
        found.append(
            {
                "source": source,
                "n": sum(cells.values()),
                "most": max(cells.values()),
                "sexes": [(sex, by_sex[sex]) for sex in sexes],
                "ages": [
                    (age, by_age[age], [(sex, cells.get((age, sex), 0)) for sex in sexes])
                    for age in ages
                ],
            }
        )
    return found


def surnames(counter: Mapping[str, int]) -> list[tuple[str, int, float]]:
    """Return the surnames that are most common in Korea: how often they were given, and the census.

    The last one is their share of all people whose surname is in the census table.
    """
    weights = [b - a for a, b in zip((0, *SURNAME_STEPS), SURNAME_STEPS, strict=False)]
    of_all = zip(SURNAMES, weights, strict=True)
    return [
        (surname, counter.get(surname, 0), weight / SURNAME_STEPS[-1])
        for surname, weight in list(of_all)[:SURNAMES_SHOWN]
    ]


def particles(names: Mapping[str, int]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return what followed invented names, by how the name has to end."""
    found: dict[str, Counter[str]] = {ending: Counter() for ending in ("C", "O", "any")}
    for particle, n in names.items():
        if particle in PARTICLES:
            found[PARTICLES[particle].given_ending][particle] = n
        elif particle in (NOTHING, SYLLABLE):
            found["any"][particle] = n
    return [(ending, most_first(counter)) for ending, counter in found.items() if counter]


def bubbles(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with the tokens of each turn."""
    ends = [*row["turn_starts"][1:], len(row["token_ids"])]
    n_tokens = [end - start for start, end in zip(row["turn_starts"], ends, strict=True)]
    turns = [
        (message["role"], message["content"], n)
        for message, n in zip(row["messages"], n_tokens, strict=True)
    ]
    return row | {
        "turns": turns[:TURNS_SHOWN],
        "n_hidden": len(turns[TURNS_SHOWN:]),
        "n_turns": len(turns),
        "n_tokens": len(row["token_ids"]),
    }


def command(manifest: Mapping[str, Any]) -> str:
    """Return the command that builds the corpus again."""
    tokenizer = f"--tokenizer {manifest['tokenizer']['name']}"
    build = "python -m corpus build raw/ processed/"
    return " ".join([build, tokenizer, *flags_of(manifest["options"])])
