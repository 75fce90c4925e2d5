"""Who is spoken to, and who is spoken of, as far as the text around a name tells."""

import re
from collections.abc import Callable, Sequence

from corpus.names.titles import CALLED_SO, POLITES, Title

NEARBY = 40  # characters before a name say what it is named beside
READ = 1_000  # characters to either side of a name tell whether somebody is spoken to
_ASKED_TO_BE = re.compile(
    "(?:고객|회원|예약자|환자|구매자|신청자|주문자|수령인|손)(?:님|분)?(?: (?:성함|이름)[이은]?)? $"
)
_IS_IT = re.compile("(?: ?(?:님|씨))?(?:이|께서)? ?(?:맞[으는나]|이시|이신|되시|본인이[신시세])")
_STOP = re.compile("[.!?]")
_ENDS_TEXT = re.compile("[ㄱ-ㆎ!.,~^ ]*")
_BEGINS_TEXT = re.compile("(?:네|넵|예|저기|아|안녕하세요|안녕|저기요|여보세요)?[ ,.!~]*")
# Behind 님 or 씨 somebody is spoken of, not to: 민준 씨가, 민준 씨한테.
_SPOKEN_OF = re.compile(
    "이랑|이나|이네|라고|라는|란|이라|이야|이었|이에요|이예요|이세요|이신|입니다|인[가데지 ]"
    "|을|를|한테|에게|께|랑|하고|과|와|의|네"
    "| ?(?:자리|일|업무|책상|메일|연락처|가방|결혼식|휴가|말|얘기)[은는이가](?![가-힣])"
    "| ?(?:진료|수업|강의|과목|논문|연구실|과제|숙제)"
    "| ?(?:전화 ?)?(?:번호|연락처|카톡|이메일|메일|주소|인스타|계좌)(?:번호)?[은는이가도]? ?"
    "(?:혹시 |좀 |다시 )?(?:알|아세|아시|아나|있으|있나|모르|뭐|뭔|좀|어떻게|주)"
    "| (?:오|나오|들어오|돌아오|계)시면"
    "|처럼|보다|때문|까지|꺼|거|들|덕분(?!에)|생일(?! ?축)|전화|번호|집"
)
_SUBJECT = re.compile("[이가](?:요|서)?(?![가-힣])")
_ASKS = re.compile(
    r"(?:세요|실래요|시겠어요|시죠|주세요|볼래요|할래요|시나요|신가요)[?!~. ㄱ-ㆎ^]*$"
)
# 휴가래요 is said of a third, 갈래요 to the second.
_SUGGESTED = "".join(map(chr, range(ord("갈"), ord("힣") + 1, 28)))
_NO_RAE = "그노빨원오아미고모거또"  # 그래, 노래, 원래
HEARSAY = re.compile(
    r"(?:대|대요|더라|더라고요?|던데요?|다던데요?|셨어|오셨어요|오셨네요?"
    rf"|(?<![{_SUGGESTED}{_NO_RAE}])래요?|다고 하[네더던]\S*|라고 하[네더던]\S*)[?!~. ㄱ-ㆎ^]*$"
)
_POLITE = re.compile(
    "(?:(?<![필중수금목월화토일개])요|[니습]니다|습니까|ㅂ니다|죠|세용|네여|해여)(?![가-힣])"
)
# Directly behind a name, or behind a name with 언니, these words speak to that person.
_SAID_TO = re.compile(
    r"(?:[!~,]+ ?(?=[가-힣]{2})| )"
    r"(?:(?:나|우리|오늘|지금|요즘|너|진짜|너무|정말|그럼|근데) )?"
    r"(?:뭐 ?(?:해(?![가-힣])|해요|하[니냐세시]|행|함)"
    r"|어디(?:야|니|냐|임|예요|에요|세요|쯤)?(?![가-힣])"
    r"|안녕|생일 ?축하|축하[해드]|고마[워웠]|감사|미안|죄송|사랑[해합]|보고 ?싶어|굿모닝|굿밤"
    r"|잘 ?(?:자(?![가-힣])|지내[?니요]|있었)|하이(?![가-힣])|오랜만|생축|심심하|배고프?[니냐]"
    r"|졸리[니냐]|신났|삐졌|삐쳤"
    r"|자(?:[니냐]|(?=[?]))"
    r"|(?:빨리|얼른|어서) (?:[가-힣]{1,8}고 )?(?:와|나와|오셈|해|자|일어나|끝내)(?![가-힣])"
    r"|바[빠쁘](?:니|냐|세요)?(?![가-힣])|일어났[어니냐]|밥 먹었[어니냐]|혹시"
    r"|시간 ?(?:돼|되|있))"
)
_REACTS = re.compile(
    "괜찮[아지]|축하[해드합]|고마[워웠]|감사|힘내|미안|죄송|수고|고생|왔[어네구니]|그치|그러게"
    "|맞[아지네]"
    "|알[았겠]어|오랜만|어서 ?와|반가|잘했|잘됐|어떡[해하]|왜 그래|뭐라는|무슨 소리"
)
# 지우 너는?, 지우 니가 해; not 지우 너랑 갔대
_YOU = re.compile(
    "이?[ ,~]{1,3}(?:너|넌|너는|너도|너만|너나|너네|너야|너희|니가|네가|니도|니는|니|널|자기|자기는"
    "|당신|당신은)"
    "(?![가-힣])"
)
_CALLED_ALONE = re.compile("^(?:야|어이|얌마|야야|왜)[ ,.!~]*$")
_WHAT_IS_IT = re.compile("이? ?(?:왜|와|뭐)[ㄱ-ㆎ?!.~ ]*$|이? (?:(?:전화|말)해|무슨 ?일)")
_THANKS = re.compile("(?:고마워|고맙|역시)[ㄱ-ㆎ!~. ]*$")
_LISTED = re.compile("[\ue000-\uf8ff] ?[가-힣]{0,4}(?:이?랑|하고|와|과|,) ?$")  # 민준씨랑 지우씨
_ASKS_OF = re.compile(
    "부탁|감사|고마|고맙|안녕|수고|고생|죄송|미안|축하|혹시|반가|어디|뭐|가능|돼요|될까|해요|할래|갈래|이거|저기"
)
_HONOURS = re.compile(
    "세요|시[ㄴ는네죠지나면]|셨|실[래까게 ]|신가|드릴|드려|주[세실]|[갈할볼먹]래요|까요"
)
_HERE = re.compile("^(?:응|웅|어|엉|네|넹|왜|왜왜|오|그래|어 그래|ㅇㅇ|ㅇ)[ ,.~!]*$")
# Said of a third: 온대, 갔대, 온다더라; not 군대, 순대.
_ENDS_IN_N = "".join(map(chr, range(ord("간"), ord("힣") + 1, 28)))
_ENDS_IN_SS = "".join(map(chr, range(ord("갔"), ord("힣") + 1, 28)))
_NO_HEARSAY = "군순반현연건인전단근언원선안판진민한신관본천"
_TOLD_OF = re.compile(
    rf"(?:(?![{_NO_HEARSAY}])[{_ENDS_IN_N}]|(?<=[가-힣])한|[{_ENDS_IN_SS}])(?:대|대요"
    rf"|댄다)(?![가-힣])"
)
TOLD = re.compile(
    _TOLD_OF.pattern
    + "|(?:[다라]더라|[다라]던데|[다라]데|더라[고구]?요?|던데요?)(?![가-힣])|걔|얘(?![가-힣])|쟤"
)
_OF_SOMEBODY = re.compile(
    "이?한텐?|이?에게|께|이?랑|랑도|이?하고|이?를|을|와|과|이와|이?라는|이?라고|이?란"
)
_SOMEBODY = re.compile(
    "(?:(?<![가-힣])(?:그|저번에|어제|아까|전에|새로|우리 ?반|같은 ?반)(?: [가-힣]+)?[ 은는온]+"
    "|(?:말한|말했던|만난|만났던|봤던|새로 온|새로온|얘기한|얘기했던|소개해준|소개받은) )$"
)
# Who says 과장님 to somebody says no 민준 씨 to him.
_TO_ANOTHER = re.compile(
    "(?:네 |아 |저 |저기 )?(?:(?:과장|팀장|부장|차장|실장|사장|대표|대리|원장|점장|교수|선생|선배"
    "|형|누)님|쌤|언니|오빠|형|누나"
    "|선배|엄마|아빠|이모|삼촌|여보|자기야)[ ,!~.?]"
)
_OF_ANOTHER = re.compile(
    "(?:이?랑|하고|한테|에게|께|을|를|와|과|보다|처럼|네)(?![가-힣])"
    "| ?(?:자리|일|업무|책상|메일|가방|결혼식|휴가|말|얘기)[은는이가](?![가-힣])"
    "| ?(?:진료|수업|강의|과목|논문|연구실)"
)
_AND_HE = re.compile(r"(?:이?는|은)(?:요)? ?\?")
_THEN = re.compile("(?:^|[ ,.])(?:그럼|그러면|아니면) $")
_YOU_KNOW = re.compile("(?: ?씨| ?님)?(?:이|가)? ?(?:있잖아|알[아지죠]|아세요|아시죠|기억)")
_FIRST = re.compile(r"^(?:야|오|와|아|헐|음|저기|근데|응|안녕|ㅇㅇ|[ㅋㅎㅠㅜ]+)?[ ,!~.]*$")


