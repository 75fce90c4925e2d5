"""Who is proposed instead of somebody, or named beside somebody as another one.

What stands around a name tells it: 못 온대 / 그럼 지훈이한테 물어봐, 민준이랑 동갑, 지훈이 닮았어,
너 민준이 팬이야? / 나는 지훈이 좋아해, 우리 지훈이는 재수해.
"""

import re
from collections.abc import Sequence

from corpus.names.introduced import READ
from corpus.names.mentions import Mention
from corpus.names.particles import NOTHING

FIRST = 4  # characters before a name that is nearly all that is said
TITLED = (
    "(?: ?(?:씨|님|쌤|샘|언니|오빠|누나|형|선배|대리|과장|차장|부장|팀장|사원|이? ?(?:엄마|아빠)"
    "|[가-힣]{1,3}님))?"
)
_TITLE = re.compile(TITLED)
PARTED = re.compile("이?한테|에게|이?랑|이?하고|이?를|을")
MYSELF = re.compile("(?<![가-힣])(?:나|난|내가|나는|나도|우리|우린|저|제가|저는|전)(?![가-힣])")
# 그럼 지훈이 부르자, 아니면 지훈이한테 물어봐
_THEN = re.compile(r"(?:^|[ ,.?!])(?:그럼|그러면|그러믄|글면) ?$")
_RATHER = re.compile(r"(?:^|[ ,.?!])(?:차라리|아니면|아님|대신) ?$")
_INSTEAD = re.compile(
    r"(?:이?[ㄱ-ㆎ!?.~ ]{0,20}$|이?[은는을를]?"
    r"(?= ?(?:부르|부를|불러|불르|시키|시킬|시켜|데려|ㄱ|고고|어때|어떰|하자|보내자)))"
)
# What was proposed before is refused: 바쁘대, 못 온대, 내 차는 수리 맡김.
_REFUSED = re.compile(
    "못|(?<![가-힣])안 ?[가-힣]|없|싫|아니|아닌|ㄴㄴ|바[쁘빠빴]|아프|아[파팠픔]|별로|글쎄|힘들|수리"
    "|알바|출장|야근|고장|다[쳤친]|결석|휴가|감기|입원"
)
_PROPOSED = re.compile("(?:이|은|이?는)? ?(?:어때|어떰|어떨까|어떠)")
# Nobody is like himself, of one age with himself or married to himself.
_LIKE = re.compile(
    r"(?:이?랑|이?하고|이?를|을|와|과|이)? ?(?:아기 ?때랑 |완전 |진짜 |좀 |약간 |되게 )?"
    "(?:닮|똑 ?닮|똑같이|판박이|붕어빵)"
)
_WITH = re.compile(
    r"(?:이?랑|이?하고|와|과) ?(?:완전 |진짜 |요즘 |또 |같은 )?"
    "(?:동갑|동창|동기|친구|친하|친한|절친|사귀|사겨|썸|헤어|결혼|이혼|싸우|싸운|싸웠|화해|같은|쌍둥이"
    "|자매|형제|남매|부부)"
)
_THAN = re.compile(r"이?(?: ?(?:때|거|것|꺼|건|네|쪽))?보[다단]")
_NOT_I = re.compile(
    "(?:(?:응|어|네|오|아|음)[ ,.]+)?(?:아니|아뇨|ㄴㄴ|글쎄|근데|그래도|하지만)[ ,.]*"
    "(?:나는|난|나|저는|전|저) "
)
_DENIED = re.compile("안 |못|몰|모르|없|싫|별로|아니")
_YOU = re.compile("(?:^| )(?:너|넌|너는|니가|네가|너도|당신은) $")
_I_SAID = re.compile("(?:^| )(?:나는|난|나|저는|전) $")
# 지우네 애기 봤어? / 지우 똑 닮았더라
_HAS_KIN = re.compile(
    "이?네? ?(?:애기|아기|애|아이|딸|아들|조카|동생|언니|누나|형|오빠|엄마|아빠)(?![가-힣]{3})"
)
_HOW_IS = re.compile("(?:이?는|은) (?:요즘 |지금 )?(?:잘 ?지내|잘 ?있|어떻게 ?지내|어때|뭐 ?해)")
_BY_NOW = re.compile("(?:^|[ ,.])(?:요즘은|요새는|지금은|이제는|이젠|이번엔|이번에는) $")
_FETCHED = re.compile("이?[를을]? ?(?:데리러|만나러|보러|태우러|마중)")  # A 어디 갔어? / B 데리러
_SHOWN = re.compile("이?가? ?(?:나오는|나온|출연)")  # in a film: 지우 나오는 거
_IF = re.compile("이?가 ?(?:알|보|들으|봤으|들었으|있었으)면")
TOPIC = re.compile(r"(?:이?는|은|이?네는)(?:요)?(?![가-힣])")
_YOU_HAVE = re.compile("이? ?있잖")
_WHO_IS_IT = re.compile("누구|누군|누굴|걔")
_BUT = re.compile(r"(?:면서|는데|은데|지만|던데)[ㄱ-ㆎ.~! ]{0,9}$")
_HE = re.compile("(?<![가-힣])(?:걔|그 ?사람|그 ?분|얘|쟤)")
OURS = re.compile("(?<![가-힣])(?:우리|울|저희) $")
_OFOURS = re.compile("이?(?:는|도|은|두)(?![가-힣])")
# 민준이 동생이야: of whom the talk is; but 남친 있잖아 tells what somebody has
_WHOSE = re.compile(
    "이?네? ?(?:(?:전|구) ?)?(?:(?:남친|여친|남자친구|여자친구|남편|신랑|와이프|아내)(?! ?있)"
    "|친구|동생|누나|언니|오빠|형|엄마|아빠|아들|딸|후배|선배|동기|상사|룸메)"
    "(?: ?있잖|[ㄱ-ㆎ!.~ ]{0,9}$|이야|이잖|잖아| ?맞|인데|이지|아니)"
)
_ASK_HIM = re.compile("이?한테 ?(?:물어|여쭤|연락해|전화해)[가-힣]{0,2}(?:봐|보[자면세]|바)")
_THAT_IS = re.compile("(?:^| )(?:[그저이]건|그거|그게|[걔쟤얘]는|[걘쟨얜]) $")
_NO_IT_IS = re.compile("(?:아니|아뇨|아니요)[ ,.]+[가-힣]{1,6}[은는] $")
_COPULA = re.compile("이?(?:고|야|지|네|잖|였|인데|예요|에요)")
# What part somebody has in what is told: who did it, to whom, with whom.
_PART = re.compile(
    r"(?:(?P<subject>이?가)|(?P<to>이?한테|이?에게)|(?P<beside>이?랑|이?하고)"
    "|(?P<object>이?를|을))(?:요)?(?![가-힣])"
)
_NOTHING_ELSE = re.compile("[ㄱ-ㆎ?!. ]{0,20}$")


