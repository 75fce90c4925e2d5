"""Why one dialogue was left out, in Korean: the ledger says it in English."""

import re

from corpus.report.file_details import FILE_FORMS

OTHER_WORDS = "프로그램의 설명: "
_WHERE = "(?P<where>.+) at (?P<byte>[0-9,]+)"
_FORMS = (
    (
        r"(?P<who>[0-9,]+) speakers, (?P<n>[0-9,]+) utterances left",
        r"화자 \g<who>명, 남은 발화 \g<n>개",
    ),
    (
        r"(?P<n>[0-9,]+) tokens; (?P<fit>[0-9,]+) fit beside <s> and </s>",
        r"\g<n> 토큰. <s>와 </s>를 빼고 \g<fit>까지 들어갑니다",
    ),
    (
        r"its first pair of turns has (?P<n>[0-9,]+) tokens",
        r"첫 두 턴만으로도 \g<n>토큰입니다",
    ),
    (r"(?P<n>[0-9,]+) utterances left", r"남은 발화 \g<n>개"),
    (
        rf"same id as (?P<one>.+) in {_WHERE}",
        r"id가 \g<where>의 \g<byte>바이트 위치에 있는 \g<one> 대화와 같습니다",
    ),
    (
        rf"same text as (?P<one>.+) in {_WHERE}",
        r"내용이 \g<where>의 \g<byte>바이트 위치에 있는 \g<one> 대화와 같습니다",
    ),
    (
        rf"another text under the id of (?P<one>.+) in {_WHERE}",
        r"\g<where>의 \g<byte>바이트 위치에 있는 \g<one> 대화와 id는 같고 내용이 다릅니다",
    ),
    (
        rf"an older text of (?P<one>.+) in {_WHERE}",
        r"\g<where>의 \g<byte>바이트 위치에 있는 \g<one> 대화보다 오래된 내용입니다",
    ),
    (
        rf"(?P<how>[0-9.]+) similar to (?P<one>.+) in {_WHERE}",
        r"\g<where>의 \g<byte>바이트 위치에 있는 \g<one> 대화와 유사도 \g<how>",
    ),
    *FILE_FORMS,
)


def in_korean(detail: str) -> str:
    """Return a detail in Korean; other words of a parser or the system are quoted in it.

    >>> in_korean("3 speakers, 12 utterances left"), in_korean("invalid escape")
    ('화자 3명, 남은 발화 12개', '프로그램의 설명: invalid escape')
    >>> in_korean("Expected `str`, got `int` - at `$.header.dialogueInfo.dialogueID`")
    '`str`이어야 하는데 `int`입니다 (위치: `$.header.dialogueInfo.dialogueID`)'
    """
    for form, korean in _FORMS:  # a report has few details: `re` compiles what they need
        found = re.fullmatch(form, detail)
        if found:
            place = found.groupdict().get("at") if "` - at `" in detail else None
            return found.expand(korean) + (f" (위치: `{place}`)" if place else "")
    return f"{OTHER_WORDS}{detail}" if detail else ""
