"""Is it good Korean: speech level, laughter, frequent turns and `<unk>` words.

These are rules of thumb, and the page says so. Nothing here decides what is in a corpus.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from heapq import nsmallest
from typing import Any, Literal

LISTED = 40  # words and turns
FREQUENT_BELOW = 80  # characters: a longer turn in a list is not shown whole

Speech = Literal["polite", "casual"]

# -ㅂ니다 and -ㅂ니까: 합니다, 습니까, but not 그러니까 or 다니다. A word that ends so is
# 존댓말, whatever follows it, because people type no full stops.
_BIEUP = "".join(chr(code) for code in range(ord("갑"), ord("힣") + 1, 28))
_ENDING = re.compile("(?:요|죠|니다|니까|시오)(?![가-힣])")  # the first look is a cheap one
_POLITE = re.compile(rf"(?:(?<=[가-힣])(?:요|죠|시오)|(?<=[{_BIEUP}])(?:니다|니까))(?![가-힣])")
_NOUN = re.compile("(?<![가-힣])(?:필|중|수|주|소|강|동|개|가|담|월|화|목|금|토|일)요(?![가-힣])")
_SYLLABLE = re.compile("[가-힣]")
_WORDS = re.compile(r"[^\s?!.,~^_'\"%;:/&+-]+")


def speech_of(turn: str) -> Speech | None:
    """Return the speech level of a turn, None if it has no Hangul syllable.

    >>> speech_of("네 알겠어요ㅋㅋ"), speech_of("그러니까 필요 없어"), speech_of("ㅇㅇ")
    ('polite', 'casual', None)
    """
    if _ENDING.search(turn) and _POLITE.search(_NOUN.sub("", turn)):
        return "polite"
    return "casual" if _SYLLABLE.search(turn) else None


def laughs(turn: str) -> bool:
    """Say whether there is a ㅋ or a ㅎ of its own in a turn."""
    return "ㅋ" in turn or "ㅎ" in turn


def weeps(turn: str) -> bool:
    """Say whether there is a ㅠ or a ㅜ of its own in a turn."""
    return "ㅠ" in turn or "ㅜ" in turn


def korean_of(dialogues: Sequence[tuple[str, Sequence[str]]]) -> dict[str, Any]:
    """Count speech level, laughter and frequent turns of dialogues, each given as topic and turns.

    Of `topics` the counters are by topic; `speech` counts turns, `speech_of_rows` dialogues.
    """
    turns = Counter(turn for _, said in dialogues for turn in said)
    speech = {turn: speech_of(turn) for turn in turns}
    of_turns: Counter[str] = Counter()
    for turn, n in turns.items():
        of_turns[speech[turn] or "unknown"] += n
    of_rows: Counter[str] = Counter()
    by_topic: dict[str, Counter[str]] = {}
    for topic, said in dialogues:
        found = {one for one in map(speech.__getitem__, said) if one}
        of_rows["mixed" if len(found) > 1 else next(iter(found), "unknown")] += 1
        counts = by_topic.setdefault(topic, Counter())
        counts["rows"] += 1
        counts["turns"] += len(said)
        counts["laughing"] += sum(map(laughs, said))
        counts["weeping"] += sum(map(weeps, said))
    repeated = [(-n, turn) for turn, n in turns.items() if n > 1]
    return {
        "rows": len(dialogues),
        "turns": turns.total(),
        "different_turns": len(turns),
        "speech": of_turns,
        "speech_of_rows": of_rows,
        "frequent_turns": [
            {"turn": turn[:FREQUENT_BELOW], "times": -n} for n, turn in nsmallest(LISTED, repeated)
        ],
        "topics": by_topic,
    }


def unknown_words(turns: Iterable[str], unknown: Collection[str]) -> list[dict[str, Any]]:
    """Return the words that cost most `<unk>` tokens, given the characters that become one.

    >>> unknown_words(["쫌 더!", "걔걔가 쫌 쫌", "나도"], "쫌걔")[0]
    {'word': '쫌', 'times': 3, 'tokens': 3}
    """
    strange = set(unknown)
    words = Counter(_WORDS.findall("\n".join(turns)))
    costs = {
        word: n * sum(character in strange for character in word)
        for word, n in words.items()
        if not strange.isdisjoint(word)
    }
    ranked = nsmallest(LISTED, costs, key=lambda word: (-costs[word], word))
    return [{"word": word, "times": words[word], "tokens": costs[word]} for word in ranked]
