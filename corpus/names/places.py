"""Places and affiliations: which word suits what stands before and behind a placeholder.

처인구 #@주소# is a 동, #@소속#대 is a university, and what a star mask hides is a place where one
was named before and what is said is said of places: 사람 많지, 살아, 놀러 가.
"""

import re
from collections.abc import Sequence

from corpus.names.where import is_where
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
_SUFFIX = re.compile(f"([동역구시읍])(?:(?![가-힣])|{_PARTICLES}|(?<=[구시])청)")
_BEHIND = (
    f"(?:(?![가-힣])|{_PARTICLES}|랑|만|야|다[녀니]|라|생|출신|졸|나[와온왔]|앞|입구|학생|동기"
    "|선배|후배)"
)
_SCHOOL = (
    "(?:여자|남자|사이버|전문|체육|예술|외국어|과학|공업|상업)?(?:대학|고등|중학|초등|학교)"
    f"|[여남공상교예외의법사치약과체]?[대고]{_BEHIND}|여?중(?!에){_BEHIND}|초(?:등|{_BEHIND})"
    "|대 ?병원|전문대"
)
_SUBJECT = (
    "학과|학부|과(?:생|대표|사무실|잠바|방|(?:이야|이에요|예요|야|입니다)?[?!. ]*$|에(?![가-힣])"
    "| (?:나[왔와온]|다[녀니]|졸업|출신|학생|선배|후배|동기|교수|전공|지원|가고|붙))"
)
_TEAM = f"팀|부(?:장|서|원|실)|부(?!터|[장자]){_BEHIND}|본부|[실과](?:장님|원|에서 일|로 발령)"
_OFFICE = (
    "구청|군청|경찰서|소방서|우체국|보건소|세무서|도서관|(?:동 ?)?주민 ?센터|동사무소|복지관"
    "|체육관|동 ?행정|법원|구립"
)
_WORKS = (
    "연구[소원실]|공[장단사](?!님)|재단|협회|전자|건설|화학|제약|식품|물산|산업|중공업|자동차|상사"
    f"|증권|보험|생명|화재|카드(?:사|{_BEHIND})|통신|항공|방송|신문|일보|출판|미디어|엔터|게임즈"
    "|부대|사단|학회|사무소|사무실|법인|스튜디오|극단|구단|농장|농협"
)
_KINDS = (
    ("school", _SCHOOL),
    ("kindergarten", f"유치원|어린이집|반(?!장님){_BEHIND}"),
    ("hospital", "병원|의원|한의원|치과|약국|내과|외과|피부과|안과|산부인과|소아과|요양원"),
    ("firm", "회사"),
    ("team", _TEAM),
    ("subject", _SUBJECT),
    ("church", "교회|성당"),
    ("bank", "은행|뱅크"),
    ("school", "학원"),
    ("club", "동아리|동호회|모임|클럽|부원"),
    ("city hall", "시청|시의회|시립"),
    ("office", _OFFICE),
    ("works", _WORKS),
    ("shop", f"마트|카페|식당|호텔|백화점|그룹|센터|점{_BEHIND}|빌딩|아파트"),
)
_AFFILIATED = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)