def behind_title(text: str, start: int) -> int:
    """Return where the title of a name ends that ends at `start`, or `start` if it has none.

    >>> behind_title("씨랑 갔어", 0), behind_title("이랑 갔어", 0)
    (1, 0)
    """
    title = _TITLE.match(text, start)
    return title.end() if title else start


def is_instead(rival: Mention, mention: Mention, texts: Sequence[str]) -> bool:
    """Say whether somebody is proposed instead of the last one: 그럼 지훈이한테 물어봐."""
    text, end = texts[mention.utterance], mention.start + 1
    before = text[max(0, mention.start - READ) : mention.start]
    then = _THEN.search(before) is not None
    if _RATHER.search(before) or (then and _INSTEAD.match(text, behind_title(text, end))):
        return True
    if rival.utterance == mention.utterance or not (then or _PROPOSED.match(text, end)):
        return False
    if then and rival.bounds.speaker == mention.bounds.speaker:
        return True
    said = (
        texts[rival.utterance][rival.start + 1 :],
        *texts[rival.utterance + 1 : mention.utterance],
    )
    return any(_REFUSED.search(one[:READ]) for one in (*said, before))


def _other_part(rival: Mention, mention: Mention, texts: Sequence[str]) -> bool:
    """Say whether nothing is said but who else has a part in it: 민준이가 때렸대 / 지훈이를?"""
    text = texts[mention.utterance]
    same_speaker = rival.bounds.speaker == mention.bounds.speaker
    if mention.start >= FIRST or mention.utterance - rival.utterance <= same_speaker:
        return False
    part = _PART.match(text, behind_title(text, mention.start + 1))
    if part is None or not _NOTHING_ELSE.match(text, part.end()):
        return False
    if part["beside"] and rival.particle in (NOTHING, "이", "이는", "는"):
        return True  # 민준이 어디 갔어? / 지훈이랑?
    before = texts[rival.utterance]
    other = _PART.match(before, behind_title(before, rival.start + 1))
    return other is not None and other.lastgroup != part.lastgroup


