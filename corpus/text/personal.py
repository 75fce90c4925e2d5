"""Personal data that nobody masked: the utterance that holds it is dropped.

An invented number is worse than none. What is looked for says identifiers.py; here it becomes rules
of the table, once before the signs go and once on what all other rules have left, and is looked for
in a whole turn, too.
"""

from bisect import bisect, bisect_left
from collections.abc import Callable, Sequence
from itertools import accumulate

from corpus.text.identifiers import KINDS, TRIGGERS, find, spans_of
from corpus.text.rule import Match, Rule, join, places_of

PERSONAL = "\ue015"  # stands for a whole utterance that is dropped, as those of tags.py

# What `in_pieces` finds is counted beside the rules: name, why, example.
IN_PIECES = (
    "in_pieces",
    "personal data that several messages of a turn make up together",
    ("010 / 0000 1234", ""),
)


def in_pieces(texts: Sequence[str]) -> list[int]:
    """Return which messages of one turn hold pieces of personal data, as 010, 1234 and 5678 do.

    >>> in_pieces(["내 번호 010", "0000", "1234야", "응"])
    [0, 1, 2]
    """
    joined = " ".join(texts)
    if not places_of(TRIGGERS, joined):
        return []
    starts = [0, *accumulate(len(text) + 1 for text in texts)]
    found: set[int] = set()
    for kind in KINDS:
        for start, end in spans_of(kind, joined):
            found.update(range(bisect(starts, start) - 1, bisect_left(starts, end)))
    return sorted(found)


def where_pieces_begin(texts: list[str]) -> list[int]:
    """Return which of many messages may hold personal data together with those behind them."""
    return places_of(_ACROSS_MESSAGES, join(texts))


_ACROSS_MESSAGES = tuple(one.replace(r"\n", "").replace(" ", r"[ \n]") for one in TRIGGERS)


def _holds(kind: str) -> Callable[[Match], bool]:
    return lambda match: any(True for _ in spans_of(kind, match[0]))


PERSONAL_RULES = tuple(
    Rule(kind, "^.+$", PERSONAL, why, (example, ""), holds=_holds(kind))
    for kind, example, why in (
        ("resident_number", "900101-1234568", "a date of birth and a check digit"),
        ("phone", "공일공 0000 1234로 전화해", "mobile and fixed, spelt too; no firm's 1588"),
        ("email", "hong 골뱅이 네이버 닷컴", "골뱅이 is @, spelt"),
        ("account", "국민은행 123456-04-123456", "beside the name of a bank, or 계좌"),
        ("plate", "12가 3456 차주분", "not 25도, 10조 or 301호 beside a number"),
    )
)
LAID_OPEN_RULES = (
    Rule(
        "laid_open",
        "^.+$",
        PERSONAL,
        "personal data as the rules above have left it, or twice would not be once",
        ("010 0000 1234", ""),
        holds=lambda match: find(match[0]) is not None,
    ),
)
