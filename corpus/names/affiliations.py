"""Affiliations: which word suits what was typed behind `#@소속#`, or behind a mask as behind one.

#@소속#대 is a university, #@소속#팀 a team, **치킨 a shop and **시장 a market: what is glued to a
placeholder says what it hides, and is never said of a person.
"""

import re
from collections.abc import Sequence

from corpus.records import AFFILIATION

_PARTICLES = "에|으로|로|은|는|이|가|을|를|도|의|까지|부터"
_BEHIND = (
    f"(?:(?![가-힣])|{_PARTICLES}|랑|만|야|다[녀니]|라|생|출신|졸|나[와온왔]|앞|입구|학생|동기"
    "|선배|후배)"
)
_SCHOOL = (
    "(?:여자|남자|사이버|전문|체육|예술|외국어|과학|공업|상업)?(?:대학|고등|중학|초등|학교)"
    f"|(?:과학|국제|예술|체육|정보|[여남공상교예외의법사치약과체])?[대고]{_BEHIND}"
    f"|여?중(?!에){_BEHIND}|초(?:등|{_BEHIND})"
    "|대 ?병원|전문대"
)
_SUBJECT = (
    "학과|학부|과(?:생|대표|사무실|잠바|방|(?:이야|이에요|예요|야|입니다)?[?!. ]*$|에(?![가-힣])"
    "| (?:나[왔와온]|다[녀니]|졸업|출신|학생|선배|후배|동기|교수|전공|지원|가고|붙|사람들|애들"
    "|엠티|mt"
    "|수석|차석|탑|톱|수업|과제|건물|행사|단톡|조교))"
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
    "|지점|지사|본사|본점|영업[소점]|대리점|매장|물류|지부|버스|택시|철도|라면|우유|소주|맥주|페이"
    "|톡"
    "|당(?=원(?!이야)| (?:지지|후보|대표|의원|공천|뽑))"
)
_SHOP = (
    "마트|카페|커피|식당|호텔|백화점|그룹|치킨|피자|버거|분식|김밥|반점|갈비|국밥|족발|보쌈|냉면"
    "|베이커리|제과|빵집|편의점|문구|서점|문고|서적|미용실|헤어|네일|헬스장?|피트니스|필라테스"
    "|노래방|피시방|pc방|영화관|시네마|리조트|펜션|캠핑장|워터파크|랜드|스토어|아울렛|쇼핑|홈쇼핑"
    "|주유소|부동산|세탁소|정육점|슈퍼|상회|상가"
)
# Of a place that has its name from where it lies: 중앙시장, 남부터미널.
_SITE = (
    "시장(?!님)|대?공원|터미널|체육관|도서관|박물관|미술관|사거리|삼거리|해수욕장|계곡|저수지"
    "|휴게소"
    "|온천|수목원|식물원|동물원|운동장|경기장|야구장|축구장|광장|지하상가|나들목|톨게이트|휴양림"
    "|대교|호수|폭포|항구|댐|마을|스키장|골프장|터널|골목(?!대장)|선착장|전망대|타워|해변|해안"
    "|둘레길"
    "|(?:관|거리)(?=$|[ ?!.~]|에서|에(?![가-힣])|으?로(?![가-힣])|앞)"
)
_HILL = f"산(?:(?![가-힣])|(?:{_PARTICLES}|에서)(?![가-힣])|정상|등산)"
_KINDS = (
    ("school", _SCHOOL),
    ("school", "(?:농구|축구|야구|배구|밴드|방송|연극|미술|합창|댄스)부"),
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
    ("shop", f"{_SHOP}|센터|점{_BEHIND}|빌딩|아파트"),
)
# What may stand behind another word: 미술학원, 손해보험.
_COMPOUND = re.compile(
    "[가-힣]{1,4}?(?=학원|학교|병원|보험|은행|센터|카페|식당|연구[소원]|교회|회사|부대|공장|마트"
    "|외과|내과|버스|대리점|터미널)"
)
_AFFILIATED = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS)

