"""Who gives the own name, as far as the text around it tells: 나 지우인데, 상담사 지우입니다."""

import re

# 나 지우인데, 제 이름은 지우예요, 저 지우라고 하는데요
_ME = re.compile(
    "(?<![가-힣])(?:나|난|나는|나도|내가|저|전|저는|저도|제가"
    "|(?:내|제|나의|저의) ?(?:이름|본명|성함)[은이]?"
    r"|^(?:이름|본명)은)[ ,.~]*$"
)
_ITS_ME = re.compile(r"(?<![가-힣])(?:나야|나다|나요|저예요|저에요|저야|저요|접니다)[ ,.!~]*$")
_I_ALONE = re.compile("(?<![가-힣])나[ ,~]*$")  # 나 지은이
# 나 지우 배고파
_I_FEEL = re.compile(" (?:배고[프파]|심심|졸[려리]|아[파프]|힘들|추워|더워|왔[어다]|도착)")
_I_TOO = re.compile("(?<![가-힣])(?:나도|저도)[ ,~]*$")  # 나도 지우야 우리 시킬까?
_CALL = re.compile("야 [가-힣]")
_IT_IS_I = re.compile("이[ㄱ-ㆎ!.~^ ]*")
_TO_AN_ELDER = re.compile(
    "^(?:안녕하세요 )?(?:형님|형|누나|누님|오빠|언니|선배|선배님|쌤|선생님|교수님|팀장님|과장님"
    "|부장님|사장님"
    "|어머님|아버님|어머니|아버지)[ ,.~!]*(?:저 )?$"
)
_IT_IS_ME = re.compile("입니다|이?에요|이?예요|이?인데(?:요|(?= ))")
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
_YES = re.compile(r"^(?:네|넵|예|아|아 네|네 네|음)?[ ,.~]*$")
# What a reader takes for a question after the name of who is spoken to.
_ASKED = re.compile(
    r"(?:^|(?<![가-힣])(?:혹시|근데|그럼|그런데|그러면|실례지만|고객님|회원님|환자분|손님|너|넌"
    r"|너는|니|네|저기|아|본인"
    r"|예약자|예약자분|예약하신 분|선생님|회원분|고객님의|당신|당신은|그쪽|그쪽은)[ ,.~]+)"
    r"(?:성함|이름|본명|성함이|이름이|성함은|이름은|이름을|성함을) ?"
    r"(?:좀 |다시 |한번 |한 번 )*(?:뭐|뭔|어떻게|어찌|무엇|말씀|알려|여쭤|여쭙|부탁|확인|모르)"
)
I_AM = re.compile(
    "(?:이?인데|인 ?(?:거|것|걸|줄)"
    "|이?(?:라고|야|예요|에요|이에요|거든|[고구지]요?(?![가-힣])|죠(?![가-힣])|다(?![가-힣]))"
    "|이에요|이예요|이어요|여요|입니다|임(?![가-힣])|이?요(?![가-힣]))"
)
# 지우로 예약했어요
_BOOKED = re.compile(
    "(?:이름)?(?:이?으?로) (?:[가-힣0-9]+ ){0,3}(?:예약|접수|신청|등록|주문|가입)(?!자|하)"
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
    "|(?:담당자|수령인|상담사|선생님|어머니|아버지|부모님|아이|자녀|따님|아드님|배우자|남편분"
    "|아내분|사장님"
    "|교수님|원장님|대표님)(?:분|의)? ?(?:성함|존함)"
)
_IT_IS = re.compile("(?<=[가-힣])(?:이|가|은|는|도|건|게) $")  # 쟤가 지우야, 이름이 지우야


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
        if _I_ALONE.search(before) and _IT_IS_I.fullmatch(text, end):
            return True
        if _I_ALONE.search(before) and _I_FEEL.match(text, end):
            return True
        if _I_TOO.search(before) and _CALL.match(text, end):
            return False
        return I_AM.match(text, end) is not None or _STATED.match(text, end) is not None
    if _ITS_ME.search(before):
        return _ENDS.match(text, end) is not None
    if _TO_AN_ELDER.search(before) and _IT_IS_ME.match(text, end):
        return True
    if _SERVING.search(before) and (rank := _RANK.match(text, end)):
        end = rank.end()
    if _YES.search(before) and _BOOKED.match(text, end):
        return True
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
