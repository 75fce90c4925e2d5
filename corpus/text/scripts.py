"""Utterances of which most letters are lost: text in a wrong encoding, and other scripts.

The corpus keeps Hangul and plain Latin. Bytes that were read in another encoding give letters with
signs between them that no language puts there, `ì•ˆë…•`; a line of Japanese or Russian has none of
those. Both are dropped, each with its own reason.
"""

import re
import unicodedata

from corpus.text.rule import Match

# A letter that no rule can keep: neither Hangul nor plain Latin, full-width or a filler.
FOREIGN = r"(?:(?![A-Za-z가-힣ㄱ-ㆎ\u1100-\u11ffＡ-Ｚａ-ｚﾠ-ￜªº])\p{L}|\ufffd)"
FEWEST_LOST = 3  # letters, where any is kept: 漢字야 is 야
# Patterns that few utterances need, so that `re` compiles them when one does: 10 ms.
_PLAIN = "[A-Za-z가-힣ㄱ-ㅣㅥ-ㆌㆎ]"
# What a wrong encoding leaves between letters: signs of the second half of code pages.
_BROKEN = (
    "[\x80-\x9f¢¤-ª¬-¶¸-º¼-¾×÷€‚ƒ„†‡ˆ‰‹›•˜™№ｦ-ﾝ─-▟∞∩≡≥≤⌠⌡≈√ⁿ]"
    "|(?<=[^\\W\\d_])[…‘’“”–—](?=[^\\W\\d_])"
)
# Hanja glued to Hangul that is no word with its reading, as UTF-8 read as cp949 has it.
_MIXED = "[가-힣][一-鿿豈-﫿][가-힣]|[一-鿿豈-﫿][가-힣]+[一-鿿豈-﫿]"
_SHARE = 5  # one sign to so many letters


def has_lost_letters(match: Match) -> bool:
    """Say whether question marks stand for letters that an encoding lacked: `??? ?? ???`."""
    marks = re.findall(r"\?+", match[0])
    n_marks = sum(map(len, marks))
    letters = sum(map(str.isalnum, match[0]))
    return len(marks) >= FEWEST_LOST and n_marks >= 2 * FEWEST_LOST and letters < n_marks


def is_garbled(match: Match) -> bool:
    """Say whether most letters of an utterance are lost because its bytes were misread."""
    text, lost = _lost_most(match)
    return bool(lost) and (_is_misread(text, lost) or not _other_letters(text))


def is_of_other_script(match: Match) -> bool:
    """Say whether most letters of an utterance are of a script that the corpus does not keep."""
    text, lost = _lost_most(match)
    return bool(lost) and not _is_misread(text, lost) and _other_letters(text)


def _lost_most(match: Match) -> tuple[str, int]:
    """Return the utterance and how many of its letters are lost, 0 if these are not the most."""
    text = unicodedata.normalize("NFC", match[0])
    kept = len(re.findall(_PLAIN, text))
    lost = sum(map(str.isalpha, text)) - kept + 2 * text.count("\ufffd")  # it stood for two bytes
    return text, lost if lost > kept and (lost >= FEWEST_LOST or not kept) else 0


def _is_misread(text: str, lost: int) -> bool:
    broken = len(re.findall(_BROKEN, text))
    return "\ufffd" in text or broken * _SHARE > lost or len(re.findall(_MIXED, text)) * 4 > lost


def _other_letters(text: str) -> bool:
    """Say whether there is a letter that is neither Hangul nor Latin; no language has À alone."""
    return any(
        one.isalpha()
        and not re.match(_PLAIN, one)
        and not unicodedata.name(one, "").startswith("LATIN")
        for one in text
    )
