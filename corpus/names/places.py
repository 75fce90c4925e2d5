"""Places and affiliations: which word suits what stands before and behind a placeholder.

처인구 #@주소# is a 동, #@소속#대 is a university, and what a star mask hides is a place where one
was named before and what is said is said of places: 사람 많지, 살아, 놀러 가.
"""

import re

from corpus.records import (
    ADDRESS,
    AFFILIATION,
    MASKED_FULL,
    MASKED_GIVEN,
    MASKED_PLACE,
    MASKED_STEM,
)

# As the tags step reads `**동`: #@주소#동에서 is a 동, #@주소#동네 is not.
_PARTICLES = "에|으로|로|은|는|이|가|을|를|도|의|까지|부터"
_HALVES = ("동", "역", "구", "시", "읍")
_SUFFIX = re.compile(f"([동역구시읍])(?:(?![가-힣])|{_PARTICLES})")
_BEHIND = (
    f"(?:(?![가-힣])|{_PARTICLES}|랑|만|야|다[녀니]|라|생|출신|졸|나[와온왔]|앞|입구|학생|동기"
    "|선배|후배)"
)
_KINDS = (
    (
        "school",
        f"(?:여자|남자)?(?:대학|고등|중학|초등|학교)|[여남]?[대고]{_BEHIND}|여?중(?!에){_BEHIND}",
    ),
    ("school", f"초(?:등|{_BEHIND})"),
    ("kindergarten", "유치원|어린이집"),
    ("hospital", "병원|의원|한의원|치과|약국|내과|외과|피부과"),
    ("firm", "회사"),
    ("team", f"팀|부(?!터|[장자])(?:서|원|{_BEHIND})|본부"),
    ("subject", "학과|학부|과(?:생|대표|사무실)"),
    ("church", "교회|성당"),
    ("bank", "은행|뱅크"),
    ("school", "학원"),
    ("club", "동아리|동호회|모임|클럽|부원"),
    ("shop", f"마트|카페|식당|호텔|백화점|그룹|센터|점{_BEHIND}|빌딩|아파트"),
)
_AFFILIATED = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)

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
_IN_A_CITY = re.compile(
    rf"(?:(?<![가-힣])(?:{'|'.join(_GU.split())})구|(?<![가-힣])[중서동남북]구"
    rf"|(?<![가-힣])(?:{'|'.join(_CITIES.split())})시"
    r"|(?<![가-힣])(?:서울|부산|대구|인천|대전|울산)(?:특별시|광역시|시)?|광주광역시"
    rf"|{ADDRESS}) *$"
)

# Said of a place behind a mask: 은 사람 많지, 까지 얼마나 걸려, 맛집. Not said of people.
_OF_A_PLACE = re.compile(
    "(?:[은는이가도]|에|으로|로|까지|부터|쪽|쪽으로|쪽에|근처|근처에)?"
    "(?: (?:쪽|근처|가면|진짜|완전|너무|좀|되게|거기|지금|요즘|많이|엄청|한번|다|또|안|못|잘))* ?"
    "(?:사람 ?(?:이|도|들이)? ?(?:진짜|너무|엄청)? ?(?:많|없|적)|살[아았고던면]|사는|산다|살기"
    "|가[면고자서려본봤볼]|갔|간[다적지대]|갈[래까게거]|멀|가깝|가까|도착|여행|놀러|맛집|날씨"
    "|춥|추[워웠]|덥|더[워웠]|물가|집값|근처|동네|쪽|출발|비 ?[가는]? ?[오와왔온]"
    "|눈 ?[이은]? ?[오와왔온]|교통|차 ?막|바다|구경|이사|출신|명소|야경|핫플|시내|날이)"
)


def kind_at(text: str, start: int, *, place_named: bool) -> str:
    """Return what stands for a placeholder: `name`, or a key of `WORDS`.

    Args:
        text: with placeholders.
        start: of the placeholder.
        place_named: a place was hidden by a mask before.
    """
    placeholder = text[start]
    if placeholder == AFFILIATION:
        return next(
            (kind for kind, pattern in _AFFILIATED if pattern.match(text, start + 1)), "affiliation"
        )
    if placeholder in (MASKED_GIVEN, MASKED_FULL):
        return "place" if place_named and _OF_A_PLACE.match(text, start + 1) else "name"
    if placeholder not in (ADDRESS, MASKED_STEM, MASKED_PLACE):
        return "name"
    suffix = _SUFFIX.match(text, start + 1)
    if suffix and placeholder != MASKED_PLACE:
        return suffix[1]
    if placeholder == MASKED_STEM and text[start + 1 : start + 2] in _HALVES:
        return text[start + 1]
    in_a_city = placeholder == ADDRESS and _IN_A_CITY.search(text, max(0, start - 12), start)
    return "inner" if in_a_city else "place"
