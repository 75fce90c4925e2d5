"""What a reply tells of whoever was named: 민준이는? / 나는 아직, 꿈에 민준이 나왔어 / 내가?"""

import re

from corpus.names.spoken import HEARSAY, TOLD, honours
from corpus.names.titles import CALLED_SO, Title
from corpus.records import PLACEHOLDERS

# 서윤이 왜ㅠㅠ, 아현이 ㅠㅠ: to whoever has just spoken
_COMFORTED = re.compile("이?(?: ?왜[ㅠㅜㅋㅎ?!. ]+.*| ?[ㅠㅜ]+[ㅠㅜ. ]*)")
# Asked of the other one, who answers 나는: 민준이는 먹었어? / 나는 아직.
_ASKED_BACK = re.compile(
    r"(?:(?:이?네)?(?:이?는|은|이?도|이?네도)(?:요)?(?![가-힣])|이?(?= (?:오늘|내일|지금|몇 ?시"
    r"|언제|뭐|어디|왜|안|못|점심"
    r"|저녁|아침|밥|주말|요즘)(?![가-힣])))(?P<rest>[^?!.]{0,200})(?:\?"
    r"|(?<=[어야지냐니나래])[ㄱ-ㆎ ]*$)"
)
_OF_ONESELF = re.compile(
    r"(?:응|웅|어|엉|아니|아뇨|아니요|네|넵|ㅇㅇ|ㄴㄴ|음|흠|헐|아|오)?[ ,.~!ㄱ-ㆎ]*"
    r"(?:(?:나는|난|나도|나두|저는|전|저도|저두|우리는|우린|우리도|저희는|저희도|내꺼"
    r"|제꺼)(?![가-힣])|^나 )"
    r"(?! ?(?:잘 ?)?(?:몰라|모르|모름|궁금|들었|걔|그 ?사람))"
)
_ALONE = re.compile(r"(?:이?는|은)(?:요)? ?[ㄱ-ㆎ]{0,9}\?[ㄱ-ㆎ?!.~^ ]{0,20}$")
_WHO_ME = re.compile(
    "(?:엥|헐|뭐|응|어|잉|왜|아니|에|헉)?[ ,?!.]{0,9}(?:내가|나를|나한테|나랑|날|나|나야|저요"
    r"|제가|저를|저|저한테)(?: 왜)?\?"
)
_YOU = re.compile("(?<![가-힣])(?:너|넌|너는|너도|니가|네가|당신)(?![가-힣])")
_YO = re.compile("요 ?[?]")
_POLITELY = re.compile(r" (?P<rest>[^?!.]{1,60})\?")


def is_comforted(text: str, start: int, before: str) -> bool:
    """Say whether whoever has just spoken, of nobody else, is comforted: 서윤이 왜ㅠㅠ."""
    if start or not before or any(one in PLACEHOLDERS for one in before):
        return False
    return _COMFORTED.fullmatch(text, 1) is not None


def tells_of_oneself(reply: str) -> bool:
    """Say whether somebody answers of himself or herself: 나는 아직."""
    return _OF_ONESELF.match(reply) is not None


def wonders(reply: str, asked: str) -> bool:
    """Say whether somebody wonders to be named, who was not also called 너: 내가?"""
    return _WHO_ME.match(reply) is not None and not _YOU.search(asked)


def asks_after_alone(text: str, end: int) -> bool:
    """Say whether nothing but 는 stands behind a name: 지우는? It is asked of who is there."""
    return _ALONE.match(text, end) is not None


def is_asked_back(text: str, start: int, title: Title | None) -> bool:
    """Say whether a name may stand for who is asked, if that one then answers of himself.

    >>> [is_asked_back(text, 0, None) for text in ("\ue000이는 먹었어?", "\ue000이는 먹었대?")]
    [True, False]
    """
    if title is not None and (title.possessor or title.decade):
        return False
    end = title.end if title else start + 1
    asked = _ASKED_BACK.match(text, end)
    if (
        asked is None
        and title is not None
        and title.word in CALLED_SO
        and (honours(text, start) or _YO.search(text[end : end + 60]))
    ):
        asked = _POLITELY.match(text, end)  # 민준 선배 이번에 오세요?
    return asked is not None and not (HEARSAY.search(asked["rest"]) or TOLD.search(asked["rest"]))
