"""What is measured of the replies: each column is one thing that can be counted, and no total."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from sacrebleu.metrics.chrf import CHRF

from corpus.chat.filters import is_parrot, reason_out
from corpus.chat.services.bad_words import find_bad_word
from corpus.chat.window import Reader
from corpus.evaluation.prompts import Prompt
from corpus.evaluation.replies import Rows

# Shares of replies; each is one thing that may be wrong with a reply.
FLAGS = ("empty", "unfinished", "loops", "generic", "parrot", "copied", "unknown", "unsafe")

MOST_BUDGET = 2000  # tokens of a row that are looked at for distinct words
COPIED_SYLLABLES = 8  # shorter replies are what anybody says
_FREQUENT = 10  # replies of a row that are its generic ones, if they were given more than once
_RUN = 4  # tokens: the same run twice is a loop
_RESAMPLES = 1000
_Z = 1.96  # for 95 %
_SYLLABLE = re.compile("[가-힣]")
_MARGIN = 0.1  # of all replies: what a row must have more of something than people to be named


@dataclass(frozen=True, slots=True)
class Judged:
    """A reply and what is wrong with it.

    Attributes:
        text: as the text rules leave it, which is how it is shown.
        ids: the tokens of this text.
        flags: of `FLAGS`.
        chrf: how many of its characters and runs of characters are the real reply's, 0 to 100; None
            where nobody knows the real one.
    """

    text: str
    ids: tuple[int, ...]
    flags: frozenset[str]
    chrf: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its 95 % interval (Wilson's)."""

    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """The columns of a row.

    Attributes:
        values: by the column's name; None where a row cannot have it.
        intervals: 95 % intervals of some of them.
        distinct_tokens: in how many tokens distinct ones were counted.
        is_short: these are fewer than of other rows, so that the ratios come out too high.
    """

    values: dict[str, float | None]
    intervals: dict[str, tuple[float, float]]
    distinct_tokens: int
    is_short: bool


def shown(rows: Rows, reader: Reader) -> list[str | None]:
    """Return replies as chat would show them; None where there is none."""
    texts = reader.texts(["" if one is None else one.text for one in rows.said])
    return [None if one is None else text or "" for one, text in zip(rows.said, texts, strict=True)]


def judge(
    rows: Rows, prompts: Sequence[Prompt], reader: Reader, in_train: Collection[str]
) -> list[Judged | None]:
    """Judge each reply, all but `generic`, which is a matter of the validation prompts alone."""
    texts = shown(rows, reader)
    of_texts = reader.ids([text or "" for text in texts])
    generic = _generic(
        [text for text, one in zip(texts, prompts, strict=True) if text and one.real]
    )
    chrf = CHRF()
    found: list[Judged | None] = []
    for said, text, ids, prompt in zip(rows.said, texts, of_texts, prompts, strict=True):
        if said is None or text is None:
            found.append(None)
            continue
        drawn = ids if said.ids is None else said.ids
        reason = reason_out(
            said.text, shown=text, asked="", answers=(), rules=reader.rules, is_bad=_is_bad
        )
        tests = {
            "empty": reason == "empty",
            "unfinished": said.finished is False,
            "loops": has_loop(drawn),
            "generic": text in generic,
            "parrot": reason != "empty" and is_parrot(text, prompt.asked),
            "copied": is_long(text) and text in in_train,
            "unknown": not reader.encoder.control_ids.isdisjoint(drawn),
            "unsafe": reason in ("dropped", "bad_word"),
        }
        score = chrf.sentence_score(text, [prompt.real]).score if prompt.real else None
        flags = frozenset(name for name, is_so in tests.items() if is_so)
        found.append(Judged(text, tuple(ids), flags, score))
    return found


