"""Who answers what was asked of one beside another: 부케는 누가 받아? / 수진이래, 형은? / 지훈."""

import re
from collections.abc import Sequence

from corpus.names.compared import TITLED
from corpus.names.mentions import Mention

FAR = 2  # utterances; what was said before is no longer what the talk is about
_WHO = re.compile(
    r"누구(?:이?랑|하고|와|한테|네|누구|를|의|꺼|거)|누가|누굴|누군데\?|뉘랑|누랑|뭐였[지더어]"
    r"|뭐더라|이름[이은]? ?뭐|누구였|누구더라"
)
_WHOEVER = re.compile("누구|누군데")
_FRIEND = re.compile("[남여]친|[남여]자친구|애인|썸|사귀|사귄|결혼|소개팅|좋아하는 사람")
_SAY_AGAIN = re.compile(
    r"(?:[다라냐자]고|^(?:엥|응|어|뭐|헐)?[ ?!,]*(?:누가|누구)) ?[?ㄱ-ㆎ]{0,9}$"
)
_ASKS = re.compile(r"\?|[까냐니대어야지나래데봐해와줘돼가](?:요)?[ㄱ-ㆎ.~ ]{0,9}$")
NAME_ALONE = re.compile(
    rf"(?:[가-힣]{{1,2}} )?[\ue000-\uf8ff]{TITLED}(?:이|이요|이지|요)?[ㄱ-ㆎ!?.~^ ]*"
)
_NAMES_ALONE = re.compile(
    r"(?:(?:우리|저희|내|제) [가-힣]{1,4}[은는] )?"
    rf"(?:{NAME_ALONE.pattern}|[\ue000-\uf8ff]{TITLED}(?:이?랑|하고|,) ?){{1,4}}"
)
_WHAT_OF = re.compile(r"(?:^|[ ,.!?])[가-힣0-9]{2,5}[은는](?:요)?\?$")


def asked_about(
    mentions: Sequence[Mention], place: int, speakers: Sequence[str], texts: Sequence[str]
) -> int | None:
    """Return the mention of whom the other one asks who did it with him: this one answers."""
    mention, question = mentions[place], mentions[place].utterance - 1
    if not place or question < 0 or speakers[question] == mention.bounds.speaker:
        return None
    last, asked = mentions[place - 1], texts[question]
    one = mentions[place - 2] if place > 1 else None
    if _WHAT_OF.search(asked) and _NAMES_ALONE.fullmatch(texts[mention.utterance]):
        before = (k for k in range(place - 1, -1, -1) if mentions[k].utterance < question)
        return next(before, None)
    if not 0 <= question - last.utterance <= FAR or _SAY_AGAIN.search(asked):
        return None
    if one and one.utterance == last.utterance and not one.bounds.caller:
        return None  # 민준이랑 지훈이가 싸웠대 / 누가 먼저 때렸어? asks of the two
    if (who := _WHO.search(asked)) and _ASKS.search(asked):
        guessed = last.utterance == question and last.start > who.start()
        return None if guessed else place - 1
    is_friend = last.utterance < question and _FRIEND.search(texts[last.utterance])
    return place - 1 if is_friend and _WHOEVER.search(asked) else None
