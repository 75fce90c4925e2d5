"""The particle that fits a word: 서울과, 부산이, 제주와."""

_FIRST = ord("가")
_N_SYLLABLES = 11_172
# How the last digit is read tells: 0 영 1 일 2 이 3 삼 4 사 5 오 6 육 7 칠 8 팔 9 구.
_CLOSED_DIGITS = "013678"


def is_closed(word: str) -> bool:
    """Return whether a word ends in a consonant as it is read.

    >>> is_closed("부산"), is_closed("제주"), is_closed("144"), is_closed("100")
    (True, False, False, True)
    """
    last = word[-1:]
    code = ord(last or " ") - _FIRST
    if 0 <= code < _N_SYLLABLES:
        return code % 28 != 0
    return last in _CLOSED_DIGITS if last.isdigit() else last.lower() in "lmnr"


def particle(word: str, closed: str, opened: str) -> str:
    """Return the one of two particles that goes behind a word.

    >>> particle("부산", "이라는", "라는"), particle("제주", "이라는", "라는")
    ('이라는', '라는')
    """
    return closed if is_closed(word) else opened


def with_particle(word: str, closed: str, opened: str) -> str:
    """Return a word with its particle behind it.

    >>> with_particle("고잔동", "이에요", "예요"), with_particle("제주", "과", "와")
    ('고잔동이에요', '제주와')
    """
    return word + particle(word, closed, opened)
