"""Places and affiliations: which word suits what stands before and behind a placeholder.

처인구 #@주소# is a 동, #@소속#대 is a university, and what a star mask hides is a place where one
was named before and what is said is said of places: 사람 많지, 살아, 놀러 가.
"""

import re
from collections.abc import Sequence

from corpus.names.affiliations import affiliation_at, glued_at
from corpus.names.lexicon import names_a_place
from corpus.records import (
    ADDRESS,
    AFFILIATION,
    FIRM,
    MASKED_FULL,
    MASKED_GIVEN,
    MASKED_PLACE,
    MASKED_STEM,
    NAME,
)

# As the tags step reads `**동`: #@주소#동에서 is a 동, #@주소#동네 is not.
_PARTICLES = "에|으로|로|은|는|이|가|을|를|도|의|까지|부터"
_HALVES = ("동", "역", "구", "시", "읍")
# Of an address tag: 군 but not 군대, 면 but not 서울이면, 리 but not 서울리가.
_RURAL = re.compile(
    f"(군)(?:(?![가-힣])|{_PARTICLES}|청)|(면)(?:에서?(?![가-힣])|사무소| 소재지)"
    f"|(리)(?:(?![가-힣])|에서?(?![가-힣])|로(?![가-힣])|마을|이장)"
)
_SUFFIX = re.compile(
    f"([동역구시읍])(?:(?![가-힣])|{_PARTICLES}|(?<=[구시])청|(?<=[시읍])내|쪽|근처|앞|인데|인가|랑|엔|주민"
    f"|사무소"
    "|살[아았]|사[는세시]|맞[아나])"
)
_GU = (
    "종로 성동 광진 동대문 중랑 성북 강북 도봉 노원 은평 서대문 마포 양천 강서 구로 금천 영등포"
    " 동작 관악 서초 강남 송파 강동 용산 영도 부산진 동래 해운대 사하 금정 연제 수영 사상 수성 달서"
    " 미추홀 연수 남동 부평 계양 광산 유성 대덕 장안 권선 팔달 영통 수정 중원 분당 만안 동안 상록"
    " 단원 덕양 일산동 일산서 처인 기흥 수지 상당 서원 흥덕 청원 동남 서북 완산 덕진 의창 성산 진해"
)
_CITIES = (
    "수원 성남 의정부 안양 부천 광명 평택 동두천 안산 고양 과천 구리 남양주 오산 시흥 군포 의왕"
    " 하남 용인 파주 이천 안성 김포 화성 광주 양주 포천 여주 춘천 원주 강릉 동해 태백 속초 삼척"
    " 청주 충주 제천 천안 공주 보령 아산 서산 논산 계룡 당진 전주 군산 익산 정읍 남원 김제 목포"
    " 여수 순천 나주 광양 포항 경주 김천 안동 구미 영주 영천 상주 문경 경산 창원 진주 통영 사천"
    " 김해 밀양 거제 양산 제주 서귀포 세종"
)
_DISTRICTS = "분당 일산 송파 강남 서초 마포 영등포 해운대 동래 판교 광교 동탄 평촌 수지 기흥 상암"
_METROPOLES = "서울 부산 대구 인천 대전 울산"
# Behind each of these stands a part of it.
_IN_A_CITY = frozenset(
    (
        *(f"{name}구" for name in (*_GU.split(), *"중서동남북")),
        *(f"{name}시" for name in _CITIES.split()),
        *(name + end for name in _METROPOLES.split() for end in ("", "시", "특별시", "광역시")),
        "광주광역시",
        *_DISTRICTS.split(),
    )
)
_PROVINCE_OF = {
    f"{name}{ending}": kind
    for kind, names in (
        ("경기", "경기"),
        ("강원", "강원"),
        ("충북", "충북 충청북"),
        ("충남", "충남 충청남"),
        ("전북", "전북 전라북"),
        ("전남", "전남 전라남"),
        ("경북", "경북 경상북"),
        ("경남", "경남 경상남"),
        ("제주", "제주"),
    )
    for name in names.split()
    for ending in ("도", "")
    if ending or len(name) < 3
} | {"충청도": "충청", "전라도": "전라", "경상도": "경상"}
_LAST_WORD = re.compile("[가-힣]+$")

