"""영타: Korean that was typed while the keyboard was still on English (`dkssud` for 안녕).

A message without Hangul is judged as a whole; in one with Hangul, each stretch of Latin words is
judged by itself. Only letters count, and addresses are let alone. A stretch is converted if it
gives whole syllables that the tokenizer knows and that take at most half the tokens of what was
typed: Latin that is no English costs many tokens, and Hangul that is no Korean does as well.

Not handled: English that was typed on the Korean keyboard (ㅗ디ㅣㅐ). The model knows no English.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from corpus.records import CorpusError

TokensOf = Callable[[str], Sequence[str]]
"""Gives the tokens of a text as the model would read it; an unknown character is `<unk>`."""

UNKNOWN = "<unk>"

_LAUGHS = {"z": "ㅋ", "g": "ㅎ", "b": "ㅠ", "n": "ㅜ", "d": "ㅇ", "s": "ㄴ"}
# One key, twice or more. 비비크림 is bb크림 to many: nothing that a syllable or a digit touches.
_LAUGH = r"(?<![0-9])(?:[zZ]z+|[gG]g+|[bB]b+|[nN]n+|[dD]d+|[sS]s+)(?![가-힣])"
_ADDRESS = (  # is looked for where a word begins: what fails there fails in the middle of it
    r"(?<!\S)\S*(?:://|@|www\.)\S*|(?<![\w.-])[\w.-]+\.(?:com|net|org|kr|io|co|me|be)\b\S*"
)
_WORD = re.compile(rf"(?P<address>{_ADDRESS})|(?P<laugh>\b{_LAUGH}(?![A-Za-z]))|[A-Za-z]+")
_HANGUL = re.compile(r"([가-힣ㄱ-ㆎ]+)")
_STRAY = re.compile(r"[ㄱ-ㆎ]")
# 안녕ㅋㅋ and ㅋㅋ안녕 are whole, and so is 그랬구나ㅠ; but con is 채ㅜ and run is 겨ㅜ.
_LAUGH_ASIDE = re.compile(
    "(?:(?<!ㅋ)ㅋ+|(?<!ㅎ)ㅎㅎ+|(?<!ㅠ)ㅠㅠ+|(?<!ㅜ)ㅜㅜ+|(?<!ㅡ)ㅡㅡ+)(?= |$)"
    "|(?:(?<= )|^)(?:ㅋㅋ+|ㅎㅎ+)"
)
_TEAR_BEHIND = re.compile(r"[ㅎㅠㅜ](?= |$)")
_TEAR_FROM = 4  # syllables


@dataclass(frozen=True, slots=True)
class Converted:
    """A message, and what it says once the keyboard is put right."""

    typed: str
    text: str  # `typed` itself where nothing was to be put right

    @property
    def is_changed(self) -> bool:
        """Whether anything was put right."""
        return self.text != self.typed


def convert(text: str, tokens_of: TokensOf) -> Converted:
    """Put right what was typed on the English keyboard, if that is what it is.

    Raises:
        CorpusError: hangulpy, of the extra [chat], is not installed.
    """
    stretches = _HANGUL.split(text)
    for k in range(0, len(stretches), 2):  # what stands between Hangul
        following = stretches[k + 1] if k + 1 < len(stretches) else ""
        stretches[k] = _put_right(stretches[k], following[:1], tokens_of)
    return Converted(typed=text, text="".join(stretches))


@cache
def english_words() -> frozenset[str]:
    """The English words that would be taken for Korean (work is 재가, do is 애)."""
    return frozenset(
        files("corpus.chat.services").joinpath("english.txt").read_text("utf-8").split()
    )


def as_hangul(typed: str) -> str:
    """Return what the keys of `typed` give on a Korean keyboard (두벌식).

    >>> as_hangul("gksrmf")
    '한글'
    """
    try:
        from hangulpy import convert_qwerty_to_hangul  # noqa: PLC0415 (0.1 s, when it is needed)
    except ImportError as error:
        raise CorpusError('chat needs hangulpy: pip install -e ".[chat]".') from error
    return convert_qwerty_to_hangul(typed)


def _put_right(stretch: str, following: str, tokens_of: TokensOf) -> str:
    """Convert one stretch without Hangul; the character that follows it tells bb크림 from bb."""
    if not re.search("[A-Za-z]", stretch):
        return stretch
    found = [*_WORD.finditer(stretch + following)]
    words = [one[0] for one in found if not one["address"] and not one["laugh"]]
    is_korean = bool(words) and _is_korean(words, tokens_of)

    def of(match: re.Match[str]) -> str:
        if match["address"]:
            return match[0]
        if match["laugh"]:
            return _LAUGHS[match[0][0].lower()] * len(match[0])
        return as_hangul(match[0]) if is_korean else match[0]

    return _WORD.sub(of, stretch + following)[: -len(following) or None]


def _is_korean(words: Sequence[str], tokens_of: TokensOf) -> bool:
    if any(len(word) > 1 and word.isupper() for word in words):  # SK, LG, SNS
        return False
    lower = [word.lower() for word in words]
    if english_words().issuperset(lower):
        return False
    hangul = _LAUGH_ASIDE.sub("", " ".join(map(as_hangul, words)))
    if len(re.findall("[가-힣]", hangul)) >= _TEAR_FROM:
        hangul = _TEAR_BEHIND.sub("", hangul)
    hangul = " ".join(hangul.split())
    if not hangul or _STRAY.search(hangul):
        return False
    tokens = tokens_of(hangul)
    return UNKNOWN not in tokens and 2 * len(tokens) <= len(tokens_of(" ".join(lower)))
