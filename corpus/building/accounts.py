"""The accounts of a commit: what the shards hold, the laws that must hold, the summary."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import pyarrow as pa

from corpus.building.unknown import Unknown
from corpus.counts import LISTED, Counts, most_of
from corpus.dedup.exact import MOST, Duplicates, rows_under
from corpus.dedup.keys import Keys
from corpus.records import SPLITS, CorpusError
from corpus.report.measure import coded


@dataclass(slots=True)
class Written:
    """What the shards hold."""

    dialogues: Counter[str] = field(default_factory=Counter)  # by source
    rows: Counter[str] = field(default_factory=Counter)  # by split and by source
    tokens: Counter[str] = field(default_factory=Counter)
    shards: list[dict[str, Any]] = field(default_factory=list)
    located: list[pa.Table] = field(default_factory=list)  # `LOCATION` of duplicates and firsts


def count_rows(kept: pa.Table, written: Written, unknown: Unknown) -> None:
    """Count rows on their way to the shards."""
    is_first = kept["part"].to_numpy() == 0
    n_tokens = kept["n_tokens"].to_numpy()
    for column in ("split", "source"):
        names, codes = coded(kept[column])
        for code, name in enumerate(names):
            of_name = codes == code
            written.rows[name] += int(of_name.sum())
            written.tokens[name] += int(n_tokens[of_name].sum())
            if column == "source":
                written.dialogues[name] += int((of_name & is_first).sum())
    n_unknown, n_respellable = unknown.count(kept)
    written.tokens["unk"] += n_unknown
    written.tokens["respellable"] += n_respellable


def check_laws(counts: Counts, written: Written, n_rows_expected: int) -> None:
    """Raise CorpusError unless everything that was read is accounted for."""
    rejected: Counter[str] = Counter()
    for name, n in counts["rejected"].items():
        rejected[name.partition("/")[0]] += n
    laws = [
        (
            f"{source} dialogues read",
            read,
            "written + rejected",
            written.dialogues[source] + rejected[source],
        )
        for source, read in counts["read"].items()
    ]
    utterances = counts["utterances"]
    laws += [
        (
            "utterances read",
            utterances["read"],
            "kept + dropped",
            utterances["kept"] + counts["dropped"].total(),
        ),
        (
            "rows written",
            sum(shard["rows"] for shard in written.shards),
            "rows of the keys",
            n_rows_expected,
        ),
    ]
    for left, n_left, right, n_right in laws:
        if n_left != n_right:
            raise CorpusError(
                f"{left} ({n_left:,}) are not {right} ({n_right:,}): a fault of corpus itself, "
                "please report it; nothing was written."
            )


def n_rows_expected(keys: Keys, duplicates: Duplicates, options: dict[str, Any]) -> int:
    """Return the rows under these options, by the keys; less those that are near others."""
    if options["dedup"] == "near":
        return int(
            keys["rows"].sum() - keys["rows"][keys["rows"] > 0][duplicates.original >= 0].sum()
        )
    given = given_choices(options)
    return rows_under(keys, **given, dedup=options["dedup"], built_as=given["multi_party"])


def given_choices(options: dict[str, Any]) -> dict[str, str]:
    """Return the options that decide which dialogues are kept."""
    return {name: options[name] for name in MOST}


def summary_of(counts: Counts, written: Written) -> dict[str, Any]:
    """Return what the manifest says of what was read, written and left out."""
    reasons: Counter[str] = Counter()
    sources: dict[str, dict[str, Any]] = {
        source: {
            "read": read,
            "written": written.dialogues[source],
            "rows": written.rows[source],
            "tokens": written.tokens[source],
            "rejected": {},
        }
        for source, read in counts["read"].items()
    }
    for name, n in counts["rejected"].items():
        source, _, reason = name.partition("/")
        sources[source]["rejected"][reason] = n
        reasons[reason] += n
    wrong_counts = {
        name: {"declared": declared, "found": counts["found"][name]}
        for name, declared in sorted(counts["declared"].items())
        if declared != counts["found"][name]
    }
    tags, other_tags = most_of(counts["tags"])
    return {
        "dialogues": {
            "read": counts["read"].total(),
            "written": written.dialogues.total(),
            "rejected": reasons.total(),
        },
        "reasons": reasons,
        "sources": sources,
        "rows": {split: written.rows[split] for split in SPLITS},
        "tokens": {split: written.tokens[split] for split in SPLITS},
        "unk_tokens": written.tokens["unk"],
        "unk_respellable": written.tokens["respellable"],
        "utterances": {"read": 0, "kept": 0}
        | counts["utterances"]
        | {"dropped": counts["dropped"]},
        "wrong_counts": dict(islice(wrong_counts.items(), LISTED)),
        "other_wrong_counts": max(0, len(wrong_counts) - LISTED),
        "tags": tags,
        "other_tags": other_tags,
    } | {
        name: counts[name]
        for name in (
            "broken",
            "drawn",
            "newer",
            "rules",
            "names",
            "people",
            "quirks",
            "turns_joined",
            "other_speaker",
        )
    }
