"""What is wrong with a whole document or with all of raw/, as the counts of a build show it."""

from collections.abc import Mapping

from corpus.reading.quirks import Problem, quirk_problems
from corpus.records import SPLITS

GARBLED_SHARE, GARBLED = 0.05, 3  # of a place's utterances, and so many at least
UNKNOWN_SHARE = 0.05  # of the tokens; real chat has 0.001 to 0.006


def problems_of(
    counts: Mapping[str, Mapping[str, int]], tokens: Mapping[str, int]
) -> list[Problem]:
    """Return what a build has to name: for each a reason, a place and what was counted there.

    Args:
        counts: of the items.
        tokens: of the rows, by split, and under `unk` those that are `<unk>`.
    """
    problems = [*quirk_problems(counts)]
    for place, n in sorted(counts.get("garbled", {}).items()):
        n_all = counts["beside_garbled"][place]
        if n >= GARBLED and n > GARBLED_SHARE * n_all:
            detail = f"{n:,} of {n_all:,} utterances lost most of their letters: wrong encoding?"
            problems.append(Problem(reason="garbled_text", place=place, detail=detail))
    n_tokens = sum(tokens[split] for split in SPLITS)
    if tokens["unk"] > UNKNOWN_SHARE * n_tokens:
        detail = (
            f"{tokens['unk'] / n_tokens:.1%} of the tokens are <unk>, in Korean chat it is below "
            "1 %: is the text Korean, is its encoding right, is the tokenizer a Korean one?"
        )
        problems.append(Problem(reason="unknown_tokens", place="all of raw/", detail=detail))
    return problems
