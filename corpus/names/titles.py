"""Titles beside a name: what 언니, 과장님 or 할머니 say of who is called so.

A title says of which sex somebody is, and about when he or she was born: friends are of one age,
but a 할머니 is not. It also tells people apart: nobody says both 민준이 and 민준 과장님 of one
person, and nobody is both 형 and 언니.
"""

import re
from typing import NamedTuple

from corpus.names.particles import Sex

POLITES = frozenset(("씨", "님"))  # said to and of grown-ups of any age


class Title(NamedTuple):
    """A title, and what it says."""

    word: str  # as it tells people apart: 쌤 is 선생
    sex: Sex
    decade: int | None  # of birth at the latest; None: that of the speaker
    end: int  # of the title in the text
    possessor: bool  # 민준이 엄마: the title is somebody else's
    customer: bool = False  # 고객님


# Decade of birth at the latest by title, for a speaker of any age.
_OLD = (
    (1950, "할머니 할머님 할매 할아버지 할아버님 할배 어르신 여사"),
    (1960, "회장 사장 대표 국장 교장 교감 의원 장관 목사"),
    (1960, "아저씨 아재 아줌마 아주머니 사모 큰아버지 큰엄마"),
    (1970, "부장 상무 전무 이사 교수 원장 소장 감독 고모 이모 삼촌 숙모 외숙모 고모부 이모부"),
    (1970, "작은아버지 작은엄마 외삼촌 선생"),
    (1980, "쌤 샘 과장 차장 팀장 실장 코치 박사 점장 반장 역장 강사 기사"),
)
_DECADES = {title: decade for decade, titles in _OLD for title in titles.split()}
_SAME_AGE = (
    "오빠 형 언니 누나 선배 대리 주임 사원 인턴 매니저 군 양 병장 상병 일병 이병 하사 중사 상사"
)
_PARENTS = "엄마 아빠 어머니 아버지 어머님 아버님 부모님 맘"
_MEN = "형 오빠 아재 삼촌 외삼촌 군 할아버지 할아버님 할배 아저씨 고모부 이모부 큰아버지 작은아버지"
_WOMEN = (
    "누나 언니 이모 고모 양 할머니 할머님 할매 아줌마 아주머니 사모 숙모 외숙모 여사"
    " 큰엄마 작은엄마"
)
_SEXES: dict[str, Sex] = dict.fromkeys(_MEN.split(), "male")
_SEXES |= dict.fromkeys(_WOMEN.split(), "female")
CALLED_SO = ("오빠", "형", "언니", "누나", "선배")  # 지우 언니 뭐해?
_KIN = ("오빠", "형", "언니", "누나", "이모", "고모", "삼촌", "아재")  # 민준이 형 is called so
# Who says so of somebody says no name without it.
KIN = frozenset((*_KIN, "외삼촌", "숙모", "할머니", "할아버지", "아저씨", "아줌마", "선배"))
# A person has one of these titles: who is called 과장님 is not called 대리님.
_RANKED = (
    "회장 사장 대표 국장 교장 교감 의원 장관 목사 부장 상무 전무 이사 교수 원장 소장 감독 과장 차장"
    " 팀장 실장 코치 점장 반장 역장 강사 기사 대리 주임 작가 총무 사원 인턴 매니저"
    " 병장 상병 일병 이병 하사 중사 상사"
)
RANKS = frozenset(_RANKED.split())
_SAME_PERSON = {"쌤": "선생", "샘": "선생", "할머님": "할머니", "할아버님": "할아버지"}
_KNOWN = "|".join(sorted((*_DECADES, *_SAME_AGE.split()), key=len, reverse=True))
# What may follow a title: 언니가, 언니들, but not 형광등.
_ENDS = (
    "(?=님|[^가-힣]|$|들|이|가|은|는|을|를|도|두|만|한테|에게|께|하고|이랑|랑|와|과|의|네|야|아|보다"
    "|처럼|부터|까지|집|거|꺼|때문|덕분|생일|라|일|예|였|인|요|말|전화|번호|옆|오[셨시신실]|말씀|시[죠네는지]|세요|신가)"
)
_TITLE = re.compile(
    rf"(?P<i>이)?(?:네)? ?(?:(?P<parent>{'|'.join(_PARENTS.split())}){_ENDS}"
    rf"|(?P<known>{_KNOWN})(?P<nim>님)?{_ENDS}"
    rf"|(?P<other>[가-힣]{{1,4}}(?<!하나)(?<!스)님)(?![가-힣]{{5}}))"
)
_CUSTOMER = "(?:고객|회원|환자|예약자|신청자|구매자|주문자|수령인|손)"
_POLITE = re.compile(rf" ?(?:(?P<customer>{_CUSTOMER} ?(?:님|분))|님|씨{_ENDS})")
_MOVES = re.compile(r" 이사(?!님)")  # 이사 갔대: no title, but a new home


def title_at(text: str, start: int) -> Title | None:
    """Return the title that begins at `start`, behind a name; None if there is none.

    >>> title_at("언니 왔어?", 0).sex, title_at("이 형 왔어?", 0).sex, title_at("이가 왔어", 0)
    ('female', 'male', None)
    >>> title_at(" 과장님이", 0)[:3], title_at("역장님 오셨어", 0)[:3], title_at(" 씨는요", 0)[:3]
    (('과장', 'any', 1980), ('역장', 'any', 1980), ('씨', 'any', None))
    """
    polite = _POLITE.match(text, start)
    if polite:
        customer = polite["customer"] is not None
        word = "씨" if polite[0].endswith("씨") else "님"
        return Title(word, "any", None, polite.end(), possessor=False, customer=customer)
    title = _TITLE.match(text, start)
    if title is None or _MOVES.match(text, start):
        return None
    word = title["known"] or (title["other"] or "").removesuffix("님")
    decade = _DECADES.get(word, 1980 if title["other"] else None)
    word = _SAME_PERSON.get(word, word)
    if title["parent"] or (title["i"] and word not in _KIN):
        return Title("", "any", None, title.end(), possessor=True)
    return Title(word, _SEXES.get(word, "any"), decade, title.end(), possessor=False)
