"""What a text rule is, and how a table of rules is applied to a batch.

A batch is one string, each of its utterances between two line feeds: one substitution in it is
several times cheaper than one in every utterance. So patterns are written for that string: no class
of characters may match a line feed, and `^` and `$` are the ends of an utterance. `regex` searches
fastest for what begins with a literal or with a single range, which is why many patterns do.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import regex

from corpus.records import Source

Match = regex.Match[str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One small named idea about how a text is written.

    No pattern matches what its rule puts in place of a match, so a rule that fired is a rule that
    changed something.
    """

    name: str
    pattern: str
    replacement: str | Callable[[Match], str]
    why: str
    example: tuple[str, str]  # before and after this rule alone, placeholders shown as tags
    only: Source | None = None  # None: every source
    repeated: bool = False  # until nothing matches


def in_lower_case(match: Match) -> str:
    """Return the match in lower case."""
    return match[0].lower()


@cache  # regex's own look-up costs 13 µs a call, which 50 rules on small batches would feel
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.MULTILINE)


def join(texts: list[str]) -> str:
    r"""Join utterances to a batch; a line feed inside one becomes the other line end.

    >>> join(["안녕\n나야", "응"])
    '\n안녕\r나야\n응\n'
    """
    batch = "\n".join(["", *texts, ""])
    if batch.count("\n") > len(texts) + 1:
        return join([text.replace("\n", "\r") for text in texts])
    return batch


def split(batch: str) -> list[str]:
    r"""Return the utterances of a batch.

    >>> split("\n안녕\n응\n")
    ['안녕', '응']
    """
    return batch.split("\n")[1:-1]


def apply(rules: Iterable[Rule], batch: str, source: Source, fired: Counter[str]) -> str:
    """Return `batch` after all of `rules`; `fired` counts how often each of them matched."""
    for rule in rules:
        while rule.only in (None, source):
            batch, times = _compiled(rule.pattern).subn(rule.replacement, batch)
            if times:
                fired[rule.name] += times
            if not (times and rule.repeated):
                break
    return batch


def where(trigger: str, change: Callable[[list[str]], list[str]], texts: list[str]) -> list[str]:
    """Return `texts`, those in which `trigger` matches changed by `change`."""
    search = re.compile(trigger).search  # in one short text faster than regex
    chosen = [k for k, text in enumerate(texts) if search(text)]
    result = list(texts)
    for k, text in zip(chosen, change([texts[k] for k in chosen]), strict=True):
        result[k] = text
    return result


def count(pattern: str, texts: list[str]) -> Counter[str]:
    """Count the strings that `pattern`, which has no group, matches in `texts`."""
    return Counter(regex.findall(pattern, "\n".join(texts)))