# What follows the name of a school and not a person's: 민준 학교 is the school that 민준 goes to;
# before 대학교 stands the name of a university.
_MASKED_SCHOOL = re.compile(
    "(?:대학교|대학병원|고등학교|중학교|초등학교)"
    r"|여?대(?:(?=[ㄱ-ㆎ?!.~ ]*$)|(?=(?:에서?|에는|에도|랑|야|예요|입니다)(?![가-힣])))"
    "|여?[대고](?= (?:다[녀니닌]|나[왔와온]|출신|졸업|합격|붙|입학|학생|축제|[0-9]학년))"
    "|여?대(?= (?:근처|앞|후문|정문|캠퍼스|기숙사|[0-9]{2}학번))"
)
_MASKED_BUILDING = re.compile(
    f"병원|치과|약국|교회|성당|은행|유치원|어린이집|아파트|{_SHOP}"
    "|지점|지사|본사|본점|영업[소점]|대리점|매장|버스|택시|철도|라면|우유|소주|맥주|페이"
    "|톡(?=[으은이을]|[ ?!.]|$)"
    "|당(?=원(?!이야)| (?:지지|후보|대표|의원|공천|뽑))"
    "|전자|건설|제약|식품|물산|중공업|자동차|증권|생명|화재|카드|통신|항공"
)
_MASKED_SITE = re.compile(f"{_SITE}|{_HILL}")

_UNIVERSITY = re.compile(
    "(?:[이은는을를도만]|에|로|으로|랑)? ?(?:또 |다 |못 |안 )?(?:붙|합격|떨어[졌진지질]|입학|졸업"
    "|자퇴|휴학|복학"
    "|편입|수시|정시|논술|캠퍼스|[1-4]학년|학번|과잠|축제|등록금|기숙사|원서|새내기|신입생|전액"
    " ?장학"
    "|출신|나왔"
    "|나온|나와서)"
)
_JOB = re.compile(
    "(?:에서?|로|으로|[이은는을를도만가])? ?(?:일[해하한했할]|입사|퇴사|면접|이직|취[직업뽀]|연봉"
    "|[0-9]{1,2}시 ?출근"
    "|월급|출근|퇴근|회식"
    "|인턴|공채|서류|알바|계약직|정규직|주식|대리|과장|부장|팀장|차장|사원|짤[렸린]|그만[뒀두둔])"
)
# What tells it from anywhere in the utterance.
_STUDENTS = re.compile(
    "휴학|복학|자퇴|편입|과잠|캠퍼스|수강 ?신청|학점|교수님|새내기|종강|개강|학식|대학원"
)
_STAFF = re.compile("입사|퇴사|이직|연봉|주가|상장|매출|야근|공채|인턴|사원증|면접")
_WHOLE_WORDS = (("university", _UNIVERSITY, _STUDENTS), ("firm name", _JOB, _STAFF))


def affiliation_of(texts: Sequence[str]) -> str | None:
    """Return what the affiliations of a dialogue are if what stands behind one tells, else None.

    >>> affiliation_of(["나 \ue002 붙었어", "\ue002 좋지"]), affiliation_of(["\ue002 갔어"])
    ('university', None)
    """
    told = set()
    for nth, text in enumerate(texts):
        behind = [match.end() for match in re.finditer(AFFILIATION, text)]
        for kind, pattern, beside in _WHOLE_WORDS if behind else ():
            near = (text, *texts[nth + 1 : nth + 2])
            if any(map(beside.search, near)) or any(pattern.match(text, start) for start in behind):
                told.add(kind)
    return told.pop() if len(told) == 1 else None


def affiliation_at(text: str, start: int) -> str | None:
    """Return what the affiliation at `start` is, a key of `WORDS`, if what is glued to it tells."""
    kind = _first(text, start + 1)
    if kind is None and (compound := _COMPOUND.match(text, start + 1)):
        return _first(text, compound.end())
    return kind


def glued_at(text: str, start: int, *, masked: bool) -> str | None:
    """Return what a name or a mask at `start` is if no person's name has what is glued to it.

    Args:
        text: with placeholders.
        start: of the placeholder.
        masked: it is a mask, which may hide anything; a tag says that somebody named a person.

    >>> glued_at("\ue003시장 가자", 0, masked=True), glued_at("\ue003이 가자", 0, masked=True)
    ('site', None)
    """
    behind = start + 1
    if school := _MASKED_SCHOOL.match(text, behind):
        return _first(school[0], 0)
    if masked and _MASKED_BUILDING.match(text, behind):
        return _first(text, behind)
    if masked and _MASKED_SITE.match(text, behind):
        return "hill" if text[behind] == "산" else "site"
    return None


def _first(text: str, start: int) -> str | None:
    return next((kind for kind, pattern in _AFFILIATED if pattern.match(text, start)), None)
