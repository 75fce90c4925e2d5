"""The rules about writing: the characters that are kept, laughs, tears, runs of signs and spaces.

They stand last. Those from `LAUGH_RULES` on see every text of a batch, so their patterns begin with
what is rare or quick to find.
"""

from corpus.text.rule import Match, Rule, in_lower_case
from corpus.text.scripts import has_lost_letters
from corpus.text.tags import GARBLED

# What a text may hold in the end: Hangul syllables, all compatibility jamo (ㅇㅇ and ㄴㄴ mean yes
# and no) but the filler U+3164 and the dot ㆍ, digits, Latin in lower case, some signs.
KEPT = r"""가-힣ㄱ-ㅣㅥ-ㆌㆎ0-9a-z?!.,~^_'"%; """
_SEPARATORS = r":/&+\-"  # only between two of [0-9a-z]
# But the sign of a number (-5도, +10%, 5+-1), and the plus of a grade (a+, 1++).
_SIGNED = (
    r"(?:(?<=[ ~\n])(?:\+-|[+\-])(?=[0-9])|(?<=[0-9])\+-(?=[0-9])"
    r"|(?<=(?<![0-9a-z+])[0-9a-z])\+{1,2}(?![0-9a-z+]))(*SKIP)(*FAIL)"
)
_COUNTED = "시|분|월|일|년|도|원|명|개|살|세|주|대"
_SINGLE = {
    "exclamation_mark": "!",
    "question_mark": "?",
    "comma": ",",
    "tilde": "~",
    "semicolon": ";",
    "underscore": "_",
    "apostrophe": "'",
    "quotation_mark": '"',
    "percent_sign": "%",
}  # a row of rules each: regex finds `~~+` ten times faster than a class and a back-reference
# Words that end in 키, without it; and what makes a word of a 키 before it: 키우다, 키로, 키보드.
_KEY_WORDS = (
    "쿠|허스|위스|럭|몽|펑|트스|상스|(?<![가-힣])스|(?<![가-힣])터|(?<![가-힣])밀"
    "|(?<![가-힣])하|(?<![가-힣])미|(?<![가-힣])재"
)
_OF_KEY = "우[고는기다면지려자셔]|울[까게래]|워|웠|로|즈|보드|위|링"
NO_KEY_WORD = f"(?:(?!키|{_OF_KEY})|(?=키(?:{_OF_KEY})))"
_CONSONANT, _VOWEL = "ㄱ-ㅎㅥ-ㆆ", "ㅏ-ㅣㆇ-ㆎ"
_OPEN = r"\p{Hangul_Syllable_Type=LV}"  # the syllables without 받침

_MONEY = {"$": "달러", "€": "유로", "£": "파운드", "¥": "엔", "₩": "원", "￦": "원"}
_SIGN = f"[{''.join(_MONEY)}]"
_AMOUNT = "[0-9](?:[0-9,.]*[0-9])?"


def _in_words(match: Match) -> str:
    """Return an amount with the name of its money, unless that stands there."""
    sign = match[0][0] if match[0][0] in _MONEY else match[0][-1]
    amount = match[0].strip(f"{sign} ")
    said = match.string[match.end() : match.end() + 6].strip()
    return amount if said.startswith((*_MONEY.values(), "불")) else amount + _MONEY[sign]


