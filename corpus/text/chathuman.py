"""The text rules of 2023, to rebuild the data sets of that year (`--rules chathuman`).

They follow that year's `clear_sentence` step by step, flaws included: ㅋㅋㅎㅎ becomes ㅋㅋㅋㅋ.
So they are no fixed point. Only the name that is drawn is another; the first rule and the last
three are ours.
"""

import re

from corpus.records import NAME
from corpus.text.rule import Match, Rule, in_lower_case
from corpus.text.tags import SYSTEM, URL

_TOKEN_END = re.compile("<(?:s|d|usr|pad|sys|unk|mask|unused(?:0|[1-9][0-9]?))$")
_LONGEST = len("<unused99")


def _without_tokens(match: Match) -> str:
    """Return a text in which no `<word>` is a control token, not even one that others hid.

    A `>` that closes one goes with its `<`; what then stands there may be closed by the next.
    """
    written: list[str] = []
    for character in match[0]:
        found = character == ">" and _TOKEN_END.search("".join(written[-_LONGEST:]))
        if found:
            del written[-len(found[0])]
        else:
            written.append(character)
    return "".join(written)


CHATHUMAN_RULES = (
    Rule(
        "private_use",
        r"\p{Co}",
        "\t",
        "placeholders are private-use characters; deleted below, as it was",
        ("안\ue123녕", "안\t녕"),
    ),
    Rule(
        "system_tag",
        "^.*#@시스템#사진#.*$",
        SYSTEM,
        "no other system tag dropped an utterance",
        ("#@시스템#사진# 봐", ""),
    ),
    Rule("url_tag", "^.*@URL.*$", URL, "#@url# did not", ("#@URL#", "")),
    Rule("lower_case", r"\p{Changes_When_Lowercased}+", in_lower_case, "str.lower()", ("OK", "ok")),
    Rule(
        "aside",
        r"\([^)\n]*+(?:\)|(*SKIP)(*FAIL))",
        "",
        "up to the first closing bracket",
        ("네(하(하)", "네"),
    ),
    Rule("name_tag", "#@이름#", NAME, "a name", ("#@이름#아", "#@이름#아")),
    Rule("emoticon_tag", "#@이모티콘#", "", "a label after it stays", ("#@이모티콘#응#", "응#")),
    Rule(
        "not_kept",
        r"[^0-9a-zA-Z가-힣ㅋㅎㅜㅠ?!<>._ \ue000-\uf8ff\n]+",
        "",
        "other tags thus leave their words",
        ("#@주소#에서,", "주소에서"),
    ),
    Rule("laugh_k", "ㅋㅋㅋ+", "ㅋㅋ", "ㅋㅋ+ → ㅋㅋ", ("ㅋㅋㅋㅋ", "ㅋㅋ")),
    Rule("laugh_h", "ㅎㅎ+", "ㅋㅋ", "ㅎㅎ+ → ㅋㅋ", ("ㅎㅎㅎ", "ㅋㅋ")),
    Rule("tears", "ㅠㅠㅠ+", "ㅠㅠ", "ㅠㅠ+ → ㅠㅠ", ("ㅠㅠㅠㅠ", "ㅠㅠ")),
    Rule("tears_u", "ㅜㅜ+", "ㅠㅠ", "ㅜㅜ+ → ㅠㅠ", ("ㅜㅜㅜ", "ㅠㅠ")),
    Rule("dots", r"\.{3,}", "..", "..+ → ..", ("....", "..")),
    Rule("exclamation_marks", "!!+", "!", "!!+ → !", ("!!!", "!")),
    Rule("question_marks", r"\?{2,}", "?", "??+ → ?", ("???", "?")),
    Rule("laugh_key", "키키+", "ㅋㅋ", "키키+ → ㅋㅋ, in 와이키키 too", ("키키키", "ㅋㅋ")),
    Rule("spaces", "  +", " ", "runs of space to one", ("네   네", "네 네")),
    Rule(
        "control_token",
        r"^[^<\n]*+<[^\n]*>",
        _without_tokens,
        "no text can spell a token of the tokenizer's; </s> has become <s> by now",
        ("<u<s>r>", "usr"),
        holds=lambda match: _without_tokens(match) != match[0],
    ),
    Rule("first_space", r"\n ", r"\n", "no text begins with a space", (" 네", "네")),
    Rule("last_space", r" \n", r"\n", "no text ends with a space", ("네 ", "네")),
)