# Said of a place behind a mask: 은 사람 많지, 까지 얼마나 걸려, 맛집. Not said of people.
_OF_A_PLACE = re.compile(
    "(?:[은는이가도]|이?면|이?라서?|에|으로|로|까지|부터|쪽|쪽으로|쪽에|근처|근처에)?"
    "(?: (?:쪽|근처|가면|진짜|완전|너무|좀|되게|거기|지금|요즘|많이|엄청|한번|다|또|안|못|잘))"
    "{0,8} ?"
    "(?:사람 ?(?:이|도|들이)? ?(?:진짜|너무|엄청)? ?(?:많|없|적)|살[아았고던면]|사는|산다|살기"
    "|가 ?[본봤볼]|가[면고자서려기]|갔|간[다적지대]|갈[래까게거]|멀|가깝|가까|도착|여행|놀러|맛집"
    "|날씨|춥|추[워웠울운]|덥|더[워웠울운]|시원|따뜻|(?:[가-힣]{1,6}[이가] (?:진짜 |정말 )?)?유명"
    "|[가-힣]{1,6}[이가] (?:진짜 |정말 )?맛있|(?:야경|바다|경치|풍경|단풍|벚꽃|노을|해변)[이가]"
    "|비행기|물가|집값|근처"
    "|동네|쪽|출발|비 ?[가는]? ?[오와왔온]"
    "|눈 ?[이은]? ?[오와왔온]|교통|(?:주말에 |너무 |엄청 |많이 |차 ?){0,4}"
    "막[혀히힌]|차 ?막|바다|구경"
    "|이사"
    "|출신|명소|야경|핫플|시내|날이|좋[지죠]|좋더라"
    "|넓"
    "|시골|볼 ?거|볼게 있|볼만|다녀[오왔온]|인구|번화|조용[하한]|복잡|공기|풍경|경치|버스|지하철"
    "|기차|ktx|숙소"
    "|(?<=면 )(?:[가-힣]{1,6} ){0,2}[가-힣]{0,6}(?:근처|가까|멀[겠다어지])"
    "|호텔|펜션|다들 가|축제|시장|공항)"
)


# 언니랑 홍콩 가기로 했어
_GOES_TO = re.compile(" 가서 (?:뭐|뭘|무엇|어디|맛있)")
_GOES = re.compile(" ?(?:으?로 )?가(?:기로|려고|려는|자고|고 있)")
_WITH = re.compile("(?:(?<![나너저])랑|하고|같이|함께) $")
_WHERE = re.compile("어디(?!가 아)|고향|어느 ?(?:동네|지역|나라|도시|쪽)|사는 ?(?:곳|데)")
_THERE = re.compile(
    r"(?:이?요|이에요|예요|이?야|입니다|쪽이?[요야]?|에? ?살| (?:어때|어떰|가자|갈까))(?![가-힣])"
    r"|이?나 [가-힣]| (?:갑니다|가요|가려|가기로|간다|갈 ?거|갔다 ?왔|다녀|여행|쪽|근처)"
    r"|[ㄱ-ㆎ!.~^ ]{0,20}$"
)


SHORT = 5  # characters of what is said before a place that is taken up
LONG = 200  # characters of what was said before that are looked at
_INSTEAD = re.compile(
    r"(?:^|그럼|그러면|그럼요|아니면|아님|차라리|혹시|음|아니|아뇨|아니요|근데|그냥|그래도|이번엔"
    r"|난|나는|저는|전)"
    r" ?[,.]*$"
)
_RATHER = re.compile(
    "(?:[은는]|이?나|쪽은|도|이?랑|보다는?|으?로)?"
    "(?: ?(?:어때|어떰|어떠|어떨|갈래|가자|가요|가볼|갈까|괜찮|별로|너무 멀|멀|좋|싫)| ?[?!]"
    r"|이?[요야](?![가-힣])|이에요|예요|입니다"
    "|[ㄱ-ㆎ!.~^ ]*$)"
)
_WHAT_OF = re.compile("(?:[은는도](?:요)?|쪽은)(?: ?(?:어때|어떰|어떠|어떨)[가-힣]{0,2})? ?[?!]")
_TRAVEL = re.compile(
    "여행|놀러|휴가|갈[까래지]|가[고자봤본]|갔|간다|사[는세]|살[아고]|이사|날씨|비 ?[와오온]|눈"
    " ?[와오온]"
    "|출장|고향|어때|맛집|바다|숙소|비행기|드라이브"
)