MONEY = _SIGN  # is in every text that the next rule is about
MONEY_RULES = (
    Rule(
        "money",
        rf"(?<![0-9]){_SIGN} ?-?{_AMOUNT}(?![0-9]|{_SIGN})|(?<![0-9.,]){_AMOUNT} ?{_SIGN}(?!\w)",
        _in_words,
        "the sign of a currency is not kept, its name is",
        ("₩5,000 $30", "5,000원 30달러"),
    ),
)
KEPT_RULES = (
    Rule("lower_case", "[A-Z]+", in_lower_case, "one way to write ok", ("OK", "ok")),
    Rule(
        "not_kept",
        rf"[^{KEPT}{_SEPARATORS}\ue000-\uf8ff\n]+",
        " ",
        "the list of characters kept; before the runs, or twice would not be once",
        ("좋아😂요", "좋아 요"),
    ),
    Rule(
        "range",
        rf"(?<=[0-9][만천백]?(?:{_COUNTED})) ?- ?(?=[0-9])"
        "|(?<=(?<![가-힣])[월화수목금토일])-(?=[월화수목금토일](?:만|까지|은|에|에만)?(?![가-힣]))",
        "~",
        "from one to another, which a space would not say",
        ("3시-5시 월-금", "3시~5시 월~금"),
    ),
    Rule(
        "separator",
        rf"{_SIGNED}|(?<![0-9a-z])[{_SEPARATORS}]|[{_SEPARATORS}](?![0-9a-z])|&(?=[0-9a-z]+;)",
        " ",
        "10:30, 2-3, 1/3, k-pop and a/s keep theirs, and so do -5 and a+",
        ("1/3 - 2 -5", "1/3   2 -5"),
    ),
)
LETTERS_LOST = "?? ?"  # is in every text that the next rule is about
LOST_RULES = (
    Rule(
        "letters_lost",
        r"^[^\n가-힣ㄱ-ㆎ]*\?\? \?[^\n가-힣ㄱ-ㆎ]*$",
        GARBLED,
        "words of question marks: its letters were lost in an encoding that has no Hangul; the"
        " utterance is dropped",
        ("??? ?? ???", ""),
        holds=has_lost_letters,
    ),
)
LAUGH_RULES = (
    Rule(
        "laugh_behind_key",
        rf"(?<=(?:{_KEY_WORDS})키)키키+{NO_KEY_WORD}",
        "ㅋㅋ",
        "쿠키 and 럭키 keep their syllable",
        ("쿠키키키", "쿠키ㅋㅋ"),
        only="topic",
    ),
    Rule(
        "laugh_key",
        rf"(?<!키)(?<!와이)(?<!{_KEY_WORDS})키키+{NO_KEY_WORD}",
        "ㅋㅋ",
        "AIHub 543 writes ㅋㅋ as 키키; 와이키키 is a beach, 키우다 a word",
        ("재밌다 키키키", "재밌다 ㅋㅋ"),
        only="topic",
    ),
    Rule(
        "laugh_ha",
        "(?<![가-힣])하하+(?![가-힣])",
        "ㅎㅎ",
        "one way to laugh, but 하하가 is somebody's name",
        ("그래 하하하", "그래 ㅎㅎ"),
    ),
)
RUN_RULES = (
    Rule("tears", "ㅜ[ㅠㅜ]+", "ㅠㅠ", "one way to weep", ("아 ㅜㅠㅜ", "아 ㅠㅠ")),
    Rule("tears_turned", "ㅠㅜ[ㅠㅜ]*", "ㅠㅠ", "one way to weep", ("아 ㅠㅜ", "아 ㅠㅠ")),
    Rule("jamo_run", r"([ㄱ-ㆎ])\1\1+", r"\1\1", "two say it", ("ㅋㅋㅋㅋ", "ㅋㅋ")),
    *(
        Rule(
            f"laugh_{name}_spaced",
            f"(?<!{jamo}){jamo}++(?: ++{jamo}++)+",
            2 * jamo,
            "one laugh, with spaces in it",
            (f"{jamo}{jamo} {jamo}{jamo} {jamo}{jamo}", 2 * jamo),
        )
        for name, jamo in (("k", "ㅋ"), ("h", "ㅎ"))
    ),
    Rule("dots", r"\.\.\.+", "..", "two say it", ("글쎄....", "글쎄..")),
    *(
        Rule(f"{name}_run", rf"\{sign}\{sign}+", sign, "one says it", (3 * sign, sign))
        for name, sign in _SINGLE.items()
    ),
    Rule("marks", r"!\?[!?]+", "!?", "each once, the first first", ("뭐!?!", "뭐!?")),
    Rule("marks_turned", r"\?![!?]+", "?!", "each once, the first first", ("뭐?!?", "뭐?!")),
    Rule(
        "underscore_alone",
        r"(?<=[ \n])_(?=[ \n])",
        " ",
        "what is left of a face is no answer",
        ("네 _ 응", "네   응"),
    ),
    Rule("caret_run", r"\^\^\^+", "^^", "^^ is a face", ("^^^", "^^")),
)
TOKENIZER_RULES = (
    Rule(
        "vowel_parted",
        rf"[ㅏ-ㆎ](?<=[{_CONSONANT}][{_VOWEL}])(?<!ㅠ(?=ㅠ)|ㅡ(?=ㅡ))",
        r" \g<0>",
        "KoGPT2 reads in NFKC, ㅎㅠ as 휴 and ㅋㅜ as 쿠; ㅠㅠ and ㅡㅡ are tokens of their own",
        ("ㅋㅋㅠ", "ㅋㅋ ㅠ"),
    ),
    Rule(
        "cluster_parted",
        rf"[ㄳ-ㄿ](?<=[{_OPEN}\ue000-\uf8ff][ㄳㄵㄶㄺ-ㄿ])",
        r" \g<0>",
        "so does 네ㄳ become one syllable, which it does not know",
        ("네ㄳ", "네 ㄳ"),
    ),
)
SPACE_RULES = (
    Rule("spaces", "   *", " ", "one space between words", ("네   네", "네 네")),
    Rule("first_space", r"\n ", r"\n", "no text begins with a space", (" 네", "네")),
    Rule("last_space", r" \n", r"\n", "no text ends with a space", ("네 ", "네")),
)

WRITING_RULES = LAUGH_RULES + RUN_RULES + TOKENIZER_RULES + SPACE_RULES
