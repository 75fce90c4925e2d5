"""Of which sex somebody is, as what is said of him or her tells: 민준이 제대했대, 지우 임신했대."""

import re

from corpus.names.particles import Sex

_WHEN = (
    "(?:오늘|어제|지금|요즘|이제|내일|또|아직|벌써|곧|드디어|결국|이번에|새|전|구|둘째"
    "|(?:다음 ?[주달]|담 ?[주달]|내년|작년|올해|[0-9]{1,2}월)에?)"
)
# What only a woman or only a man does or has.
_OF_A_WOMAN = (
    "임신|출산|애기 ?낳|애 ?낳|산후|만삭|남친|남자 ?친구|남편|신랑|시댁|시집|시어머니|생리"
)
_OF_A_MAN = "군대|입대|제대|전역|예비군|훈련소|여친|여자 ?친구|와이프|장가|처가|장모"
_BEHIND = rf"(?:이?[가는도네]|이|은)? ?(?:{_WHEN} ){{0,2}}"
_NOT_OWN = "(?! ?(?:번호|같|닮|오빠|언니|형|누나))"
_WOMAN = re.compile(f"{_BEHIND}(?:{_OF_A_WOMAN}){_NOT_OWN}")
_MAN = re.compile(f"{_BEHIND}(?:{_OF_A_MAN}){_NOT_OWN}")


def sex_told(text: str, start: int) -> Sex:
    """Return the sex of somebody whose name stands at `start`, as what follows it tells.

    >>> [sex_told(text, 0) for text in ("\ue000이 다음달에 제대한대", "\ue000 임신했대")]
    ['male', 'female']
    """
    if _WOMAN.match(text, start + 1):
        return "female"
    return "male" if _MAN.match(text, start + 1) else "any"
