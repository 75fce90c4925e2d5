"""What a text rule is, and how a table of rules is applied to a batch.

A batch is one string, each of its utterances between two line feeds: one substitution in it is
several times cheaper than one in every utterance. So patterns are written for that string: no class
of characters may match a line feed, and `^` and `$` are the ends of an utterance. `regex` searches
fastest for what begins with a literal or with a single range, which is why many patterns do.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

import regex

from corpus.records import Source

Match = regex.Match[str]

LOOKS = 16  # at what a rule changed, to find samples that differ


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
    # What no pattern can say of a match; the rule fires where it holds. Such a match may be
    # personal data, and so is never shown as a sample.
    holds: Callable[[Match], bool] | None = None


class Samples:
    """What rules did to some utterances, `n` for each rule.

    Attributes:
        taken: for each rule, utterances before that rule and after that rule alone.
        looks: for each rule, how many utterances were looked at.
    """

    def __init__(self, n: int) -> None:
        self.n = n
        self.taken: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.looks: Counter[str] = Counter()

    def wants(self, name: str) -> bool:
        """Say whether more may be found."""
        return self.looks[name] < LOOKS and len(self.taken[name]) < self.n

    def take(self, name: str, before: str, after: str) -> None:
        """Look at one."""
        self.looks[name] += 1
        self.taken[name][before] = after


def in_lower_case(match: Match) -> str:
    """Return the match in lower case."""
    return match[0].lower()


@cache  # regex's own look-up costs 13 µs a call, which 50 rules on small batches would feel
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.MULTILINE)


def join(texts: list[str]) -> str:
    r"""Join utterances to a batch; a line feed inside one becomes a carriage return.

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


def apply(
    rules: Iterable[Rule],
    batch: str,
    source: Source,
    fired: Counter[str],
    samples: Samples | None = None,
) -> str:
    """Return `batch` after all of `rules`; `fired` counts how often each of them matched.

    With `samples`, some utterances that each rule changed are put there.
    """
    for rule in rules:
        while rule.only in (None, source):
            before = batch
            batch, times = _substituted(rule, batch)
            if times:
                fired[rule.name] += times
                if samples is not None and samples.wants(rule.name) and not rule.holds:
                    _take_samples(rule, before, times, samples)
            if not (times and rule.repeated):
                break
    return batch


def _take_samples(rule: Rule, batch: str, times: int, samples: Samples) -> None:
    """Take utterances of `batch` that `rule` changes.

    They are the next ones behind a place that a hash draws, and then those before it. What stands
    to be changed `times` times is looked for no longer than until it was seen.
    """
    pattern = _compiled(rule.pattern)
    digest = sha256(f"{rule.name}{batch[:1000]}".encode("utf-8", "replace")).digest()
    drawn = batch.find("\n", int.from_bytes(digest[:8], "big") % len(batch))
    for start, end in ((drawn, len(batch)), (0, drawn)):
        at = start
        while times and samples.wants(rule.name) and (match := pattern.search(batch, at)):
            inside = match.start() + (batch[match.start()] == "\n")
            at = batch.find("\n", inside)
            if match.start() >= end:
                break
            line = batch[batch.rfind("\n", 0, inside) : at + 1]
            after, n = pattern.subn(rule.replacement, line)
            samples.take(rule.name, line[1:-1], after[1:-1])
            times -= n


def _substituted(rule: Rule, batch: str) -> tuple[str, int]:
    """Return the batch after one pass of a rule, and how often it fired."""
    pattern, holds = _compiled(rule.pattern), rule.holds
    if holds is None:
        return pattern.subn(rule.replacement, batch)
    spans = [match.span() for match in pattern.finditer(batch) if holds(match)]
    chosen = {start for start, _ in spans}

    def replaced(match: Match) -> str:
        if match.start() not in chosen:
            return match[0]
        written = rule.replacement
        return match.expand(written) if isinstance(written, str) else written(match)

    return pattern.sub(replaced, batch), len(spans)


def places_of(triggers: Sequence[str], batch: str) -> list[int]:
    """Return which utterances of a batch hold one of the triggers, in order."""
    starts = {match.start() for one in triggers for match in _compiled(one).finditer(batch)}
    places, place, counted = set(), -1, 0
    for start in sorted(starts):
        place += batch.count("\n", counted, start)
        counted = start
        places.add(place)
    return sorted(places)


def where(trigger: str, change: Callable[[list[str]], list[str]], texts: list[str]) -> list[str]:
    """Return `texts`, those in which `trigger` matches changed by `change`."""
    search = re.compile(trigger).search  # in one short text faster than regex
    return at([k for k, text in enumerate(texts) if search(text)], change, texts)


def at(
    places: Sequence[int], change: Callable[[list[str]], list[str]], texts: list[str]
) -> list[str]:
    """Return `texts`, those at these places changed by `change`."""
    result = list(texts)
    for k, text in zip(places, change([texts[k] for k in places]), strict=True):
        result[k] = text
    return result


def count(pattern: str, texts: list[str]) -> Counter[str]:
    """Count the strings that `pattern`, which has no group, matches in `texts`."""
    return Counter(regex.findall(pattern, "\n".join(texts)))
