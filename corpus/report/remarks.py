"""What a person should know of raw/ and no table shows, in sentences.

They are for `check`, for the end of a build and for the page.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from corpus.records import ABOUT

NAMED = 20  # problems are listed; the others are counted
FOLDERS = 8  # newer ones are named
REASONS = 3  # are named where no row was written


def drawn_lines(drawn: Mapping[str, int]) -> Iterator[str]:
    """Yield whose split is drawn, given the dialogues by source."""
    for source, n in sorted(drawn.items()):
        if n:
            yield f"no path tells the split of {n:,} dialogues of {source}: drawn by a hash"


def size_lines(dialogues: Mapping[str, int]) -> Iterator[str]:
    """Yield where validation is larger than train, given the dialogues by source/split."""
    for source in ABOUT:
        train, validation = (dialogues.get(f"{source}/{one}", 0) for one in ("train", "validation"))
        if validation > train:
            yield (
                f"validation is larger than train in {source}: {validation:,} to {train:,}; "
                "is the download of train complete?"
            )


def remark_lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what there is to say of a finished build."""
    yield from drawn_lines(manifest.get("drawn", {}))
    rows: Counter[str] = Counter()
    for name, lengths in manifest["report"]["turns"].items():
        source, _, split = name.partition("/")
        rows[f"{source}/{'train' if split == 'test' else split}"] += sum(lengths.values())
    yield from size_lines(rows)
    n_other = manifest["reasons"].get("other_version", 0)
    if n_other:
        folders = sorted(manifest.get("newer", {}))
        n_more = len(folders[FOLDERS:]) + manifest.get("other_newer", {}).get("names", 0)
        newer = ", ".join(folders[:FOLDERS]) + (f" and {n_more:,} more" if n_more else "")
        which = f"; a newer folder wins: {newer}" if newer else ""
        yield (
            f"{n_other:,} dialogues have the id of another one and another text{which}; "
            "show --reason other_version lists them"
        )


def problem_lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with whole documents of a build."""
    problems = manifest.get("problems", [])
    for one in problems[:NAMED]:
        yield f"{one['reason']}: {one['place']}: {one['detail']}"
    if problems[NAMED:]:
        yield f"{len(problems) - NAMED:,} more are in the manifest"
    if n := manifest.get("other_problems", 0):
        yield f"{n:,} more are in no list"


def no_row_line(manifest: Mapping[str, Any]) -> str:
    """Return why a build has no row, and which options would give some."""
    reasons = Counter(manifest["reasons"] or manifest["broken"]).most_common(REASONS)
    why = ", ".join(f"{n:,} as {reason}" for reason, n in reasons)
    choices = manifest["other_choices"].items()
    other = next((f"{choice} gives {n:,} rows" for choice, n in choices if n), "")
    advice = other or "`python -m corpus check RAW` says where"
    n_read = manifest["dialogues"]["read"]
    return f"No row was written: all of {n_read:,} dialogues were rejected, {why}; {advice}."