# What follows the name of a school and not a person's: 민준 학교 is the school that 민준 goes to;
# before 대학교 stands the name of a university.
_MASKED_SCHOOL = re.compile(
    "(?:대학교|대학병원|고등학교|중학교|초등학교)"
    r"|여?대(?:(?=[ㄱ-ㆎ?!.~ ]*$)|(?=(?:에서?|에는|에도|랑|야|예요|입니다)(?![가-힣])))"
    "|여?[대고](?= (?:다[녀니닌]|나[왔와온]|출신|졸업|합격|붙|입학|학생|축제|[0-9]학년))"
)
_MASKED_BUILDING = re.compile("병원|교회|성당|은행|유치원|어린이집|아파트|백화점|호텔")

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
_DISTRICTS = "분당|일산|송파|강남|서초|마포|영등포|해운대|동래|판교|광교|동탄|평촌|수지|기흥|상암"
_IN_A_CITY = re.compile(
    rf"(?:(?<![가-힣])(?:{'|'.join(_GU.split())})구|(?<![가-힣])[중서동남북]구"
    rf"|(?<![가-힣])(?:{'|'.join(_CITIES.split())})시"
    r"|(?<![가-힣])(?:서울|부산|대구|인천|대전|울산)(?:특별시|광역시|시)?|광주광역시"
    rf"|(?<![가-힣])(?:{_DISTRICTS})|{ADDRESS}) *$"
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
_IN_A_PROVINCE = re.compile(rf"(?<![가-힣])({'|'.join(_PROVINCE_OF)}) *$")

# Said of a place behind a mask: 은 사람 많지, 까지 얼마나 걸려, 맛집. Not said of people.
_OF_A_PLACE = re.compile(
    "(?:[은는이가도]|에|으로|로|까지|부터|쪽|쪽으로|쪽에|근처|근처에)?"
    "(?: (?:쪽|근처|가면|진짜|완전|너무|좀|되게|거기|지금|요즘|많이|엄청|한번|다|또|안|못|잘))"
    "{0,8} ?"
    "(?:사람 ?(?:이|도|들이)? ?(?:진짜|너무|엄청)? ?(?:많|없|적)|살[아았고던면]|사는|산다|살기"
    "|가[면고자서려본봤볼]|갔|간[다적지대]|갈[래까게거]|멀|가깝|가까|도착|여행|놀러|맛집|날씨"
    "|춥|추[워웠울운]|덥|더[워웠울운]|시원|따뜻|(?:[가-힣]{1,6}[이가] (?:진짜 |정말 )?)?유명"
    "|[가-힣]{1,6}[이가] (?:진짜 |정말 )?맛있|(?:야경|바다|경치|풍경|단풍|벚꽃|노을|해변)[이가]"
    "|비행기|물가|집값|근처"
    "|동네|쪽|출발|비 ?[가는]? ?[오와왔온]"
    "|눈 ?[이은]? ?[오와왔온]|교통|(?:주말에 |너무 |엄청 |차 ?){0,4}막[혀히힌]|차 ?막|바다|구경"
    "|이사"
    "|출신|명소|야경|핫플|시내|날이|좋지|좋더라"
    "|넓"
    "|시골|볼 ?거|볼게 있|볼만|다녀[오왔온]|인구|번화|조용[하한]|복잡|공기|풍경|경치|버스|지하철"
    "|기차|숙소"
    "|호텔|펜션|다들 가|축제|시장|공항)"
)


_UNIVERSITY = re.compile(
    "(?:[이은는을를도만]|에|로|으로|랑)? ?(?:또 |다 |못 |안 )?(?:붙|합격|떨어[졌진지질]|입학|졸업"
    "|자퇴|휴학|복학"
    "|편입|수시|정시|논술|캠퍼스|학번|과잠|축제|등록금|원서|새내기|신입생|전액 ?장학|출신|나왔"
    "|나온|나와서)"
)
_JOB = re.compile(
    "(?:에서?|로|으로|[이은는을를도만가])? ?(?:일[해하한했할]|입사|퇴사|면접|이직|취[직업뽀]|연봉"
    "|월급|출근|퇴근|회식"
    "|인턴|공채|서류|알바|계약직|정규직|주식|대리|과장|부장|팀장|차장|사원|짤[렸린]|그만[뒀두둔])"
)


def affiliation_of(texts: Sequence[str]) -> str | None:
    """Return what the affiliations of a dialogue are if what stands behind one tells, else None.

    >>> affiliation_of(["나 \ue002 붙었어", "\ue002 좋지"]), affiliation_of(["\ue002 갔어"])
    ('university', None)
    """
    told = set()
    for text in texts:
        start = text.find(AFFILIATION)
        while start >= 0:
            for kind, pattern in (("university", _UNIVERSITY), ("firm name", _JOB)):
                if pattern.match(text, start + 1):
                    told.add(kind)
            start = text.find(AFFILIATION, start + 1)
    return told.pop() if len(told) == 1 else None


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
        return next(
            (kind for kind, pattern in _AFFILIATED if pattern.match(text, start + 1)), plain
        )
    if placeholder in (MASKED_GIVEN, MASKED_FULL, NAME):
        if school := _MASKED_SCHOOL.match(text, start + 1):
            return next(kind for kind, pattern in _AFFILIATED if pattern.match(school[0]))
        if placeholder != NAME and (building := _MASKED_BUILDING.match(text, start + 1)):
            return next(kind for kind, pattern in _AFFILIATED if pattern.match(building[0]))
    if placeholder in (MASKED_GIVEN, MASKED_FULL):
        is_place = place_named and _OF_A_PLACE.match(text, start + 1)
        return "place" if is_place or is_where(text, start) else "name"
    if placeholder not in (ADDRESS, MASKED_STEM, MASKED_PLACE):
        return "name"
    suffix = _SUFFIX.match(text, start + 1)
    if suffix and placeholder != MASKED_PLACE:
        return suffix[1]
    if placeholder == MASKED_STEM and text[start + 1 : start + 2] in _HALVES:
        return text[start + 1]
    if placeholder == ADDRESS:
        rural = _RURAL.match(text, start + 1)
        if rural:
            return rural[1] or rural[2] or rural[3]
        province = _IN_A_PROVINCE.search(text, max(0, start - 12), start)
        if province:
            return _PROVINCE_OF[province[1]]
    in_a_city = placeholder == ADDRESS and _IN_A_CITY.search(text, max(0, start - 12), start)
    return "inner" if in_a_city else "place"
