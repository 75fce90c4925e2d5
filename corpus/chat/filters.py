"""Why a candidate may not be shown, decided on texts alone."""

import re
from collections.abc import Callable, Sequence

from corpus.text.normalisation import normalise_texts

PARROT_SHARE = 0.8  # of the words of the message
_PARROT_WORDS = 4
_AGAIN_REPLIES = 4
_AGAIN_SYLLABLES = 4
_SAYS_SOMETHING = re.compile("[가-힣0-9a-zㅋㅎㅠ]")
_SYLLABLE = re.compile("[가-힣]")
_WORD = re.compile("[가-힣ㄱ-ㆎ0-9a-z]+")


def reason_out(
    text: str,
    *,
    shown: str,
    asked: str,
    answers: Sequence[str],
    rules: str,
    is_bad: Callable[[str], bool],
) -> str:
    """Return why a reply may not be shown, or nothing.

    Args:
        text: as the model wrote it.
        shown: as it would be shown, by the text rules.
        asked: the message that it answers, as the model read it.
        answers: the replies before it.
        rules: the text rules.
        is_bad: tells whether a text holds a bad word.
    """
    if not _SAYS_SOMETHING.search(shown):
        return "empty"
    if normalise_texts([text], rules=rules).dropped:  # with `personal="drop"`
        return "dropped"
    if is_bad(shown):
        return "bad_word"
    if is_parrot(shown, asked):
        return "parrot"
    words = words_of(shown)
    if len(_SYLLABLE.findall(shown)) >= _AGAIN_SYLLABLES and any(
        words == words_of(answer) for answer in answers[-_AGAIN_REPLIES:]
    ):
        return "again"
    return ""


def is_parrot(text: str, asked: str) -> bool:
    """Tell whether a reply is the message, or holds most words of one that has four or more.

    >>> is_parrot("저녁 뭐 먹을까", "저녁 뭐 먹을까?"), is_parrot("저녁 먹었어", "저녁 뭐 먹을까?")
    (True, False)
    >>> is_parrot("나 오늘 너무 진짜 졸려", "나 오늘 진짜 너무 피곤해")
    True
    """
    said, words = words_of(text), words_of(asked)
    if said == words:
        return True
    if len(words) < _PARROT_WORDS:
        return False
    left = list(said)
    shared = 0
    for word in words:
        if word in left:
            left.remove(word)
            shared += 1
    return shared >= PARROT_SHARE * len(words)


def words_of(text: str) -> list[str]:
    """Return the words of a text without its marks."""
    return _WORD.findall(text)
