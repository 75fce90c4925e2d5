"""Tags and star masks: what AIHub wrote in place of a name or a picture, and what becomes of it.

A name, an address or an affiliation becomes a placeholder, one private-use character that every
text rule keeps and the names step replaces. An emoticon becomes a space. An utterance with a
picture, a link, somebody's number or a tag that is not known is dropped: the whole of it becomes a
mark, another private-use character, which says why.

Star masks are read in source `topic` alone, which has no tags; elsewhere a star is a sign like any
other. How a name suits what follows it is the names step's business.
"""

import re
from collections import Counter

from corpus.records import (
    ADDRESS,
    AFFILIATION,
    MASKED_FULL,
    MASKED_GIVEN,
    MASKED_PLACE,
    MASKED_STEM,
    MASKED_SURNAME,
    NAME,
    PLACEHOLDERS,
    Source,
)
from corpus.text.personal import PERSONAL
from corpus.text.rules import Rule, count

# What stands for a whole utterance that is dropped; private-use, as the placeholders are.
SYSTEM, URL, NUMBER, UNKNOWN, STARS = "\ue010\ue011\ue012\ue013\ue014"
REASONS = {
    SYSTEM: "system_tag",
    URL: "url_tag",
    NUMBER: "number_tag",
    UNKNOWN: "unknown_tag",
    STARS: "mask",
}

# Every tag is listed: a generic pattern of two segments eats what follows, `#@이름#이랑 ...#`.
_EMOTICON = r"#@이모티콘#(?:[^#@\s]{1,12}#(?!@))?"
_NUMBER = r"#@(?:계정|신원|전번|금융|번호|상품|기타)#"
_ADDRESS = r"#@(?:주소|장소)#"
_AFFILIATION = r"#@(?:소속|회사)#"  # the second is of AIHub 544
_TAG = (
    r"#?@(?:URL|url)#?"
    r"|#@시스템#(?:(?:사진|동영상|기타|검색|지도|삭제|파일|송금)#)?"
    rf"|{_EMOTICON}|{_NUMBER}|{_ADDRESS}|#@이름#|{_AFFILIATION}"
    # unknown, misspelt or not closed (AIHub 544 has such): as much of it as looks like a tag
    r"|#@(?:[가-힣A-Za-z]{1,8} ?@?#"
    r"|이름|계정|신원|전번|금융|번호|주소|소속|회사|장소|상품|기타)?"
)

# A run of stars that touches `^` is a face and no mask: `*^^*`.
_STARS = r"(?<![*^])\*+(?![*^])"
_PARTICLE = "에서|에|으로|로|은|는|이|가|을|를|도|의|까지|부터"


def _whole(pattern: str) -> str:
    """Return a pattern for an utterance that holds `pattern`."""
    return f"^.*?(?:{pattern}).*$"


TAG_RULES = (
    Rule(
        "system_tag",
        _whole("#@시스템#"),
        SYSTEM,
        "a picture, a file or a map is no text: the utterance is dropped",
        ("#@시스템#사진# 이거 봐", ""),
    ),
    Rule(
        "url_tag",
        _whole("@(?:URL|url)"),
        URL,
        "a link is no text; derived sets write it without #: the utterance is dropped",
        ("여기야 @URL", ""),
    ),
    Rule(
        "number_tag",
        _whole(_NUMBER),
        NUMBER,
        "invented numbers are worse than none: the utterance is dropped",
        ("내 번호 #@전번#야", ""),
    ),
    Rule("emoticon_tag", _EMOTICON, " ", "a sticker is no text", ("#@이모티콘#우와#진짜", " 진짜")),
    Rule(
        "name_tag",
        "#@이름#",
        NAME,
        "the names step draws a name that fits",
        ("#@이름#아", "#@이름#아"),
    ),
    Rule(
        "address_tag",
        _ADDRESS,
        ADDRESS,
        "the names step draws a Korean city or district",
        ("#@장소#에서", "#@주소#에서"),
    ),
    Rule(
        "affiliation_tag",
        _AFFILIATION,
        AFFILIATION,
        "the names step draws a school, a firm or a club",
        ("#@소속# 다녀", "#@소속# 다녀"),
    ),
    Rule(
        "unknown_tag",
        _whole("#@"),
        UNKNOWN,
        "nobody knows what a tag that is not listed hides: the utterance is dropped",
        ("#@상호명#에서 봐", ""),
    ),
)

MASK_RULES = tuple(
    Rule(name, pattern, replacement, why, example, only="topic")
    for name, pattern, replacement, why, example in (
        (
            "masked_place",
            r"(?<![*^])\*{2,3}(?=에서)",
            MASKED_PLACE,
            "where somebody is can only be a place",
            ("**에서 만나", "#@주소#에서 만나"),
        ),
        (
            "masked_stem",
            rf"(?<![*^])\*\*(?=[동역구시읍](?![가-힣])|[동역구시읍](?:{_PARTICLE}))",
            MASKED_STEM,
            "the stem of a place: 역삼동, 강남역",
            ("**동에 살아", "#@주소#동에 살아"),
        ),
        (
            "masked_full",
            r"(?<![*^])\*{3}(?![*^])",
            MASKED_FULL,
            "a star is a syllable: surname and given name",
            ("*** 밴드", "#@이름# 밴드"),
        ),
        (
            "masked_given",
            r"(?<![*^])\*\*(?![*^])",
            MASKED_GIVEN,
            "a given name",
            ("**가 왔어", "#@이름#가 왔어"),
        ),
        (
            "masked_surname",
            r"(?<![*^])\*(?=씨|님|교수|대리|과장|부장|선생)",
            MASKED_SURNAME,
            "a surname, where a title follows",
            ("*씨 계세요", "#@이름#씨 계세요"),
        ),
        (
            "mask",
            _whole(_STARS),
            STARS,
            "any other star hides what nobody can guess: the utterance is dropped",
            ("* 잘 들어", ""),
        ),
    )
)

_WRITTEN_TAG, _WRITTEN_MASK = re.compile(_TAG), re.compile(_STARS)

_SHOWN = str.maketrans(
    dict.fromkeys(PLACEHOLDERS, "#@이름#")
    | dict.fromkeys((ADDRESS, MASKED_STEM, MASKED_PLACE), "#@주소#")
    | {AFFILIATION: "#@소속#"}
    | dict.fromkeys((*REASONS, PERSONAL), "")
)


def count_tags(texts: list[str], source: Source) -> Counter[str]:
    """Count the tags of `texts` as they are written there, and in source `topic` the masks."""
    tags = count(_TAG, [text for text in texts if "@" in text])
    if source == "topic":
        tags.update(count(_STARS, [text for text in texts if "*" in text]))
    return tags


def find_tag(tag: str, batch: str, start: int = 0) -> int:
    """Return where a tag or a mask that `count_tags` counted stands in `batch`, -1 if nowhere.

    >>> find_tag("**", "*** **"), find_tag("#@이모티콘#", "#@이모티콘#우와# #@이모티콘#")
    (4, 11)
    """
    written = _WRITTEN_MASK if tag.startswith("*") else _WRITTEN_TAG
    at = batch.find(tag, start)
    while at >= 0:
        found = written.match(batch, at)
        if found and found[0] == tag:
            return at
        at = batch.find(tag, at + 1)
    return -1


def shown(text: str) -> str:
    """Return `text` with a tag in place of every placeholder, empty if it was dropped.

    >>> shown(f"{MASKED_GIVEN}야 {AFFILIATION} 알아?")
    '#@이름#야 #@소속# 알아?'
    """
    return text.translate(_SHOWN)