def is_polite(texts: Sequence[str]) -> bool:
    """Say whether somebody who wrote these speaks politely, on the whole.

    >>> is_polite(["안녕하세요", "네"]), is_polite(["밥 먹었어?", "필요 없어"])
    (True, False)
    """
    return 3 * sum(map(bool, map(_POLITE.search, texts))) >= len(texts)


def addressee(speakers: Sequence[str], texts: Sequence[str], place: int) -> str | None:
    """Return who is called by name in a group, as it seems: who has spoken, or who speaks next.

    What is said of what another one has just said (괜찮아, 축하해, 왔어?) is said to that one;
    anything else is answered by whoever was called.

    >>> addressee("abac", ["나 왔어", "민준아 왔어?", "응", "늦었네"], 1)
    'a'
    >>> addressee("abca", ["뭐 먹지", "민준아 넌?", "난 국밥", "그래"], 1)
    'c'
    """
    caller = speakers[place]
    before = next((one for one in reversed(speakers[:place]) if one != caller), None)
    behind = next((one for one in speakers[place + 1 :] if one != caller), None)
    if before and (behind is None or _REACTS.search(texts[place])):
        return before
    return behind


def is_of_a_third(text: str, start: int, title: Title | None, particle: str) -> bool:
    """Say whether whoever is named is neither the speaker nor the one who is spoken to.

    >>> [is_of_a_third(text, 0, None, "") for text in ("\ue000 온대", "\ue000 군대 가?")]
    [True, False]
    """
    if title is None and _OF_SOMEBODY.fullmatch(particle):
        return True
    if _YOU_KNOW.match(text, start + 1):
        return True
    end = title.end if title else start + 1
    if title is not None and _OF_ANOTHER.match(text, end + text.startswith("님", end)):
        return True
    if _AND_HE.match(text, end) and _THEN.search(text[max(0, start - NEARBY) : start]):
        return True
    clause = _STOP.split(text[end : end + READ], maxsplit=1)[0]
    return bool(TOLD.search(clause) or HEARSAY.search(clause))


