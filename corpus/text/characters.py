"""The rules about single characters: what looks or is typed alike is written alike.

They stand first, so that every other rule sees one spelling: Unicode's canonical equivalents come
out equal, dots are `.`, blanks are spaces, and ①, ㎏ and &gt; are written plainly.
"""

import unicodedata
from html import unescape

from corpus.records import COMPATIBILITY_JAMO
from corpus.text.rule import Match, Rule
from corpus.text.scripts import FOREIGN, is_garbled, is_of_other_script
from corpus.text.tags import GARBLED, OTHER_SCRIPT

_OPEN = r"\p{Hangul_Syllable_Type=LV}"  # the syllables without 받침
_ENTITY = (
    "(?i:gt|lt|amp|quot)|apos|nbsp|ensp|emsp|thinsp|middot|hellip|bull|[lr][sd]quo|[nm]dash"
    "|copy|reg|trade"
    "|deg|times|divide|hearts|[lrud]arr|tilde|laquo|raquo|yen|cent|pound|euro|shy|zwn?j"
)
_BLANKS = r"\u115f\u1160\u3164\uffa0\u2800"  # letters and patterns that show nothing
_DOTS = "ㆍ·・･•‧∙⋅"
_NUMBERS = "①-⒛⓪⓫-⓴⓵-⓾❶-➓㉑-㉟㊱-㊿"
_RAISED = "⁰¹²³⁴-⁹₀-₉"
_POWERS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_UNITS = r"\u3371-\u337a\u3380-\u33df"
_SPELT = {"℃": "도", "℉": "f", "ℓ": "l", "Å": "a", "µ": "u", "μ": "u", "∕": "/", "⁄": "/"}
_SPELT |= {"№": "no.", "±": "+-", "×": "x", "÷": "/"}


def _accents() -> dict[str, str]:
    """Return the plain letters of each Latin letter with an accent."""
    plain = {"ß": "ss", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe", "Ø": "O", "ø": "o", "ı": "i"}
    plain |= {"Đ": "D", "đ": "d", "Ł": "L", "ł": "l"}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        spelt = unicodedata.normalize("NFD", chr(code))
        base = "".join(one for one in spelt if not unicodedata.combining(one))
        if base != chr(code) and base.isascii():
            plain[chr(code)] = base
    return plain


_ACCENTS = _accents()


def _compatibility_jamo() -> dict[str, str]:
    """Return the compatibility jamo of each conjoining jamo: ㅋ of U+110F and of U+11BF.

    NFKC tells one conjoining jamo of each; its twin at the end of a syllable is told by name. A
    letter of old books that has none is dropped, as all that is not kept.
    """
    letters = COMPATIBILITY_JAMO | {
        unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0x3164, 0x318F)
    }
    for jamo in map(chr, range(0x1100, 0x1200)):
        try:
            kind = unicodedata.name(jamo).split(" ", 2)[2]  # after HANGUL JONGSEONG
            letters.setdefault(jamo, unicodedata.lookup(f"HANGUL LETTER {kind}"))
        except KeyError:
            letters.setdefault(jamo, " ")
    return letters


_COMPATIBILITY_JAMO = _compatibility_jamo()


def in_nfc(match: Match) -> str:
    """Return the match in Unicode's normal form C."""
    return unicodedata.normalize("NFC", match[0])


def as_compatibility_jamo(match: Match) -> str:
    """Return the jamo that people type for one that is made for syllables."""
    return _COMPATIBILITY_JAMO[match[0]]


def as_ascii(match: Match) -> str:
    """Return the ASCII character of a full-width one."""
    return chr(ord(match[0]) - ord("！") + ord("!"))


def _as_meant(match: Match) -> str:
    """Return what an entity of HTML stands for; a line feed would break the batch."""
    entity = match[0].lower() if match[0][1:3].lower() in {"gt", "lt", "am", "qu"} else match[0]
    return unescape(entity).replace("\n", "\r")


def _without_accent(match: Match) -> str:
    return _ACCENTS[match[0]]


def _apart(match: Match, written: str) -> str:
    """Return digits as they are written, never as part of the number beside them."""
    before, behind = match.string[match.start() - 1], match.string[match.end()]
    left = " " if before.isdecimal() and written[0].isdecimal() else ""
    return left + written + (" " if behind.isdecimal() and written[-1].isdecimal() else "")


def _numbers(match: Match) -> str:
    return _apart(match, " ".join(str(int(unicodedata.numeric(one))) for one in match[0]))


def _letters(match: Match) -> str:
    spelt = unicodedata.normalize("NFKC", match[0])
    return _COMPATIBILITY_JAMO.get(spelt, spelt)


def _raised(match: Match) -> str:
    """Return raised digits as digits, a power with its sign: m2, but 10^2."""
    written = "".join(str(unicodedata.digit(one)) for one in match[0])
    is_power = match.string[match.start() - 1].isdecimal() and match[0][0] in _POWERS
    return _apart(match, "^" + written if is_power else written)


def _fraction(match: Match) -> str:
    return _apart(match, unicodedata.normalize("NFKC", match[0]).replace("⁄", "/"))


