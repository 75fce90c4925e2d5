"""The text rules: how an utterance is written in the corpus, as one ordered list.

The whole is a fixed point: normalising twice is normalising once. A batch equals its utterances one
by one. Numbers are kept: outside of asides and tags, the runs of 0-9 of an utterance are the same
after the character rules and at the end.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from corpus.records import Source
from corpus.text.brackets import ASIDE_RULES
from corpus.text.characters import CHARACTER_RULES
from corpus.text.identifiers import RAW_TRIGGERS, TRIGGERS
from corpus.text.inputs import texts_of
from corpus.text.links import LAST_RULES, LAST_TRIGGERS, LINK_RULES, LINK_TRIGGERS
from corpus.text.masks import MASK_RULES
from corpus.text.personal import LAID_OPEN_RULES, PERSONAL, PERSONAL_RULES
from corpus.text.respell import respell_rules
from corpus.text.rule import (
    Rule,
    Samples,
    apply,
    at,
    join,
    places_of,
    split,
    where,
)
from corpus.text.rules import table_of, with_respelling
from corpus.text.tags import OTHER_RULES, REASONS, TAG_RULES, count_tags, shown
from corpus.text.writing import (
    KEPT,
    KEPT_RULES,
    LETTERS_LOST,
    LOST_RULES,
    MONEY,
    MONEY_RULES,
    WRITING_RULES,
)

_NOT_KEPT = f"[^{KEPT}]"
# No character rule is about pictures.
_UNUSUAL = r"[^ -%'-~가-힣ㄱ-ㅣㅥ-ㆌㆎ\U0001f300-\U0001faff]"
_DROPPED = {"": "empty", PERSONAL: "personal_data"} | REASONS  # each one character at most


@dataclass(frozen=True, slots=True)
class Normalised:
    """A batch of utterances as the corpus writes them, with placeholders."""

    texts: list[str | None]  # one for each that was given; None: dropped
    dropped: dict[int, str]  # why, for each None: `empty` or one of `tags.REASONS`
    rules: Counter[str]  # how often each rule fired, by name
    tags: Counter[str]  # how often each tag and mask was there, as it was written


def normalise_texts(
    texts: list[str],
    *,
    rules: str = "default",
    source: Source = "summary",
    personal: str = "drop",
    lacking: frozenset[str] = frozenset(),
    samples: Samples | None = None,
) -> Normalised:
    """Normalise utterances of one source; fastest on some thousands at once.

    With `personal="keep"`, and by the rules of 2023, personal data stays; by ours the syllables
    that are `lacking` are respelt. With `samples`, some utterances that each rule changed are put
    there, with placeholders.

    Raises:
        CorpusError: there are no such rules, no such source or no such choice.
    """
    table = table_of(rules, source, personal)
    fired: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    if rules == "default":
        writing = respell_rules(lacking) + WRITING_RULES
        keep = personal == "keep"
        written = _by_default(texts, source, fired, tags, samples, writing=writing, keep=keep)
    else:
        tags.update(count_tags(texts, source))
        written = split(apply(table, join(texts), source, fired, samples))
    lines: list[str | None] = [*written]
    dropped = {
        k: _DROPPED[line] for k, line in enumerate(written) if len(line) < 2 and line in _DROPPED
    }
    for k in dropped:
        lines[k] = None
    return Normalised(lines, dropped, fired, tags)


def _by_default(
    texts: list[str],
    source: Source,
    fired: Counter[str],
    tags: Counter[str],
    samples: Samples | None,
    *,
    writing: tuple[Rule, ...],
    keep: bool,
) -> list[str]:
    """Apply RULES, each group only where there is a character that it is about.

    Five texts in six hold kept characters alone, so that only WRITING_RULES see them: 206,292
    utterances take 0.44 s instead of the 1.2 s that all rules on all texts took. Personal data may
    be in any of them, but few hold what triggers a closer look.
    """

    def by(rules: tuple[Rule, ...]) -> Callable[[list[str]], list[str]]:
        return lambda chosen: split(apply(rules, join(chosen), source, fired, samples))

    def marked(chosen: list[str]) -> list[str]:
        chosen = where(_UNUSUAL, by(CHARACTER_RULES), chosen)
        tags.update(count_tags(chosen, source))
        chosen = where("#@기타#", by(OTHER_RULES), chosen)
        chosen = where("@", by(TAG_RULES), chosen)
        chosen = where(r"\*", by(MASK_RULES), chosen)
        chosen = where(LINK_TRIGGERS, by(LINK_RULES), chosen)
        if not keep:
            chosen = at(places_of(RAW_TRIGGERS, join(chosen)), by(PERSONAL_RULES), chosen)
        chosen = where(r"[()<>=@+\-]", by(ASIDE_RULES), chosen)
        chosen = where(MONEY, by(MONEY_RULES), chosen)
        return where("/", by(LAST_RULES), by(KEPT_RULES)(chosen))

    batch = join(where(_NOT_KEPT, marked, texts))
    if LETTERS_LOST in batch:
        batch = apply(LOST_RULES, batch, source, fired, samples)
    batch = apply(writing, batch, source, fired, samples)
    written = at(places_of(LAST_TRIGGERS, batch), by(LAST_RULES), split(batch))
    if not keep:
        # WRITING_RULES hide no personal data, so texts that saw no other rule are looked at here.
        suspects = places_of(TRIGGERS, batch)
        unusual = [k for k in suspects if re.search(_NOT_KEPT, texts[k])]
        written = at(unusual, by(LAID_OPEN_RULES), written)
        written = at(sorted({*suspects} - {*unusual}), by(PERSONAL_RULES), written)
    return written


def normalise(
    texts: Iterable[str | None],
    *,
    rules: str = "default",
    source: Source = "summary",
    personal: str = "drop",
    lacking: frozenset[str] = frozenset(),
) -> list[str | None]:
    """Return each utterance as the corpus writes it, or None for one that the corpus drops.

    `texts` may be a list, a Series with any index, a generator; what is missing in it (None, NaN)
    stays None.

    Tags and masks that become a name, a place or an affiliation come back as `#@이름#`, `#@주소#`
    and `#@소속#`, so that normalising twice is normalising once. `lacking` are syllables that a
    tokenizer does not know: they are spelt with others, where that is known how.

    Raises:
        CorpusError: `texts` are no texts, or there are no such rules, source or choice.

    >>> normalise(["안녕ㅋㅋㅋㅋ (웃음)", "#@시스템#사진#", "#@이름#아 3000000원이야!!"])
    ['안녕ㅋㅋ', None, '#@이름#아 3000000원이야!']
    """
    given = texts_of(texts)
    told = [text for text in given if text is not None]
    normalised = normalise_texts(
        told, rules=rules, source=source, personal=personal, lacking=frozenset(lacking)
    )
    written = iter(normalised.texts)
    ready = [None if text is None else next(written) for text in given]
    return [None if text is None else shown(text) for text in ready]


def trace(
    text: str,
    *,
    rules: str = "default",
    source: Source = "summary",
    personal: str = "drop",
    lacking: frozenset[str] = frozenset(),
) -> list[tuple[str, str, str]]:
    """Return (rule, before, after) for each rule that changed `text`, placeholders as tags.

    A rule that drops the utterance leaves it empty.

    Raises:
        CorpusError: there are no such rules, no such source or no such choice.

    >>> trace("네ㅋㅋㅋㅠ")
    [('jamo_run', '네ㅋㅋㅋㅠ', '네ㅋㅋㅠ'), ('vowel_parted', '네ㅋㅋㅠ', '네ㅋㅋ ㅠ')]
    """
    steps = []
    batch, before = join([text]), text
    for rule in with_respelling(table_of(rules, source, personal), lacking):
        fired: Counter[str] = Counter()
        batch = apply((rule,), batch, source, fired)
        if fired and (after := shown(*split(batch))) != before:
            steps.append((rule.name, before, after))
            before = after
    return steps