def is_hearsay(text: str) -> bool:
    """Say whether it is told of somebody who is not there: 온대, 바쁘대요."""
    return _TOLD_OF.search(text) is not None


def is_guessed(text: str, start: int, title: Title | None) -> bool:
    """Say whether nothing but a polite sentence tells that 씨 or 님 calls somebody.

    >>> from corpus.names.titles import title_at
    >>> said = "\ue000 씨 결과 나왔나요?", "\ue000 씨 부탁해요"
    >>> [is_guessed(text, 0, title_at(text, 1)) for text in said]
    [True, False]
    """
    if title is None or title.word not in POLITES:
        return False
    return not (honours(text, start) or _ASKS_OF.search(text, start, start + READ))


def honours(text: str, start: int) -> bool:
    """Say whether what is said behind a name honours whoever does it."""
    return _HONOURS.search(text, start, start + READ) is not None


def is_spoken_to(
    text: str,
    start: int,
    title: Title | None,
    speaker: str,
    is_polite_speaker: Callable[[str], bool],
) -> bool:
    """Say whether somebody without 아 or 야 is spoken to, as far as a reader can tell."""
    left = max(0, start - READ)
    text, start = text[left : start + READ], start - left
    title = title._replace(end=title.end - left) if title else None
    if _ASKED_TO_BE.search(text[:start]) and _IS_IT.match(text, start + 1):
        return True
    if title is None:
        if _YOU.match(text, start + 1):
            return _TOLD_OF.search(text, start) is None
        if text.startswith("밖에 없", start + 1) and _THANKS.search(
            text[max(0, start - NEARBY) : start]
        ):
            return True
        if _HERE.search(text[:start]) and _WHAT_IS_IT.match(text, start + 1):
            return True
        if _CALLED_ALONE.search(text[:start]) and _ENDS_TEXT.fullmatch(text, start + 1):
            return True
        end = start + (2 if text.startswith("이 ", start + 1) else 1)
        return _FIRST.search(text[:start]) is not None and _is_said_to(text, end)
    if title.word in CALLED_SO:
        return _is_said_to(text, title.end)
    if title.word not in POLITES and title.word != "선생":
        return False
    rest = text[title.end :].removeprefix("님")
    if _SPOKEN_OF.match(rest) or _SOMEBODY.search(text[max(0, start - NEARBY) : start]):
        return False
    if (
        _TO_ANOTHER.match(text)
        or _YOU_KNOW.match(rest)
        or _THEN.search(text[max(0, start - NEARBY) : start])
    ):
        return False
    if _LISTED.search(text[max(0, start - NEARBY) : start]):
        return False
    if _ENDS_TEXT.fullmatch(rest) and _BEGINS_TEXT.fullmatch(text[:start]):
        return True
    clause = _STOP.split(rest, maxsplit=1)[0]
    if _SUBJECT.match(rest):
        return _ASKS.search(clause) is not None
    if HEARSAY.search(clause):
        return False
    is_short = len(rest.split()) < 2
    return _POLITE.search(rest) is not None or (is_short and is_polite_speaker(speaker))


def _is_said_to(text: str, end: int) -> bool:
    return _SAID_TO.match(text, end) is not None and HEARSAY.search(text, end) is None
