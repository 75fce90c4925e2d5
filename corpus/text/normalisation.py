"""The text rules: how an utterance is written in the corpus, as one ordered list.

The whole is a fixed point: normalising twice is normalising once. A batch equals its utterances one
by one. Numbers are kept: outside of asides and tags, the runs of 0-9 of an utterance are the same
after the character rules and at the end.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from corpus.records import COMPATIBILITY_JAMO, SOURCES, CorpusError, Source
from corpus.text.chathuman import CHATHUMAN_RULES
from corpus.text.identifiers import RAW_TRIGGERS, TRIGGERS
from corpus.text.personal import LAID_OPEN_RULES, PERSONAL, PERSONAL_RULES
from corpus.text.respell import respell_rules
from corpus.text.rules import (
    Match,
    Rule,
    Samples,
    apply,
    at,
    in_lower_case,
    join,
    places_of,
    split,
    where,
)
from corpus.text.tags import MASK_RULES, REASONS, TAG_RULES, count_tags, shown

# What a text may hold in the end: Hangul syllables, all compatibility jamo (ㅇㅇ and ㄴㄴ mean yes
# and no) but the filler U+3164, digits, Latin in lower case, some signs.
_KEPT = r"""가-힣ㄱ-ㅣㅥ-ㆎ0-9a-z?!.,~^_'"%; """
_SEPARATORS = r":/&+\-"  # only between two of [0-9a-z]
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
_CONSONANT, _VOWEL = "ㄱ-ㅎㅥ-ㆆ", "ㅏ-ㅣㆇ-ㆎ"
_OPEN = r"\p{Hangul_Syllable_Type=LV}"  # the syllables without 받침


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


