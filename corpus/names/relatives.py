"""Relatives beside a name: what 우리 딸, 남편 or 엄마 이름은 say of who is called so.

They say of which sex somebody is, and that he or she is a generation younger or older than the
speaker. Parents also speak of children without such a word: who was sent to 유치원 is one.
"""

import re
from typing import NamedTuple

from corpus.names.particles import Sex

GENERATION = 30
ANY = 9999  # whoever speaks, of any age
_PARENT = 1980  # whoever was born then or before may have a child that is spoken of
_YOUNG_PARENT = 1990  # ... a small one


class Relative(NamedTuple):
    """What a relation says of somebody."""

    sex: Sex
    younger: int  # years, than the speaker; less than 0: older
    latest: int  # a speaker who was born later is not meant


NOBODY = Relative("any", 0, 0)
OF_A_PARENT = Relative("any", GENERATION, _PARENT)  # 민준이 엄마 says it of 민준이

_OWN = "(?:(?:우리|내|제|저희|너희|너네|니|네|울) )?"
_NAMED = "(?: (?:이름|성함|존함|이름이|이름은|성함이|성함은))?"
_CHILD: tuple[tuple[Sex, str], ...] = (
    ("female", "딸 큰딸 작은딸 막내딸 둘째딸 딸내미 딸래미 손녀 외손녀 손녀딸 며느리"),
    ("male", "아들 큰아들 작은아들 막내아들 둘째아들 아들내미 손자 외손자 사위"),
    ("any", "조카 애기 아기 둘째 막내 첫째 큰애 작은애 손주 아이"),
)
_SAME_AGE: tuple[tuple[Sex, str], ...] = (
    ("female", "여친 여자친구 와이프 아내 집사람 여동생 마누라 전여친 새언니 올케 처제"),
    ("male", "남친 남자친구 남편 신랑 남동생 애아빠 전남친 매형 형부 처남 제부"),
)
_PARENTS: tuple[tuple[Sex, int, str], ...] = (
    ("female", 30, "엄마 어머니 어머님 시어머니 장모님 이모 고모 숙모 외숙모"),
    ("male", 30, "아빠 아버지 아버님 시아버지 장인어른 삼촌 외삼촌 이모부 고모부"),
    ("female", 60, "할머니 외할머니"),
    ("male", 60, "할아버지 외할아버지"),
)
# Behind them a name is theirs where 이름 says so; 엄마 지우가 때렸어 calls her.
_CALLED: tuple[tuple[Sex, str], ...] = (("female", "언니 누나"), ("male", "오빠 형"))
_IS = "(?=입니다|이?에요|이?예요|이?야|이?고|이?래|이?지|이?다|이?라|[ㄱ-ㆎ?!.~^]|$)"


def _either(words: str) -> str:
    return "|".join(sorted(words.split(), key=len, reverse=True))


_BEFORE: tuple[tuple[Relative, re.Pattern[str]], ...] = (
    *(
        (
            Relative(sex, younger, ANY),
            re.compile(rf"(?<![가-힣]){_OWN}(?:{_either(words)}){_NAMED} ?$"),
        )
        for younger, relatives in ((GENERATION, _CHILD), (0, _SAME_AGE))
        for sex, words in relatives
    ),
    *(
        (
            Relative(sex, 0, ANY),
            re.compile(rf"(?<![가-힣])(?:우리|내|제|저희|울) (?:{_either(words)}){_NAMED} $"),
        )
        for sex, words in _CALLED
    ),
    *(
        (
            Relative(sex, -years, ANY),
            re.compile(rf"(?<![가-힣])(?:{_either(words)}) (?:이름|성함|존함)[이은]? ?$"),
        )
        for sex, years, words in _PARENTS
    ),
)
_TOPIC: tuple[tuple[Relative, re.Pattern[str]], ...] = tuple(
    (
        Relative(sex, -years, ANY),
        re.compile(rf"(?<![가-힣])(?:우리|내|제|저희|울) (?:{_either(words)})[은는] $"),
    )
    for sex, years, words in _PARENTS
)
_AFTER = re.compile(_IS)
_OURS = re.compile("(?<![가-힣])(?:우리|울) ?$")
_SMALL = re.compile(
    "(?:이?[가는도를]?|이) ?(?:낮잠|유치원|어린이집|돌잔치|백일|이유식|기저귀|분유|등원|하원"
    "|키즈카페|문화센터|소아과|재웠|재우[고는려]|젖병|걸음마|옹알이)"
)
_PUPIL = re.compile(
    "(?:이?[가는도를]?|이) ?"
    "(?:수능|학원|초등|중학교|고등학교|입학|하교|등교|[초중고][0-9일이삼]|숙제|방학)"
)


def relative_at(text: str, start: int, *, intimate: bool) -> Relative:
    """Return what relation to the speaker the text tells of who stands at `start`.

    Args:
        text: with placeholders, one at `start`.
        start: of the placeholder.
        intimate: the name is said as among friends and of children: 민준이가.

    >>> relative_at("손녀 \ue000이가 왔어", 3, intimate=True)[:2]
    ('female', 30)
    >>> relative_at("엄마 \ue000이가 때렸어", 3, intimate=True)[:2]
    ('any', 0)
    """
    before = text[max(0, start - 20) : start]
    for relative, pattern in _BEFORE:
        if pattern.search(before):
            return relative
    if _AFTER.match(text, start + 1):
        for relative, pattern in _TOPIC:
            if pattern.search(before):
                return relative
    if _SMALL.match(text, start + 1):
        return Relative("any", GENERATION, _YOUNG_PARENT)
    if _PUPIL.match(text, start + 1) or (intimate and _OURS.search(before)):
        return OF_A_PARENT
    return NOBODY