def is_compared(rival: Mention, mention: Mention, texts: Sequence[str], *, beside: bool) -> bool:
    """Say whether somebody is named beside the last one as of one age, liked by me, and so on.

    Args:
        rival: of whom the talk has just been.
        mention: the name that is looked at.
        texts: with placeholders.
        beside: the rival was named beside a third already, with whom this one may be compared.
    """
    text, end = texts[mention.utterance], mention.start + 1
    before = text[max(0, mention.start - READ) : mention.start]
    rest = text[end : end + READ]
    behind = rest[behind_title(rest, 0) :]
    asked = texts[rival.utterance]
    if _LIKE.match(behind):
        end = rival.start + 1
        return (
            _LIKE.match(asked, behind_title(asked, end)) is None
            and _HAS_KIN.match(asked, end) is None
        )
    if _SHOWN.match(rest) and PARTED.fullmatch(rival.particle):
        return True
    if _WITH.match(behind):
        return MYSELF.search(before) is None and not PARTED.fullmatch(rival.particle)
    if _IF.match(rest) or _WHOSE.match(rest) or (_THAN.match(behind) and not beside):
        return rival.utterance != mention.utterance
    if _other_part(rival, mention, texts):
        return True
    if _BY_NOW.search(before):
        return rival.utterance != mention.utterance
    if (_THAT_IS.search(before) or _NO_IT_IS.fullmatch(before)) and _COPULA.match(behind):
        return True
    if _ASK_HIM.match(behind) and "직접" not in rest + before:
        return rival.bounds.speaker != mention.bounds.speaker
    if _I_SAID.search(before) and _YOU.search(asked[max(0, rival.start - READ) : rival.start]):
        return rival.utterance != mention.utterance
    if rival.bounds.speaker != mention.bounds.speaker:
        if "?" in asked[rival.start : rival.start + READ] and _FETCHED.match(rest):
            return MYSELF.search(before) is None
        if "?" in rest and _HOW_IS.match(behind) and len(before) > FIRST:
            return True  # 취직했대 / 잘됐다 지훈이는 잘 지내?
        return _NOT_I.fullmatch(before) is not None and not _DENIED.search(rest)
    if rival.utterance == mention.utterance:
        return False
    replies = [one[:READ] for one in texts[rival.utterance + 1 : mention.utterance]]
    if _YOU_HAVE.match(behind):
        return not any(map(_WHO_IS_IT.search, replies))
    if OURS.search(before) and not rival.bounds.relation:
        return "?" in asked[rival.start : rival.start + READ] or _OFOURS.match(rest) is not None
    if TOPIC.match(behind) is None:
        return False
    if "?" in rest:
        return "?" in asked[rival.start : rival.start + READ]
    return _BUT.search(rest) is not None and not any(map(_HE.search, replies))
