"""Other spellings for syllables that a tokenizer does not know (`--respell on`).

KoGPT2 knows 1,995 of 11,172 syllables; each of the others becomes `<unk>`. Many of them are a way
to write what it knows: 짘ㅋㅋ is 지ㅋㅋ, 봣 is 봤, 걔 is 그 애. Only what the tokenizer lacks is
respelt, and only with syllables that it knows, so a text depends on the tokenizer then. A rule for
final ㅇ would be unsafe (뻥, 웡카).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache

from corpus.text.rule import Match, Rule
from corpus.text.writing import NO_KEY_WORD

_SPELT = "걔 그 애|걘 그 앤|쟤 저 애|쟨 저 앤|걍 그냥|쫌 좀|쌤 샘|됬 됐|됫 됐|껀 건|딨 디 있"
_WORDS = dict(pair.split(" ", 1) for pair in _SPELT.split("|"))
RESPELT = "걔짘봣"  # one syllable of each rule below
_FIRST, _LAST = "가", "힣"
_FINALS = 28
_FINAL_S = 19  # ㅆ is the next
_FINAL_LAUGHS = {24: "ㅋ", 27: "ㅎ"}
# All that may have another spelling, one in eight of what KoGPT2 lacks.
_CONCERNED = frozenset(_WORDS).union(
    chr(without + final)
    for without in range(ord(_FIRST), ord(_LAST) + 1, _FINALS)
    for final in (_FINAL_S, *_FINAL_LAUGHS)
)
# A laugh goes on or ends there: 짘ㅋㅋ, 짘키키, 앜!, but not 젛아; 케잌, 스테잌 and 키읔 are words.
_LAUGHING = rf"""(?=[ㅋㅎㅠㅜ ?!.,~^_'"%;\n]|키키+{NO_KEY_WORD})(?<![케쉐셰테메레페웨]잌|키읔)"""


def spellings_for(lacking: Iterable[str]) -> dict[str, str]:
    """Return what to write for syllables that a tokenizer lacks, as far as it knows any.

    >>> spellings_for("짘봣걔뷁")
    {'짘': '지ㅋ', '봣': '봤', '걔': '그 애'}
    >>> spellings_for("봣봤")
    {}
    """
    unknown = dict.fromkeys(lacking)
    spellings = {one: _spelling(one) for one in unknown if one in _CONCERNED}
    return {one: other for one, other in spellings.items() if not unknown.keys() & set(other)}


def _spelling(syllable: str) -> str:
    """Return what to write for one of `_CONCERNED`."""
    if syllable in _WORDS:
        return _WORDS[syllable]
    final = _final(syllable)
    if final in _FINAL_LAUGHS:
        return chr(ord(syllable) - final) + _FINAL_LAUGHS[final]
    return chr(ord(syllable) + 1)


def _final(syllable: str) -> int:
    return (ord(syllable) - ord(_FIRST)) % _FINALS if _FIRST <= syllable <= _LAST else 0


@cache
def respell_rules(lacking: frozenset[str]) -> tuple[Rule, ...]:
    """Return the rules for a tokenizer that lacks these syllables.

    They stand before those about laughs and runs: 핰ㅋㅋ is 하ㅋㅋㅋ, and that is 하ㅋㅋ.
    """
    spellings = spellings_for(sorted(lacking))
    rules = []
    for name, why, example, concerned in (
        (
            "word_respelt",
            "걔 걘 쟤 쟨 걍 쫌 쌤 됬 됫 껀 딨, as they are written in full",
            ("걔 걍 쫌", "그 애 그냥 좀"),
            lambda one: one in _WORDS,
        ),
        (
            "laugh_parted",
            "a laugh that begins in the word",
            ("짘ㅋ", "지ㅋㅋ"),
            lambda one: _final(one) in _FINAL_LAUGHS,
        ),
        (
            "past_respelt",
            "봤, typed without the shift key",
            ("봣어", "봤어"),
            lambda one: _final(one) == _FINAL_S and one not in _WORDS,
        ),
    ):
        chosen = "".join(filter(concerned, spellings))
        if chosen:
            parted = name == "laugh_parted"  # 짘키킼: the second lets the first go on
            pattern = f"[{chosen}]" + (_LAUGHING if parted else "")
            rules.append(Rule(name, pattern, _by(spellings), why, example, repeated=parted))
    return tuple(rules)


def _by(spellings: Mapping[str, str]) -> Callable[[Match], str]:
    return lambda match: spellings[match[0]]
