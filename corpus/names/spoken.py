"""Who is spoken to, and who gives the own name, as far as the text around a name tells."""

import re
from collections.abc import Callable, Sequence

from corpus.names.titles import CALLED_SO, POLITE, Title

READ = 1_000  # characters to either side of a name tell whether somebody is spoken to

# 나 지우인데, 제 이름은 지우예요, 저 지우라고 하는데요
_ME = re.compile(
    "(?<![가-힣])(?:나|난|나는|나도|내가|저|전|저는|저도|제가"
    "|(?:내|제|나의|저의) ?(?:이름|본명|성함)[은이]?"
    r"|^(?:이름|본명)은)[ ,.~]*$"
)
_ITS_ME = re.compile(r"(?<![가-힣])(?:나야|나다|나요|저예요|저에요|저야|저요|접니다)[ ,.!~]*$")
_HELLO = re.compile(
    "(?:안녕하세요|여보세요|반갑습니다|반가워요|처음 뵙겠습니다|감사합니다|고맙습니다)"
    "[ ,.!~^]*(?:[가-힣0-9 ]{0,24} )?$"
)
# Of somebody who serves customers: 네 상담사 지우입니다, 고객센터 지우입니다.
_SERVING = re.compile(
    r"(?:상담원|상담사|상담직원|담당자|담당|매니저|컨설턴트|직원|고객 ?센터|상담 ?센터|콜센터"
    r"|프런트|프론트|예약실|지점|본점|[가-힣]팀|[가-힣]과)[ ,.]*$"
)
# 상담사 지우 대리입니다
_RANK = re.compile(
    " (?:대리|과장|차장|부장|팀장|실장|주임|사원|매니저|실무관|기사|점장|간호사|강사)(?=입니다)"
)
_ASKED_TO_BE = re.compile(
    "(?:고객|회원|예약자|환자|구매자|신청자|주문자|수령인|손)(?:님|분)?(?: (?:성함|이름)[이은]?)? $"
)
_IS_IT = re.compile("(?: ?(?:님|씨))?(?:이|께서)? ?(?:맞[으는나]|이시|이신|되시|본인이[신시세])")
_YES = re.compile(r"^(?:네|넵|예|아|아 네|네 네|음)?[ ,.~]*$")
# What a reader takes for a question after the name of who is spoken to.
_ASKED = re.compile(
    r"(?:^|(?<![가-힣])(?:혹시|근데|그럼|그런데|그러면|실례지만|고객님|회원님|환자분|손님|너|넌|너는|니|네|저기|아|본인"
    r"|예약자|예약자분|예약하신 분|선생님|회원분|고객님의|당신|당신은|그쪽|그쪽은)[ ,.~]+)"
    r"(?:성함|이름|본명|성함이|이름이|성함은|이름은|이름을|성함을) ?"
    r"(?:좀 |다시 |한번 |한 번 )*(?:뭐|뭔|어떻게|어찌|무엇|말씀|알려|여쭤|여쭙|부탁|확인|모르)"
)
I_AM = re.compile(
    "(?:인데|인 ?(?:거|것|걸|줄)"
    "|이?(?:라고|야|예요|에요|이에요|거든|고(?![가-힣])|지(?![가-힣])|다(?![가-힣])|구(?![가-힣]))"
    "|이에요|이예요|이어요|여요|입니다|임(?![가-힣])|이?요(?![가-힣]))"
)
_I_AM_CALLED = re.compile("입니다|이?에요|이?예요|이?라고 (?:합니다|해요|하는데|부르|하고)")
_ENDS = re.compile("[ㄱ-ㆎ?!.~^]|$")
_STATED = re.compile(" ?[ㄱ-ㆎ!.~^]*$")
# Such a question is for the person who is spoken to, unless it names somebody else.
_HONOURED = re.compile(
    "(?:성함|존함)[^.?!]{0,20}(?:어떻게|어찌|무엇|말씀|알려|여쭤|여쭙|부탁|확인|불러|남겨|적어)"
)
_OF_A_THIRD = re.compile(
    "(?:그|저|이|상대|담당|받[으는]시?[는실]?|보호|수령하실) ?(?:분|사람|자|인)의? ?(?:성함|존함)"
    "|(?:담당자|수령인|상담사|선생님|어머니|아버지|부모님|아이|자녀|따님|아드님|배우자|남편분|아내분|사장님"
    "|교수님|원장님|대표님)(?:분|의)? ?(?:성함|존함)"
)
_ENDS_TEXT = re.compile("[ㄱ-ㆎ!.,~^ ]*")
_BEGINS_TEXT = re.compile("(?:네|넵|예|저기|아|안녕하세요|안녕|저기요|여보세요)?[ ,.!~]*")
_IT_IS = re.compile("(?<=[가-힣])(?:이|가|은|는|건|게) $")  # 쟤가 지우야, 이름이 지우야
# Behind 님 or 씨 somebody is spoken of, not to: 민준 씨가, 민준 씨한테.
_SPOKEN_OF = re.compile(
    "이랑|이나|이네|이라|이야|이었|이에요|이예요|이세요|이신|입니다|인[가데지 ]"
    "|을|를|한테|에게|께|랑|하고|과|와|의|네"
    "|처럼|보다|때문|까지|꺼|거|들|덕분(?!에)|생일(?! ?축)|전화|번호|집"
)
_SUBJECT = re.compile("[이가](?:요|서)?(?![가-힣])")
_ASKS = re.compile(
    r"(?:세요|실래요|시겠어요|시죠|주세요|볼래요|할래요|시나요|신가요)[?!~. ㄱ-ㆎ^]*$"
)
# 휴가래요 is said of a third, 갈래요 to the second.
_SUGGESTED = "".join(map(chr, range(ord("갈"), ord("힣") + 1, 28)))
_HEARSAY = re.compile(
    r"(?:대|대요|더라|더라고요?|던데요?|다던데요?|셨어|오셨어요|오셨네요?"
    rf"|(?<![{_SUGGESTED}])래요?|다고 하[네더던]\S*|라고 하[네더던]\S*)[?!~. ㄱ-ㆎ^]*$"
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
    r"|잘 ?(?:자(?![가-힣])|지내[?니요]|있었)|하이(?![가-힣])|오랜만|자[니냐](?![가-힣])"
    r"|바[빠쁘](?:니|냐|세요)?(?![가-힣])|일어났[어니냐]|밥 먹었[어니냐]|있잖아|혹시"
    r"|시간 ?(?:돼|되|있))"
)
_REACTS = re.compile(
    "괜찮[아지]|축하[해드합]|고마[워웠]|감사|힘내|미안|죄송|수고|고생|왔[어네구니]|그치|그러게|맞[아지네]"
    "|알[았겠]어|오랜만|어서 ?와|반가|잘했|잘됐|어떡[해하]|왜 그래|뭐라는|무슨 소리"
)
_FIRST = re.compile(r"^(?:야|오|와|아|헐|음|저기|근데|응|안녕|ㅇㅇ|[ㅋㅎㅠㅜ]+)?[ ,!~.]*$")