def _unit(match: Match) -> str:
    spelt = _SPELT.get(match[0]) or unicodedata.normalize("NFKC", match[0])
    return _apart(match, "".join(_SPELT.get(one, one) for one in spelt))


CHARACTER_RULES = (
    Rule(
        "html_entity",
        rf"&(?:{_ENTITY}|#[0-9]{{1,7}}|#[xX][0-9a-fA-F]{{1,6}});",
        _as_meant,
        "what was copied from a page is what it stands for",
        ("3 &gt; 2 &amp;amp; 1", "3 > 2 & 1"),
        repeated=True,
    ),
    Rule(
        "private_use",
        r"\p{Co}+",
        "",
        "placeholders are private-use characters: none may come from outside",
        ("안녕\ue123", "안녕"),
    ),
    Rule(
        "garbled",
        rf"^.*?{FOREIGN}.*$",
        GARBLED,
        "most of its letters were lost where bytes were read in another encoding: the utterance"
        " is dropped",
        ("ì•ˆë…•", ""),
        holds=is_garbled,
    ),
    Rule(
        "other_script",
        rf"^.*?{FOREIGN}.*$",
        OTHER_SCRIPT,
        "most of its letters are neither Hangul nor Latin: the utterance is dropped",
        ("おはようございます", ""),
        holds=is_of_other_script,
    ),
    Rule("full_stop", "[。｡․]", ".", "the full stop of Japanese keyboards", ("네。。。", "네...")),
    Rule(
        "white_space",
        rf"[^\S\n ]|[\x1c-\x1f{_BLANKS}]",
        " ",
        "an utterance is one line of words; a blank that is a letter is a blank",
        ("오늘\r내일\u3000모레\u3164글피", "오늘 내일 모레 글피"),
    ),
    Rule(
        "invisible",
        r"[\x00-\t\v-\x1f\x7f-\x9f\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]+",
        "",
        "control, zero-width and combining characters; before NFC, which they disturb",
        ("안\u200b녕", "안녕"),
    ),
    Rule(
        "nfc",
        r"[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"
        rf"|{_OPEN}[\u11a8-\u11c2]|\p{{NFC_Quick_Check=No}}",
        in_nfc,
        "macOS spells syllables in pieces; not NFKC, which would fuse ㅎㅠ",
        ("\u1102\u1166", "네"),
    ),
    Rule(
        "accent",
        f"[{''.join(_ACCENTS)}]",
        _without_accent,
        "é is e, as e with an accent of its own is",
        ("Beyoncé", "Beyonce"),
    ),
    Rule(
        "typed_dots",
        rf"(?<![\u1100-\u1112])[\u119e\u11a2]+|[{_DOTS}]{{2,}}|[‥⋯]",
        "..",
        "old letters and middle dots that look like dots",
        ("네ᆢ 음ㆍㆍ", "네.. 음.."),
    ),
    Rule("dot_in_number", rf"(?<=[0-9])[{_DOTS}](?=[0-9])", ".", "as 3.1", ("3·1절", "3.1절")),
    Rule("middle_dot", f"[{_DOTS}]", " ", "it parts words", ("사과·배", "사과 배")),
    Rule(
        "jamo",
        r"[\u1100-\u11ff]",
        as_compatibility_jamo,
        "what is left over of such pieces",
        ("\u110f\u110f", "ㅋㅋ"),
    ),
    Rule("ellipsis", "…", "..", "one character for dots", ("글쎄…", "글쎄..")),
    Rule("double_quote", "[“”„‟]", '"', "curly quotes", ("“응”", '"응"')),
    Rule("single_quote", "[‘’‚‛]", "'", "curly quotes", ("‘응’", "'응'")),
    Rule("full_width", "[！-～]", as_ascii, "ASCII, only wider", ("ＯＫ～", "OK~")),
    Rule(
        "number_in_circle",
        f"[{_NUMBERS}]+",
        _numbers,
        "a number in one character",
        ("①번 2②", "1번 2 2"),
    ),
    Rule("raised_digit", f"[{_RAISED}]+", _raised, "m² is m2, 10² a power", ("m² 10²", "m2 10^2")),
    Rule("fraction", "[¼-¾⅐-⅞]", _fraction, "a number in one character", ("1½", "1 1/2")),
    Rule(
        "unit",
        f"[{_UNITS}{''.join(_SPELT)}]",
        _unit,
        "kg in one character; degrees are 도, ± is +-",
        ("5㎏ 30㎡ 25℃ 3×4", "5kg 30m2 25도 3x4"),
    ),
    Rule(
        "degree",
        "(?<=[0-9])[°º˚](?: ?[Cc](?![a-zA-Z]))?",
        "도",
        "a sign for degrees behind a number",
        ("36.5°C", "36.5도"),
    ),
    Rule(
        "letter_in_circle",
        "[Ⅰ-ⅿⒶ-ⓩ㉠-㉻]",
        _letters,
        "Roman numbers and letters in one character",
        ("Ⅱ권 ⓐ ㉮", "II권 a 가"),
    ),
    Rule("tilde", "[〜∼]", "~", "the wave of Japanese keyboards", ("네〜", "네~")),
    Rule("dash", "[‐-―−﹘﹣]", "-", "all dashes are one", ("2–3", "2-3")),
)
