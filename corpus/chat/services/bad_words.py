"""Bad words, and the words that only look like them: 시발점, 병신년, 새끼 고양이."""

import json
import re
from functools import cache
from importlib.resources import files

_BETWEEN = "[0-9*^~_]{0,2}"  # 시1발


@cache
def bad_word_pattern() -> re.Pattern[str]:
    """Return a pattern for all of `bad_words.json`."""
    table = json.loads(files("corpus.chat.services").joinpath("bad_words.json").read_text("utf-8"))
    return re.compile("|".join(_pattern(one["word"], one["not_in"]) for one in table["words"]))


def find_bad_word(text: str) -> str | None:
    """Return the first bad word of a text as it stands there.

    >>> find_bad_word("이런 시1발 뭐야"), find_bad_word("다시발라 봐. 여기가 시발점이야")
    ('시1발', None)
    """
    found = bad_word_pattern().search(text.lower())
    return found and found[0]


def _pattern(word: str, not_in: list[str]) -> str:
    """Return a pattern for a word that is not part of one of the others."""
    exceptions = []
    for other in not_in:
        before, _, behind = other.partition(word)
        exceptions.append(rf"(?!(?<={re.escape(before)}){re.escape(word + behind)})")
    return "(?:" + "".join(exceptions) + _BETWEEN.join(map(re.escape, word)) + ")"