def is_polite(texts: Sequence[str]) -> bool:
    """Say whether somebody who wrote these speaks politely, on the whole.

    >>> is_polite(["안녕하세요", "네"]), is_polite(["밥 먹었어?", "필요 없어"])
    (True, False)
    """
    return 3 * sum(map(bool, map(_POLITE.search, texts))) >= len(texts)


def asks_for_name(text: str) -> bool:
    """Say whether who is spoken to is asked for the own name.

    >>> asks_for_name("고객님 성함이 어떻게 되세요?"), asks_for_name("강아지 이름이 뭐야?")
    (True, False)
    """
    if _ASKED.search(text):
        return True
    return _HONOURED.search(text) is not None and _OF_A_THIRD.search(text) is None


def is_oneself(before: str, text: str, start: int, *, asked: bool) -> bool:
    """Say whether the name that stands at `start` is the speaker's own.

    Args:
        before: what stands before it, without a surname.
        text: with placeholders.
        start: of the placeholder.
        asked: the other one has just asked for it.
    """
    end = start + 1
    if _ME.search(before):
        return I_AM.match(text, end) is not None or _STATED.match(text, end) is not None
    if _ITS_ME.search(before):
        return _ENDS.match(text, end) is not None
    if _SERVING.search(before) and (rank := _RANK.match(text, end)):
        end = rank.end()
    if asked and _YES.search(before):
        return bool(I_AM.match(text, end) or _STATED.match(text, end))
    if _HELLO.search(before) or _SERVING.search(before):
        return _I_AM_CALLED.match(text, end) is not None
    return _YES.search(before) is not None and text.startswith("입니다", end)


def serves(before: str) -> bool:
    """Say whether what stands before a name is what somebody is who serves customers."""
    return _SERVING.search(before) is not None


def is_copula(before: str, text: str, start: int) -> bool:
    """Say whether 야 behind the name is no call but 이다: 쟤가 지우야."""
    return bool(_IT_IS.search(before) and _ENDS.match(text, start + 2))


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
        end = start + (2 if text.startswith("이 ", start + 1) else 1)
        return _FIRST.search(text[:start]) is not None and _is_said_to(text, end)
    if title.word in CALLED_SO:
        return _is_said_to(text, title.end)
    if title.word not in (POLITE, "선생"):
        return False
    rest = text[title.end :].removeprefix("님")
    if _SPOKEN_OF.match(rest):
        return False
    if _ENDS_TEXT.fullmatch(rest) and _BEGINS_TEXT.fullmatch(text[:start]):
        return True
    clause = re.split("[.!?]", rest, maxsplit=1)[0]
    if _SUBJECT.match(rest):
        return _ASKS.search(clause) is not None
    if _HEARSAY.search(clause):
        return False
    is_short = len(rest.split()) < 2
    return _POLITE.search(text) is not None or (is_short and is_polite_speaker(speaker))


def _is_said_to(text: str, end: int) -> bool:
    return _SAID_TO.match(text, end) is not None and _HEARSAY.search(text, end) is None