CHARACTER_RULES = (
    Rule(
        "private_use",
        r"\p{Co}+",
        "",
        "placeholders are private-use characters: none may come from outside",
        ("안녕\ue123", "안녕"),
    ),
    Rule(
        "white_space",
        r"[^\S\n ]|[\x1c-\x1f]",
        " ",
        "an utterance is one line of words",
        ("오늘\r내일\u3000모레", "오늘 내일 모레"),
    ),
    Rule(
        "invisible",
        r"[\x00-\t\v-\x1f\x7f-\x9f\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}]+",
        "",
        "control, zero-width, combining and filler characters; before NFC, which they disturb",
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
    Rule("tilde", "〜", "~", "the wave of Japanese keyboards", ("네〜", "네~")),
    Rule("dash", "[‐-―−﹘﹣]", "-", "all dashes are one", ("2–3", "2-3")),
)
ASIDE_RULES = (
    Rule(
        "whole_aside",
        r"^ *\(([^()\n]*)\) *$",
        r"\1",
        "brackets around the whole utterance: only they go",
        ("(웃음)", "웃음"),
    ),
    Rule(
        "aside_in_number",
        r"(?<=[0-9])(?:\([^()\n]*\))+(?=[0-9])",
        " ",
        "two numbers do not become one",
        ("1(일)2", "1 2"),
    ),
    Rule("aside", r"\([^()\n]*\)", "", "a stage direction", ("그래(웃음)", "그래")),
    Rule(
        "angle",
        r">\.<|[<>]",
        " ",
        "no text can spell a control token; >< and >.< are faces",
        ("<usr> 좋아>.<", " usr  좋아 "),
    ),
)
KEPT_RULES = (
    Rule("lower_case", "[A-Z]+", in_lower_case, "one way to write ok", ("OK", "ok")),
    Rule(
        "not_kept",
        rf"[^{_KEPT}{_SEPARATORS}\ue000-\uf8ff\n]+",
        " ",
        "the list of characters kept; before the runs, or twice would not be once",
        ("좋아😂요", "좋아 요"),
    ),
    Rule(
        "separator",
        rf"(?<![0-9a-z])[{_SEPARATORS}]|[{_SEPARATORS}](?![0-9a-z])",
        " ",
        "10:30, 2-3, 1/3, k-pop and a/s keep theirs",
        ("1/3 - 2", "1/3   2"),
    ),
)
LAUGH_RULES = (
    Rule(
        "laugh_key",
        "(?<!키)(?<!와이)키키+",
        "ㅋㅋ",
        "AIHub 543 writes ㅋㅋ as 키키; 와이키키 is a beach",
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
    Rule("dots", r"\.\.\.+", "..", "two say it", ("글쎄....", "글쎄..")),
    *(
        Rule(f"{name}_run", rf"\{sign}\{sign}+", sign, "one says it", (3 * sign, sign))
        for name, sign in _SINGLE.items()
    ),
    Rule("marks", r"!\?[!?]+", "!?", "each once, the first first", ("뭐!?!", "뭐!?")),
    Rule("marks_turned", r"\?![!?]+", "?!", "each once, the first first", ("뭐?!?", "뭐?!")),
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
RULES: tuple[Rule, ...] = (
    *(CHARACTER_RULES + TAG_RULES + MASK_RULES + PERSONAL_RULES),
    *(ASIDE_RULES + KEPT_RULES + WRITING_RULES + LAID_OPEN_RULES),
)
TABLES = {"default": RULES, "chathuman": CHATHUMAN_RULES}
PERSONAL_CHOICES = ("drop", "keep")

_NOT_KEPT = f"[^{_KEPT}]"
_UNUSUAL = r"[^ -~가-힣ㄱ-ㅣㅥ-ㆎ\U0001f300-\U0001faff]"  # no character rule is about pictures
_DROPPED = {"": "empty", PERSONAL: "personal_data"} | REASONS


@dataclass(frozen=True, slots=True)
class Normalised:
    """A batch of utterances as the corpus writes them, with placeholders."""

    texts: list[str | None]  # one for each that was given; None: dropped
    dropped: dict[int, str]  # why, for each None: `empty` or one of `tags.REASONS`
    rules: Counter[str]  # how often each rule fired, by name
    tags: Counter[str]  # how often each tag and mask was there, as it was written


def normalise_texts(
    texts: list[str],
    *,
    rules: str = "default",
    source: Source = "summary",
    personal: str = "drop",
    lacking: frozenset[str] = frozenset(),
    samples: Samples | None = None,
) -> Normalised:
    """Normalise utterances of one source; fastest on some thousands at once.

    With `personal="keep"`, and by the rules of 2023, personal data stays; by ours the syllables
    that are `lacking` are respelt. With `samples`, some utterances that each rule changed are put
    there, with placeholders.

    Raises:
        CorpusError: there are no such rules, no such source or no such choice.
    """
    table = _table(rules, source, personal)
    fired: Counter[str] = Counter()
    tags: Counter[str] = Counter()
    if rules == "default":
        writing = respell_rules(lacking) + WRITING_RULES
        keep = personal == "keep"
        written = _by_default(texts, source, fired, tags, samples, writing=writing, keep=keep)
    else:
        tags.update(count_tags(texts, source))
        written = split(apply(table, join(texts), source, fired, samples))
    lines: list[str | None] = [*written]
    dropped = {k: _DROPPED[line] for k, line in enumerate(lines) if line in _DROPPED}
    for k in dropped:
        lines[k] = None
    return Normalised(lines, dropped, fired, tags)


def _by_default(
    texts: list[str],
    source: Source,
    fired: Counter[str],
    tags: Counter[str],
    samples: Samples | None,
    *,
    writing: tuple[Rule, ...],
    keep: bool,
) -> list[str]:
    """Apply RULES, each group only where there is a character that it is about.

    Five texts in six hold kept characters alone, so that only WRITING_RULES see them: 206,292
    utterances take 0.44 s instead of the 1.2 s that all rules on all texts took. Personal data may
    be in any of them, but few hold what triggers a closer look.
    """

    def by(rules: tuple[Rule, ...]) -> Callable[[list[str]], list[str]]:
        return lambda chosen: split(apply(rules, join(chosen), source, fired, samples))

    def marked(chosen: list[str]) -> list[str]:
        chosen = where(_UNUSUAL, by(CHARACTER_RULES), chosen)
        tags.update(count_tags(chosen, source))
        chosen = where("@", by(TAG_RULES), chosen)
        chosen = where(r"\*", by(MASK_RULES), chosen)
        if not keep:
            chosen = at(places_of(RAW_TRIGGERS, join(chosen)), by(PERSONAL_RULES), chosen)
        chosen = where("[()<>]", by(ASIDE_RULES), chosen)
        return by(KEPT_RULES)(chosen)

    batch = apply(writing, join(where(_NOT_KEPT, marked, texts)), source, fired, samples)
    written = split(batch)
    if not keep:
        # WRITING_RULES hide no personal data, so texts that saw no other rule are looked at here.
        suspects = places_of(TRIGGERS, batch)
        unusual = [k for k in suspects if re.search(_NOT_KEPT, texts[k])]
        written = at(unusual, by(LAID_OPEN_RULES), written)
        written = at(sorted({*suspects} - {*unusual}), by(PERSONAL_RULES), written)
    return written


def normalise(
    texts: list[str],
    *,
    rules: str = "default",
    source: Source = "summary",
    personal: str = "drop",
    lacking: frozenset[str] = frozenset(),
) -> list[str | None]:
    """Return each utterance as the corpus writes it, or None for one that the corpus drops.

    Tags and masks that become a name, a place or an affiliation come back as `#@이름#`, `#@주소#`
    and `#@소속#`, so that normalising twice is normalising once. `lacking` are syllables that a
    tokenizer does not know: they are spelt with others, where that is known how.

    Raises:
        CorpusError: there are no such rules, no such source or no such choice.

    >>> normalise(["안녕ㅋㅋㅋㅋ (웃음)", "#@시스템#사진#", "#@이름#아 3000000원이야!!"])
    ['안녕ㅋㅋ', None, '#@이름#아 3000000원이야!']
    """
    normalised = normalise_texts(
        texts, rules=rules, source=source, personal=personal, lacking=lacking
    )
    return [None if text is None else shown(text) for text in normalised.texts]


def trace(
    text: str,
    *,
    rules: str = "default",
    source: Source = "summary",
    personal: str = "drop",
    lacking: frozenset[str] = frozenset(),
) -> list[tuple[str, str, str]]:
    """Return (rule, before, after) for each rule that changed `text`, placeholders as tags.

    A rule that drops the utterance leaves it empty.

    Raises:
        CorpusError: there are no such rules, no such source or no such choice.

    >>> trace("네ㅋㅋㅋㅠ")
    [('jamo_run', '네ㅋㅋㅋㅠ', '네ㅋㅋㅠ'), ('vowel_parted', '네ㅋㅋㅠ', '네ㅋㅋ ㅠ')]
    """
    steps = []
    batch, before = join([text]), text
    for rule in _with_respelling(_table(rules, source, personal), lacking):
        fired: Counter[str] = Counter()
        batch = apply((rule,), batch, source, fired)
        if fired and (after := shown(*split(batch))) != before:
            steps.append((rule.name, before, after))
            before = after
    return steps


def _with_respelling(table: tuple[Rule, ...], lacking: frozenset[str]) -> tuple[Rule, ...]:
    """Return a table with the rules for what is lacking before those of writing, if it is ours."""
    if WRITING_RULES[0] not in table:
        return table
    place = table.index(WRITING_RULES[0])
    return (*table[:place], *respell_rules(lacking), *table[place:])


def _table(rules: str, source: str, personal: str) -> tuple[Rule, ...]:
    if rules not in TABLES:
        raise CorpusError(f"there are no rules {rules!r}, only {' and '.join(TABLES)}")
    if source not in SOURCES:
        raise CorpusError(f"there is no source {source!r}, only {', '.join(SOURCES)}")
    if personal not in PERSONAL_CHOICES:
        raise CorpusError(f"personal can be {' or '.join(PERSONAL_CHOICES)}, not {personal!r}")
    if personal == "keep":
        return tuple(rule for rule in TABLES[rules] if rule.replacement != PERSONAL)
    return TABLES[rules]
