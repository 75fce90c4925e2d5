"""The table of text rules: every rule of the corpus, in its order, and those of 2023."""

from corpus.options import CHOICES
from corpus.records import SOURCES, CorpusError
from corpus.text.brackets import ASIDE_RULES
from corpus.text.characters import CHARACTER_RULES
from corpus.text.chathuman import CHATHUMAN_RULES
from corpus.text.links import LAST_RULES, LINK_RULES
from corpus.text.masks import MASK_RULES
from corpus.text.personal import LAID_OPEN_RULES, PERSONAL, PERSONAL_RULES
from corpus.text.respell import respell_rules
from corpus.text.rule import Rule
from corpus.text.tags import OTHER_RULES, TAG_RULES
from corpus.text.writing import KEPT_RULES, LOST_RULES, MONEY_RULES, WRITING_RULES

RULES: tuple[Rule, ...] = (
    *(CHARACTER_RULES + OTHER_RULES + TAG_RULES + MASK_RULES + LINK_RULES + PERSONAL_RULES),
    *(
        ASIDE_RULES
        + MONEY_RULES
        + KEPT_RULES
        + LOST_RULES
        + WRITING_RULES
        + LAID_OPEN_RULES
        + LAST_RULES
    ),
)
TABLES = {"default": RULES, "chathuman": CHATHUMAN_RULES}


def table_of(rules: str, source: str, personal: str) -> tuple[Rule, ...]:
    """Return the rules called `default` or `chathuman`; with `personal="keep"` none that hides it.

    Raises:
        CorpusError: there are no such rules, no such source or no such choice.
    """
    if not isinstance(rules, str) or rules not in TABLES:
        raise CorpusError(f"there are no rules {rules!r}, only {' and '.join(TABLES)}")
    if source not in SOURCES:
        raise CorpusError(f"there is no source {source!r}, only {', '.join(SOURCES)}")
    if personal not in CHOICES["personal"]:
        raise CorpusError(f"personal can be {' or '.join(CHOICES['personal'])}, not {personal!r}")
    if personal == "keep":
        return tuple(rule for rule in TABLES[rules] if rule.replacement != PERSONAL)
    return TABLES[rules]


def with_respelling(table: tuple[Rule, ...], lacking: frozenset[str]) -> tuple[Rule, ...]:
    """Return a table with the rules for what is lacking before those of writing, if it is ours."""
    if WRITING_RULES[0] not in table:
        return table
    place = table.index(WRITING_RULES[0])
    return (*table[:place], *respell_rules(lacking), *table[place:])
