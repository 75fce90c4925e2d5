"""Relatives beside a name: what 우리 딸, 남편 or 엄마 이름은 say of who is called so.

They say of which sex somebody is, and that he or she is a generation younger or older than the
speaker. Parents also speak of children without such a word: who was sent to 유치원 is one.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from corpus.names.lives import sex_told
from corpus.names.particles import Sex

GENERATION = 30
ANY = 9999  # whoever speaks, of any age
_PARENT = 1980  # a speaker born then or before may speak of a child of his or her own
_OLD_PARENT = 1970  # ... of a grown-up child
_YOUNG_PARENT = 1990  # ... of a small child


class Relative(NamedTuple):
    """What a relation says of somebody."""

    sex: Sex
    younger: int  # years, than the speaker; less than 0: older
    latest: int  # a speaker who was born later is not meant
    # `child`, `child:둘째`, `pet`, ...: two kinds are two people, but any `child` may be 둘째.
    kind: str = ""


NOBODY = Relative("any", 0, 0)
OF_A_PARENT = Relative("any", GENERATION, _PARENT)  # 민준이 엄마 says it of 민준이

_OWN = "(?:(?P<whose>우리|내|제|저희|너희|너네|니|네|울) )?"
_OTHERS = ("너희", "너네", "니", "네")
_NAMED = "(?: (?:이름|성함|존함|이름이|이름은|성함이|성함은))?"
_CHILD: tuple[tuple[Sex, str], ...] = (
    ("female", "딸 큰딸 작은딸 막내딸 둘째딸 딸내미 딸래미 손녀 외손녀 손녀딸 며느리"),
    ("male", "아들 큰아들 작은아들 막내아들 둘째아들 아들내미 손자 외손자 사위"),
    ("any", "조카 애기 아기 둘째 막내 첫째 셋째 큰애 작은애 손주 아이"),
)
_PARTNER: tuple[tuple[Sex, str], ...] = (
    ("female", "여친 여자친구 와이프 아내 집사람 마누라 전여친"),
    ("male", "남친 남자친구 남편 신랑 애아빠 전남친"),
    ("any", "애인"),
)
_KIN: tuple[tuple[Sex, str], ...] = (
    ("female", "여동생 새언니 올케 처제"),
    ("male", "남동생 매형 형부 처남 제부"),
    ("any", "동생 친동생 사촌동생 사촌"),
)
_PETS = "강아지 고양이 댕댕이 냥이 멍멍이 야옹이 햄스터 토끼"
# Children of one parent who are not each other.
_RANKED = {
    "첫째": "첫째",
    "큰딸": "첫째",
    "큰아들": "첫째",
    "큰애": "첫째",
    "둘째": "둘째",
    "둘째딸": "둘째",
    "둘째아들": "둘째",
    "셋째": "셋째",
    "막내": "막내",
    "막내딸": "막내",
    "막내아들": "막내",
}
_PARENTS: tuple[tuple[Sex, int, str], ...] = (
    ("female", 30, "엄마 어머니 어머님 시어머니 장모님 이모 고모 숙모 외숙모"),
    ("male", 30, "아빠 아버지 아버님 시아버지 장인어른 삼촌 외삼촌 이모부 고모부"),
    ("female", 60, "할머니 외할머니"),
    ("male", 60, "할아버지 외할아버지"),
)
# Behind them a name is theirs where 이름 says so; 엄마 지우가 때렸어 calls her.
_CALLED: tuple[tuple[Sex, str], ...] = (("female", "언니 누나"), ("male", "오빠 형"))
_IS = "(?=입니다|이?에요|이?예요|이?야|이?고|이?래|이?지|이?다|이?라|[ㄱ-ㆎ?!.~^]|$)"


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


def _by_word(*relatives: tuple[Relative, str]) -> dict[str, Relative]:
    return {word: relative for relative, words in relatives for word in words.split()}


_FAMILY = _by_word(
    *((Relative(sex, GENERATION, ANY, "child"), words) for sex, words in _CHILD),
    *((Relative(sex, 0, ANY, "partner"), words) for sex, words in _PARTNER),
    *((Relative(sex, 0, ANY, "kin"), words) for sex, words in _KIN),
)
_PET = _by_word((Relative("any", 0, ANY, "pet"), _PETS))
_SIBLING = _by_word(*((Relative(sex, 0, ANY, "kin"), words) for sex, words in _CALLED))
_ELDER = _by_word(*((Relative(sex, -years, ANY), words) for sex, years, words in _PARENTS))
# One pattern for all words of a kind: Python compiles it faster than one for each relation.
_BEFORE: tuple[tuple[Mapping[str, Relative], re.Pattern[str]], ...] = (
    (
        _FAMILY,
        re.compile(rf"(?<![가-힣]){_OWN}(?P<word>{_either(_FAMILY)}){_NAMED} ?$"),
    ),
    (
        _PET,
        re.compile(
            rf"(?<![가-힣])(?P<whose>우리|내|제|저희|너희|너네|니|네|울) (?:집 )?"
            rf"(?P<word>{_either(_PET)}){_NAMED} ?$"
        ),
    ),
    (
        _SIBLING,
        re.compile(
            rf"(?<![가-힣])(?P<whose>우리|내|제|저희|울) (?P<word>{_either(_SIBLING)}){_NAMED} $"
        ),
    ),
    (
        _ELDER,
        re.compile(rf"(?<![가-힣])(?P<word>{_either(_ELDER)}) (?:이름|성함|존함)[이은]? ?$"),
    ),
)
_TOPIC = re.compile(rf"(?<![가-힣])(?:우리|내|제|저희|울) (?P<word>{_either(_ELDER)})[은는] $")
_ASKED_FOR = {
    word: relative._replace(kind="") for word, relative in (_FAMILY | _SIBLING | _ELDER).items()
}
_NAME_ASKED = re.compile(
    rf"(?<![가-힣])(?P<word>{_either(_ASKED_FOR)})(?:분|님)? ?(?:이름|성함|함자|존함)"
)
_AFTER = re.compile(_IS)
_LAST_WORD = re.compile("(?<![가-힣])[가-힣]+(?= ?$)")  # a word is begun once, not at each syllable
_OF_A_NAME = "이름 성함 존함 이름이 이름은 성함이 성함은 존함이 존함은"
_WORDS_BEFORE = frozenset((*_FAMILY, *_PET, *_SIBLING, *_OF_A_NAME.split()))
# 길동 아버지 칠순: of a friend's parent, where 지호 엄마 is of a child's.
OF_A_FRIEND = re.compile("이?네? ?(?:아버지|어머니|아버님|어머님|부모님)")
# 안녕하세요 지호 엄마예요, 지호 어머니시죠?
_I_AM = re.compile("(?:예요|에요|이에요|입니다|인데요?|이요)[ ,.!~^ㄱ-ㆎ]*(?![?가-힣])")
_ARE_YOU = re.compile("님?(?:이?시죠|이?세요|이?신가요|이?시지요| 맞으[시세])")
_OURS_TOO = re.compile("이?(?:도|두|는|은)(?![가-힣])|은(?![가-힣])")
_SMALL = re.compile(
    "(?:이?[가는도를]?|이) ?(?:(?:오늘|어제|지금|요즘|이제|내일|또|아직|벌써) )?(?:낮잠|유치원"
    "|어린이집|돌잔치|첫 ?돌|돌이(?:[라래야에지네]|었)|막 걸|걷기 ?시작|기어 ?다|백일|이유식"
    "|기저귀|분유|등원|하원"
    "|키즈카페|문화센터|소아과|재웠|재우[고는려]|젖병|손을 ?흔|뒤집[기었는]|배밀이|아장|걸음마"
    "|옹알이)"
)
_PUPIL = re.compile(
    "(?:이?[가는도를]?|이) ?(?:(?:오늘|어제|지금|요즘|이제|내일|또|아직|벌써|이번에|올해|작년에) )?"
    "(?:수능|학원|초등|중학교|고등학교|입학|하교|등교|[초중고][0-9일이삼]|숙제|방학|대학|군대|입대"
    "|제대|전역|수시|정시"
    "|재수|모의고사|성적|담임|과외|(?:데리고|데려)(?![^.?!]{0,20}(?:술|소주|한잔|맥주|회식))|맡기"
    "|재우|씻기)"
)
# Of a grown-up child, said by whoever was born before 1980.
_GROWN = re.compile("(?:이?[가는도를]?|이) ?(?:시집|장가|취직|취업|상견례|결혼시)")


def relative_asked(question: str) -> Relative:
    """Return what relative's name somebody is asked for: 할머니 성함이 어떻게 돼?

    >>> relative_asked("외할머니 성함이 뭐야?").younger, relative_asked("이름이 뭐야?").younger
    (-60, 0)
    """
    found = _NAME_ASKED.search(question)
    return _ASKED_FOR[found["word"]] if found else NOBODY


def relative_at(
    text: str, start: int, speaker: str, other: str | None, *, intimate: bool
) -> tuple[Relative, str]:
    """Return what relative of the speaker somebody is, and whose, as far as the text tells.

    Args:
        text: with placeholders, one at `start`.
        start: of the placeholder.
        speaker: who wrote it.
        other: the only other speaker of the dialogue, None if there are more.
        intimate: the name is said as among friends and of children: 민준이가.

    >>> def told(text):
    ...     relative, owner = relative_at(text, text.index("\ue000"), "a", "b", intimate=True)
    ...     return relative.sex, relative.younger, owner
    >>> told("손녀 \ue000이가 왔어"), told("너희 딸 \ue000이는?"), told("엄마 \ue000이가 때렸어")
    (('female', 30, 'a'), ('female', 30, 'b'), ('any', 0, ''))
    >>> told("우리 \ue000이도"), told("우리 \ue000이 최고")
    (('any', 30, 'a'), ('any', 30, ''))
    """
    before = text[max(0, start - 20) : start]
    last = _LAST_WORD.search(before)
    for relatives, pattern in _BEFORE if last and last[0] in _WORDS_BEFORE else ():
        if found := pattern.search(before):
            relative, ranked = relatives[found["word"]], _RANKED.get(found["word"])
            kind = f"child:{ranked}" if ranked else relative.kind
            owner = _owner(found.groupdict().get("whose"), text, start, speaker, other)
            return relative._replace(kind=kind), owner if kind else ""
    if last and _AFTER.match(text, start + 1) and (found := _TOPIC.search(before)):
        return _ELDER[found["word"]], ""
    ours = last is not None and last[0] in ("우리", "울", "저희")
    is_small = _SMALL.match(text, start + 1) is not None
    owner = speaker if ours and (is_small or _OURS_TOO.match(text, start + 1)) else ""
    if is_small:
        return Relative("any", GENERATION, _YOUNG_PARENT, "child" if owner else ""), owner
    sex = sex_told(text, start)
    if _GROWN.match(text, start + 1):
        return Relative(sex, GENERATION, _OLD_PARENT), owner
    if _PUPIL.match(text, start + 1) or (intimate and ours):
        return OF_A_PARENT._replace(sex=sex), owner
    return NOBODY._replace(sex=sex), owner


def child_of(text: str, end: int, speaker: str, other: str | None) -> str:
    """Return which speaker is the parent if `엄마`, which ends at `end`, is said of a speaker.

    >>> child_of("지호 엄마예요", 5, "a", "b"), child_of("지호 어머니시죠?", 6, "a", "b")
    ('a', 'b')
    """
    if _I_AM.match(text, end):
        return speaker
    return (other or "") if _ARE_YOU.match(text, end) else ""


def _owner(whose: str | None, text: str, start: int, speaker: str, other: str | None) -> str:
    """Return whose relative it is; who asks without a word of whose may ask of the other's."""
    if whose in _OTHERS:
        return other or ""
    return speaker if whose or "?" not in text[start:] else ""
