"""Who is introduced: 내 친구 혜미가, 상대가 지훈이래, 이름이 수진이래, 우진이라고 새로 왔어."""

import re

from corpus.names.mentions import Mention

READ = 60  # characters to either side of a name
_NAMED_BEFORE = re.compile("(?:이름|성함|본명|태명)(?:이|은|도|을|를)? ?$")
_NAMED = re.compile(
    "이?라고(?= )(?! ?(?:했|하[지면더고자니]|해|할|불|생각|그[랬러래]|말|들었|들은|알|믿|써|적|함"
    "|치면|봐|보|우기|착각|저장|뜨|떠|나와|나오))|이?라는 (?:애|사람|친구|분|언니|오빠|여자|남자"
    "|가수|배우|아이|동생|선배|후배|직원)"
)
_NAME_IS = re.compile("(?:이름|성함|본명|태명)(?:이|은|도|을|를)? [^?!.]{0,12}$")
_NAMED_SO = re.compile("이?(?:래|야|라고|로|라더|라던|예요|에요|이에요|입니다|으로)")
# 내 친구 혜미가, 남친이 태훈이 맞지?
_RELATED = re.compile(
    "(?:친구|동기|후배|동생|남동생|여동생|사촌|사촌동생|남편|신랑|와이프|아내|남친|여친|전남친"
    "|전여친|딸|아들|조카|사위"
    "|며느리|후임|선임|동료|상사|짝꿍|룸메|과외쌤|담임|담임쌤|담임선생님|시누이|시누|형부|제부"
    "|매형|올케|상대|상대역|신부|주인공)"
    "(?:이|가|은|는|이름은|이름이| 이름은| 이름이)? $"
)
_KNOWN = re.compile("이?라고 (?:알[아지]|아냐|아니\\?|아세요|있잖|기억)")


def is_related(mention: Mention, text: str) -> bool:
    """Say whether a relation introduces somebody: 내 친구 혜미가."""
    return _RELATED.search(text[max(0, mention.start - READ) : mention.start]) is not None


def is_new(mention: Mention, text: str) -> bool:
    """Say whether it is told, not asked, who somebody's relative is: 상대가 지훈이라며."""
    return "?" not in text[mention.start : mention.start + READ] and is_related(mention, text)


def is_named(mention: Mention, text: str) -> bool:
    """Say whether somebody is told by name for the first time."""
    if _KNOWN.match(text, mention.start + 1):
        return True
    if "?" in text[mention.start : mention.start + READ]:
        return False
    if _NAMED.match(text, mention.start + 1):
        return True
    before = text[max(0, mention.start - READ) : mention.start]
    if _NAMED_SO.match(text, mention.start + 1) and _NAME_IS.search(before):
        return True
    return _NAMED_BEFORE.search(before) is not None