def is_instead(before: Sequence[str], text: str, start: int, *, masked: bool) -> bool:
    """Say whether a mask hides a place instead of one just named: 부산 갈까? / 그럼 목포는?

    Args:
        before: what was said last.
        text: with placeholders.
        start: of the mask.
        masked: the last placeholder before, not long ago, hides a place.
    """
    if masked and _WHAT_OF.match(text, start + 1):
        return _INSTEAD.search(text, max(0, start - 8), start) is not None
    return (
        _INSTEAD.search(text, max(0, start - 8), start) is not None
        and _RATHER.match(text, start + 1) is not None
        and any(names_a_place(said[-LONG:]) and _TRAVEL.search(said[-LONG:]) for said in before)
    )


_OH = re.compile("^(?:아|오|와|헐|음|어|엥|우와|그럼|근데|역시|아하)? ?$")
_IF_THERE = re.compile("이?면 |이?구나|이라니|이면(?![가-힣])")


def takes_up(text: str, start: int) -> bool:
    """Say whether a mask takes up the place that was just named: 오 여수면 회 먹고 와야지."""
    return (
        start < SHORT
        and _OH.match(text, 0, start) is not None
        and _IF_THERE.match(text, start + 1) is not None
    )


def answers_where(question: str, text: str, start: int) -> bool:
    """Say whether a mask hides where somebody is from or lives: 고향이 어디예요? / 목포요."""
    return _WHERE.search(question) is not None and _THERE.match(text, start + 1) is not None


def kind_at(text: str, start: int, *, place_named: bool, affiliation: str | None = None) -> str:
    """Return what stands for a placeholder: `name`, or a key of `WORDS`.

    Args:
        text: with placeholders.
        start: of the placeholder.
        place_named: a mask hides a place elsewhere in the dialogue.
        affiliation: what an affiliation is of which nothing else is known.
    """
    placeholder = text[start]
    if placeholder in (AFFILIATION, FIRM):
        plain = (affiliation or "affiliation") if placeholder == AFFILIATION else "firm name"
        return affiliation_at(text, start) or plain
    masked = placeholder in (MASKED_GIVEN, MASKED_FULL)
    if (masked or placeholder == NAME) and (kind := glued_at(text, start, masked=masked)):
        return kind
    if masked:
        is_place = place_named and _OF_A_PLACE.match(text, start + 1)
        is_goal = _GOES.match(text, start + 1) and _WITH.search(text, max(0, start - 9), start)
        return "place" if is_place or is_goal or _GOES_TO.match(text, start + 1) else "name"
    if placeholder not in (ADDRESS, MASKED_STEM, MASKED_PLACE):
        return "name"
    suffix = _SUFFIX.match(text, start + 1)
    if suffix and placeholder != MASKED_PLACE:
        return suffix[1]
    if placeholder == MASKED_STEM and text[start + 1 : start + 2] in _HALVES:
        return text[start + 1]
    if placeholder in (ADDRESS, MASKED_STEM):
        rural = _RURAL.match(text, start + 1)
        if rural:
            return rural[1] or rural[2] or rural[3]
    if placeholder == ADDRESS:
        before = text[max(0, start - 12) : start].rstrip(" ")
        word = _LAST_WORD.search(before)
        if word and word[0] in _PROVINCE_OF:
            return _PROVINCE_OF[word[0]]
        if before.endswith(ADDRESS) or (word and word[0] in _IN_A_CITY):
            return "inner"
    return "place"
