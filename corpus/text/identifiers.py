"""Numbers and addresses that belong to somebody, as people type them: where they stand in a text.

Looked for are resident numbers, telephone numbers, e-mail addresses, accounts beside the name of a
bank and number plates: with any separator or none, in full-width digits (ASCII by now), spelt
(공일공 일이삼사 ...), with 골뱅이 for @. Prices, dates, times, order and parcel numbers and the
numbers of firms (1588-...) are nobody's.

A resident number is a date of birth and, at the end, a check digit. Those given since October 2020
have none: of a birth since then, and where 주민번호 stands before it, the form is enough.

Not looked for: numbers of cards, passports and licences, messenger ids, postal addresses.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import NamedTuple

# What has none of these holds no personal data, once all rules have written it (Latin in lower
# case). Each begins with a literal or one range, so that a whole batch is searched for little more
# than the price of copying it.
TRIGGERS = (
    r"[0-9](?=(?:[^0-9\n]{0,8}[0-9]){5})",
    *(rf"{zero} ?[0-9공영빵일이삼사오육륙칠팔구하]" for zero in "공영빵"),
    r"01[016789]",
    *("골뱅이", "at "),
)
# Before the rules take the signs and capitals away.
RAW_TRIGGERS = (*TRIGGERS, "@", "(?i:at) ", r"[aA][tT][\])]")


class Found(NamedTuple):
    """Where personal data stands in a text."""

    kind: str
    start: int
    end: int


def find(text: str) -> Found | None:
    """Return the first personal data of a text, in the order of the kinds; None if there is none.

    The text has gone through the character rules, perhaps through all of them.

    >>> find("내 번호 010-0000-1234야"), find("3000000원에 샀어")
    (Found(kind='phone', start=5, end=18), None)
    """
    for kind in KINDS:
        for start, end in spans_of(kind, text):
            return Found(kind, start, end)
    return None


_DIGIT_BEFORE, _DIGIT_BEHIND = r"(?<![0-9])", r"(?![0-9])"
_MORE_BEFORE = r"(?<![0-9])(?<![0-9][-.,:/])"  # no part of a longer number
_MORE_BEHIND = r"(?![0-9])(?![-.,/][0-9])(?! ?(?:원|만|천|억|개))"
# Between the groups of a number: signs, and 에, 의 or a spoken dash (010에 1234에 5678).
_SPOKEN = "(?:에|의|다시|하이픈|대시)[ ,.]{0,2}"
_SIGN = r"[ .,\-/~_()·:;ㅡ=]"
_SEP = rf"(?:{_SIGN}{{0,3}}(?:{_SPOKEN})?)"
_A_SEP = rf"(?:{_SIGN}{{1,3}}(?:{_SPOKEN})?|{_SPOKEN})"

# --- telephones
_TO_AREA = r"(?:(?:\+|00)? ?82[ .\-)]{0,3}(?:\(0\) ?)?0?|0)"
_PHONE = re.compile(
    rf"{_DIGIT_BEFORE}{_TO_AREA}(?:"
    rf"1[016789]{_A_SEP}[0-9]{{3,4}}{_A_SEP}[0-9]{{4}}"
    rf"|10(?:{_SEP}[0-9]){{8}}|1[16789](?:{_SEP}[0-9]){{7,8}}){_DIGIT_BEHIND}"
    rf"|{_DIGIT_BEFORE}0[ .\-]1[ .\-][016789](?:[ .\-]{{1,3}}[0-9]){{7,8}}{_DIGIT_BEHIND}"
    rf"|{_MORE_BEFORE}{_TO_AREA}(?:2|[3-6][1-5]|70|50[0-9]?)"
    rf"{_SEP}[0-9]{{3,4}}{_SEP}[0-9]{{4}}{_MORE_BEHIND}"
)
# Without an area code only what is called so is a telephone; 15xx, 16xx and 18xx are firms.
_LOCAL = re.compile(
    r"(?:전화|연락처|휴대전화|(?<!쿠)폰|전번|\bhp|\btel)\.? ?(?:번호)?"
    r"(?:은|는|이|가|도|를)?[:;=~ ]{0,3}"
    rf"(?!1[568][0-9]{{2}}[-. ])[0-9]{{3,4}}[-. ][0-9]{{4}}{_MORE_BEHIND}",
    re.IGNORECASE,
)
# Spelt, or in part: 공일공 일이삼사 오육칠팔, 010 하나둘셋넷 ..., 공이 삼사오 ...
_NUMERAL = "(?:[0-9공영빵일이삼사오육륙칠팔구]|하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉)"
_HANGUL_NUMERAL = re.compile("[공영빵일이삼사오육륙칠팔구]|하나|둘|셋|넷|다섯|여섯|일곱|여덟|아홉")
_SPELT_PHONE = re.compile(
    r"(?<![0-9])(?:(?:01|[공영빵] ?(?:1|일|하나)) ?[0공영빵16789일육륙칠팔구]|[공영빵] ?이"
    r"|[공영빵] ?[삼사오육륙] ?[일이삼사오]|[공영빵] ?칠 ?[공영빵])"
    rf"(?:[ .,\-~]{{0,3}}(?:{_SPOKEN})?{_NUMERAL}){{7,8}}(?![0-9])"
)
_LETTER_O = re.compile("(?<![a-zA-Z])[oO](?=[0-9])|(?<=[0-9])[oO](?![a-zA-Z])")

# --- e-mail addresses
_PROVIDER = (
    "(?:naver|gmail|daum|hanmail|nate|kakao|yahoo|hotmail|outlook|icloud|네이버|지메일|구글|다음"
    "|한메일|네이트|카카오|야후|핫메일|아웃룩|아이클라우드)"
)
# Bounded as their standards bound them: a megabyte of one letter takes no longer than any other.
_LOCAL_PART = r"[a-z0-9_%+\-][a-z0-9._%+\-]{0,63}+"
_DOMAIN = r"[a-z0-9][a-z0-9\-]{0,62}(?:\.[a-z0-9\-]{1,63}){0,5}"
_AT = r"(?: ?[\[(]?골뱅이[\])]? ?| ?[\[(]at[\])] ?)"
_DOT = r"(?: ?[.,] ?| ?(?:닷|쩜|점|dot|\(dot\)|\[dot\]) ?)"
_TLD = "(?:com|net|org|edu|gov|info|biz|io|me|ai|dev|app|kr|jp|us|co|컴|넷|케이알)(?![a-z])"
_EMAIL = re.compile(
    rf"{_LOCAL_PART}(?: ?@ ?|{_AT}){_DOMAIN}{_DOT}{_TLD}"
    rf"|{_LOCAL_PART} at {_DOMAIN} dot {_TLD}"
    rf"|{_LOCAL_PART} at (?:gmail|hanmail|hotmail|outlook|icloud)\.{_TLD}"
    rf"|(?=[0-9._]{{0,63}}[a-z]){_LOCAL_PART}(?:@ ?|{_AT}){_PROVIDER}(?![a-z])"
    rf"|[a-z0-9가-힣._%+\-]{{1,64}}(?: ?@ ?|{_AT}){_PROVIDER}{_DOT}{_TLD}"
    rf"|[가-힣]{{1,64}}+@{_PROVIDER}",
    re.IGNORECASE,
)

# --- accounts
_BANK = (
    "(?:[가-힣]{2}은행"
    "|(?<!(?i:[a-z]))(?i:kb|nh|ibk|sc|kdb) ?(?:국민|농협|기업|제일|뱅크|산업)?(?:은행)?"
    r"|농협|신협|수협|새마을(?: ?금고)?|우체국|카카오 ?뱅크|카뱅|케이 ?뱅크|케뱅|토스(?: ?뱅크)?"
    r"|토뱅|신한|국민|외환|씨티|계좌(?: ?번호)?|통장(?: ?번호)?)"
)
# These are everyday words, too: their number must be parted by hyphens, and stand close.
_WORD = "(?:우리|하나|기업|산업|대구|부산|경남|광주|전북|제주|제일|카카오)"
_HYPHENS = "[0-9]{2,6}(?: ?- ?[0-9]{1,7}){2,4}"
_BUSINESS = re.compile("[0-9]{3}-[0-9]{2}-[0-9]{5}")  # how the number of a firm is parted
_NUMBER = (
    rf"(?:{_HYPHENS}|[0-9]{{2,6}}(?:[ .][0-9]{{2,7}}){{2,4}}"
    "|[0-9]{3,6}-[0-9]{6,9}|[0-9]{10,14})"
)
_ACCOUNT = re.compile(
    rf"{_BANK}[^0-9\n]{{0,20}}(?P<behind>{_NUMBER}){_MORE_BEHIND}"
    rf"|(?<![가-힣]){_WORD}(?: ?은행)?[ :은]{{0,3}}"
    rf"(?P<close>{_HYPHENS}|[0-9]{{11,14}}){_MORE_BEHIND}"
    rf"|{_MORE_BEFORE}(?P<before>{_NUMBER})[ ,.()/:\-]{{0,4}}(?:[가-힣]{{2,4}} )?{_BANK}"
    rf"|{_MORE_BEFORE}(?P<just>{_HYPHENS})[ ,.()/:\-]{{0,4}}{_WORD}(?![가-힣]{{2}})"
)
_ACCOUNT_DIGITS = range(10, 15)
_DATED = re.compile(
    r"(?:19|20)[0-9]{2}(?:([-. ])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12][0-9]|3[01])\b"
    r"|(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))"
)

# --- number plates
_REGION = "서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
_USE = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호"
_UNIT_TOO = "도호조주배"  # 25도, 301호, 10조, 20주, 10배: a plate if the text is about cars
_WORD_TOO = f"{_UNIT_TOO}나다고하로수자사소"  # where it stands alone
_PLATE = re.compile(
    rf"(?:(?P<region>{_REGION}) ?)?(?<![0-9a-z.,:\-/])(?<!코로나)(?<!코로나 )[0-9]{{2,3}}"
    rf"(?P<gap> ?)(?P<use>[{_USE}])"
    rf"(?P<parted>[ \-]?)[0-9]{{4}}(?![0-9])(?![-.,:/][0-9])"
    r"(?! ?(?:원|년|만|천|억|조|월|시|분|초|명|개|점|층|미터|킬로|키로|그램|칼로리|달러|엔|보다"
    r"|[a-z%]))(?P<unit> ?(?:번|동|호))?",
    re.IGNORECASE,
)
_ABOUT_CARS = re.compile(
    "번호판|차량|차 ?번호|주차|택시|뺑소니|트럭|자동차|렌트|렌터카|세차|견인|차주"
    "|(?:^| )차(?:$|[ 를가는])"
)

# --- resident numbers
_RESIDENT = re.compile(
    r"(?<![0-9])(?P<birth>[0-9]{2}[./]?(?:0[1-9]|1[0-2])[./]?(?:0[1-9]|[12][0-9]|3[01]))"
    rf"(?P<gap>[ .\-~_/]{{0,4}})(?P<rest>[1-8](?: ?[0-9]){{6}}){_MORE_BEHIND}"
)
_RESIDENT_TOLD = re.compile(
    r"(?:주민|민증|민번)[^0-9\n]{0,12}(?:뒷? ?자리[^0-9\n]{0,6}|[0-9]{6}[^0-9\n]{1,8})"
    r"[1-8][0-9]{6}(?![0-9])"
)
_RESIDENT_LABEL = re.compile(r"(?:주민|민번|외국인 ?등록)[^0-9]{0,12}$")
BEFORE = 24  # characters before a number are looked at for what it is
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_UNCHECKED_SINCE = "2010"  # October 2020, as yymm

# What stands before a number and says that it is none of these.
_OTHER_NUMBER = re.compile(
    r"(?:주문|구매|송장|택배|등기|접수|예약|예매|상품|제품|모델|시리얼|일련|쿠폰|승인|수험|학번|사번|회원|멤버십|포인트|바코드|코드"
    r"|계약|증권|보험|면허|신청|처리|허가|인증|초대|추천|대기"
    r"|버전|당첨|조회|배송|문서|사건|티켓|항공권|영수증|품번|isbn|거래|결제|관리|고유)"
    r" ?(?:번호|코드|넘버|no\.?)?(?:은|는|이|가|도|의)?[:;=#~. ]*$",
    re.IGNORECASE,
)


def _residents(text: str) -> Iterator[tuple[int, int]]:
    for match in _RESIDENT.finditer(text):
        birth, rest = re.sub("[^0-9]", "", match["birth"]), match["rest"].replace(" ", "")
        if not _is_other(text, match.start()) and _is_date(birth, rest[0]):
            unchecked = "-" in match["gap"] and birth >= _UNCHECKED_SINCE and rest[0] in "3478"
            labelled = _RESIDENT_LABEL.search(text[max(0, match.start() - BEFORE) : match.start()])
            if labelled or unchecked or _has_check_digit(birth + rest):
                yield match.span()
    for match in _RESIDENT_TOLD.finditer(text):
        yield match.span()


def _is_date(birth: str, century: str) -> bool:
    try:
        date(
            (1900 if century in "1256" else 2000) + int(birth[:2]), int(birth[2:4]), int(birth[4:])
        )
    except ValueError:
        return False
    return True


def _has_check_digit(number: str) -> bool:
    """Return whether a number ends as it must; a foreigner's check digit may be two more."""
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False)) % 11
    allowed = {(11 - rest) % 10} | ({(13 - rest) % 10} if number[6] in "5678" else set())
    return int(number[12]) in allowed