def budget_of(rows: Sequence[Sequence[Judged]]) -> int:
    """Return how many tokens of each row are looked at for distinct words: of people's half.

    So they are the same for all models on a corpus, and as many for a model that says less.
    """
    return min(MOST_BUDGET, *(sum(len(one.ids) for one in row) // 2 for row in rows))


def measure(judged: Sequence[Judged], hits_at_1: Share | None, *, budget: int) -> Numbers:
    """Return the columns of a row, over the replies to validation prompts."""
    n = len(judged)
    ids = [one.ids for one in judged]
    n_tokens = sum(map(len, ids))
    scores = [one.chrf for one in judged if one.chrf is not None]
    low, high = interval_of_mean(scores)
    values: dict[str, float | None] = {
        "hits_at_1": None if hits_at_1 is None else hits_at_1.share,
        "chrf": _r(float(np.mean(scores))),
        "distinct_1": _r(distinct(ids, 1, budget)),
        "distinct_2": _r(distinct(ids, 2, budget)),
        "words": _r(sum(len(one.text.split()) for one in judged) / n),
        **{flag: _r(sum(flag in one.flags for one in judged) / n) for flag in FLAGS},
    }
    intervals = {"chrf": (_r(low), _r(high))}
    if hits_at_1 is not None:
        intervals["hits_at_1"] = (hits_at_1.low, hits_at_1.high)
    return Numbers(values, intervals, min(budget, n_tokens), is_short=n_tokens < budget)


def conspicuous(numbers: Numbers, people: Numbers, n: int) -> list[str]:
    """Return the flags of which a row has more than people have, by a tenth and beyond chance.

    >>> row, people = (
    ...     Numbers({flag: share for flag in FLAGS} | more, {}, 0, is_short=False)
    ...     for share, more in ((0.0, {"loops": 0.5, "empty": 0.1}), (0.05, {}))
    ... )
    >>> conspicuous(row, people, 200)
    ['loops']
    """
    found = []
    for flag in FLAGS:
        share, theirs = numbers.values[flag], people.values[flag]
        if share is not None and theirs is not None:
            beyond_chance = wilson(share, n).low > theirs
            if share >= theirs + _MARGIN and beyond_chance:
                found.append(flag)
    return found


def has_loop(ids: Sequence[int]) -> bool:
    """Say whether the same four tokens in a row stand in a reply twice.

    >>> has_loop([1, 2, 3, 4, 1, 2, 3, 4]), has_loop([1, 2, 3, 1, 2, 3]), has_loop([7] * 5)
    (True, False, True)
    """
    runs = [tuple(ids[k : k + _RUN]) for k in range(len(ids) - _RUN + 1)]
    return len(set(runs)) < len(runs)


def is_long(text: str) -> bool:
    """Say whether a reply is long enough for its being in train to mean something."""
    return len(_SYLLABLE.findall(text)) >= COPIED_SYLLABLES


def distinct(replies: Sequence[Sequence[int]], n: int, budget: int) -> float:
    """Return how many of the runs of `n` tokens in the first `budget` tokens are different ones.

    Runs do not reach from one reply into the next.

    >>> distinct([[1, 2], [1, 2], [1, 3]], 1, 4), distinct([[1, 2], [1, 2], [1, 3]], 2, 6)
    (0.5, 0.6666666666666666)
    """
    runs: list[tuple[int, ...]] = []
    left = budget
    for ids in replies:
        taken = ids[:left]
        left -= len(taken)
        runs += [tuple(taken[k : k + n]) for k in range(len(taken) - n + 1)]
    return len(set(runs)) / len(runs) if runs else 0.0


def wilson(share: float, n: int) -> Share:
    """Return a share of `n` with the interval in which the true one lies, 19 times of 20.

    >>> wilson(0.1, 200)
    Share(share=0.1, low=0.0657, high=0.1494)
    """
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z * sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2)) / (1 + _Z**2 / n)
    return Share(_r(share), _r(max(0.0, middle - half)), _r(min(1.0, middle + half)))


def interval_of_mean(values: Sequence[float]) -> tuple[float, float]:
    """Return the interval in which the mean lies in 95 % of drawings from the values.

    >>> interval_of_mean([5.0, 5.0])
    (5.0, 5.0)
    """
    drawn = np.random.default_rng(0).integers(len(values), size=(_RESAMPLES, len(values)))
    low, high = np.quantile(np.asarray(values)[drawn].mean(1), (0.025, 0.975))
    return float(low), float(high)


def hits(scores: Sequence[Sequence[float]]) -> list[float]:
    """Return for each prompt whether the first score is the highest; a tie is parted.

    >>> hits([[2.0, 1.0], [1.0, 2.0], [1.0, 1.0]])
    [1.0, 0.0, 0.5]
    """
    found = []
    for of_prompt in scores:
        best = max(of_prompt)
        found.append(1 / of_prompt.count(best) if of_prompt[0] == best else 0.0)
    return found


def _generic(texts: Sequence[str]) -> frozenset[str]:
    """Return the most frequent replies, of those that were given more than once."""
    ranked = sorted(Counter(texts).items(), key=lambda pair: (-pair[1], pair[0]))
    return frozenset(text for text, n in ranked[:_FREQUENT] if n > 1)


def _is_bad(text: str) -> bool:
    return bool(find_bad_word(text))


def _r(value: float) -> float:
    return round(value, 4)
