"""Where somebody is from, lives or goes: which masks hide a place though no suffix says so."""

import re
from collections.abc import Sequence

READ = 200  # characters of an utterance
_WHERE = re.compile("어디(?!가 아)|고향|어느 ?(?:동네|지역|나라|도시|쪽)|사는 ?(?:곳|데)")
_THERE = re.compile(
    r"(?:이?요|이에요|예요|이?야|입니다|쪽이?[요야]?|에? ?살| (?:어때|어떰|가자|갈까))(?![가-힣])"
    r"|[ㄱ-ㆎ!.~^ ]{0,20}$"
)
# 너 홍콩 살지 않아?, 홍콩 안 가 봤어, 언니랑 홍콩 가기로 했어
_LIVES = re.compile(" ?(?:에 ?)?(?:살[지면던]|살 ?때|살았|(?:안|못) ?가 ?[봤본])")
_GOES = re.compile(" (?:가[기려서면자고]|갔|갈|놀러|다녀|여행)")
_WITH = re.compile("(?:랑|하고|[가-힣](?:와|과)|같이|함께) $")
_WHAT_OF = re.compile(
    r"(?:[은는도](?:요)?|(?:[은는도]|쪽은)? (?:어때|어떰|어떨까|어떠)(?:요|세요)?)"
    r" ?[ㄱ-ㆎ]{0,9}[?!.]"
)
_THEN = re.compile(
    "(?:(?:그럼|그러면|아니면|아님|그렇다면|음|오|아|근데)[ ,.~]+){0,2}(?:너는 |넌 |혹시 )?"
)
_WORD = re.compile("[가-힣]+")
# Places that nothing else is called, as they are named beside those that are masked.
_NAMES = (
    "서울 부산 대구 인천 대전 울산 광주 제주 제주도 강원도 경주 전주 속초 강릉 여수 춘천 포항 통영"
    " 순천 목포 군산 안동 태안 가평 양양 울릉도 남해 담양 홍대 이태원 명동 성수 잠실 을지로 해운대"
    " 서면 일본 도쿄 오사카 교토 후쿠오카 삿포로 오키나와 대만 타이베이 홍콩 마카오 중국 상하이"
    " 방콕 태국 베트남 다낭 나트랑 하노이 하와이 괌 사이판 세부 보라카이 필리핀 발리 싱가포르 몽골 호주"
    " 시드니 유럽 파리 런던 로마 이탈리아 스페인 스위스 독일 프랑스 영국 터키 미국 뉴욕 캐나다"
)
_PLACES = frozenset(_NAMES.split())
_PARTICLES = "에 에서 은 는 도 로 으로 까지 쪽 여행 이랑 랑 맛집 가서 시 요"
_BEHIND = frozenset(("", *_PARTICLES.split()))


def answers_where(question: str, text: str, start: int) -> bool:
    """Say whether a mask hides where somebody is from or lives: 고향이 어디예요? / 목포요."""
    return _WHERE.search(question) is not None and _THERE.match(text, start + 1) is not None


def is_where(text: str, start: int) -> bool:
    """Say whether a mask hides where somebody lives or goes, by the text around it alone.

    >>> [is_where(text, text.index("*")) for text in ("너 * 살지 않아?", "언니랑 * 가기로 했어")]
    [True, True]
    """
    if _LIVES.match(text, start + 1):
        return True
    return bool(_GOES.match(text, start + 1) and _WITH.search(text[max(0, start - 9) : start]))


def asks_for_another(text: str, start: int) -> bool:
    """Say whether nothing is said but what of that one: 그럼 목포는?"""
    return _THEN.fullmatch(text, 0, start) is not None and (
        _WHAT_OF.fullmatch(text[start + 1 :][:READ]) is not None
    )


def speak_of_places(texts: Sequence[str]) -> bool:
    """Say whether a text names a place of which everybody knows that it is one."""
    words = (word for text in texts for word in _WORD.findall(text[:READ]))
    return any(
        word[:length] in _PLACES and word[length:] in _BEHIND
        for word in words
        for length in (2, 3, 4)
    )