def _phones(text: str) -> Iterator[tuple[int, int]]:
    for match in _PHONE.finditer(_LETTER_O.sub("0", text)):
        if not _is_other(text, match.start()):
            yield match.span()
    for match in _SPELT_PHONE.finditer(text):
        if _HANGUL_NUMERAL.search(match[0]):
            yield match.span()
    for match in _LOCAL.finditer(text):
        yield match.span()


def _emails(text: str) -> Iterator[tuple[int, int]]:
    for match in _EMAIL.finditer(text):
        yield match.span()


def _accounts(text: str) -> Iterator[tuple[int, int]]:
    for match in _ACCOUNT.finditer(text):
        number, start = next(
            (match[name], match.start(name)) for name in match.groupdict() if match[name]
        )
        groups = re.findall("[0-9]+", number)
        if (
            sum(map(len, groups)) in _ACCOUNT_DIGITS
            and max(map(len, groups)) > 3
            and not _BUSINESS.fullmatch(number)
            and not _DATED.match(number)
            and not _is_other(text, start)
        ):
            yield match.span()


def _plates(text: str) -> Iterator[tuple[int, int]]:
    about_cars: bool | None = None
    for match in _PLATE.finditer(text):
        doubtful = _WORD_TOO if match["gap"] else _UNIT_TOO if match["parted"] else ""
        if match["unit"]:
            doubtful = _WORD_TOO
        certain = match["use"] not in doubtful or match["region"]
        if not certain and about_cars is None:
            about_cars = _ABOUT_CARS.search(text) is not None
        if certain or about_cars:
            yield match.span()


def _is_other(text: str, start: int) -> bool:
    return _OTHER_NUMBER.search(text[max(0, start - BEFORE) : start]) is not None


# Each kind, and without what a text is not looked through for it.
KINDS: dict[str, tuple[re.Pattern[str], Callable[[str], Iterator[tuple[int, int]]]]] = {
    "resident_number": (re.compile("(?:[0-9][^0-9]*){7}"), _residents),
    "phone": (re.compile("[0-9]|[공영빵]"), _phones),
    "email": (re.compile("@|골뱅이|at", re.IGNORECASE), _emails),
    "account": (re.compile("(?:[0-9][^0-9]*){10}"), _accounts),
    "plate": (re.compile(f"[0-9] ?[{_USE}]"), _plates),
}


def spans_of(kind: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where a text holds personal data of one of `KINDS`."""
    needed, spans = KINDS[kind]
    return spans(text) if needed.search(text) else iter(())
