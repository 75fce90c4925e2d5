"""The accounts of a commit: what the shards hold, the laws that must hold, the summary."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from corpus.counts import LISTED, Counts, most_of
from corpus.records import SPLITS, CorpusError


@dataclass(slots=True)
class Written:
    """What the shards hold."""

    dialogues: Counter[str] = field(default_factory=Counter)  # by source
    rows: Counter[str] = field(default_factory=Counter)  # by split and by source
    tokens: Counter[str] = field(default_factory=Counter)
    shards: list[dict[str, Any]] = field(default_factory=list)

    def add(self, told: Mapping[str, Any]) -> None:
        """Add one shard: as `write_shard` tells it."""
        self.dialogues.update(told["dialogues"])
        self.rows.update(told["rows"])
        self.tokens.update(told["tokens"])
        self.shards.append(told["shard"])


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
    newer, other_newer = most_of(counts["newer"])
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
        "newer": newer,
        **({"other_newer": other_newer} if other_newer["names"] else {}),
    } | {
        name: counts[name]
        for name in (
            "broken",
            "drawn",
            "rules",
            "names",
            "people",
            "quirks",
            "turns_joined",
            "other_speaker",
        )
    }
