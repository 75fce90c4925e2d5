"""Tags and star masks: what AIHub wrote in place of a name or a picture, and what becomes of it.

A name, an address or an affiliation becomes a placeholder, one private-use character that every
text rule keeps and the names step replaces. An emoticon becomes a space. An utterance with a
picture, a link, somebody's number or a tag that is not known is dropped: the whole of it becomes a
mark, another private-use character, which says why.

Star masks are read in source `topic` alone, which has no tags, by the rules of `masks`; elsewhere a
star is a sign like any other. How a name suits what follows it is the names step's business.
"""

import re
from collections import Counter

from corpus.records import (
    ADDRESS,
    AFFILIATION,
    FIRM,
    MASKED_PLACE,
    MASKED_STEM,
    NAME,
    PLACEHOLDERS,
    Source,
)
from corpus.text.personal import PERSONAL
from corpus.text.rule import Rule, count

# What stands for a whole utterance that is dropped; private-use, as the placeholders are.
SYSTEM, URL, NUMBER, UNKNOWN, STARS = "\ue010\ue011\ue012\ue013\ue014"
OTHER, GARBLED, OTHER_SCRIPT = "\ue016\ue017\ue018"
REASONS = {
    SYSTEM: "system_tag",
    URL: "url_tag",
    NUMBER: "number_tag",
    UNKNOWN: "unknown_tag",
    STARS: "mask",
    OTHER: "other_tag",
    GARBLED: "garbled",
    OTHER_SCRIPT: "other_script",
}

# Every tag is listed: a generic pattern of two segments eats what follows, `#@이름#이랑 ...#`.
_EMOTICON = r"#@이모티콘#(?:[^#@\s]{1,12}#(?!@))?"
_NUMBER = r"#@(?:계정|신원|전번|금융|번호|상품)#"
_ADDRESS = r"#@(?:주소|장소)#"
_AFFILIATION, _FIRM = "#@소속#", "#@회사#"  # the second is of AIHub 544
_TAG = (
    r"#?@(?:URL|url)#?"
    r"|#@시스템#(?:(?:사진|동영상|기타|검색|지도|삭제|파일|송금)#)?"
    rf"|{_EMOTICON}|{_NUMBER}|{_ADDRESS}|#@이름#|{_AFFILIATION}|{_FIRM}|#@기타#"
    # unknown, misspelt or not closed (AIHub 544 has such): as much of it as looks like a tag
    r"|#@(?:[가-힣A-Za-z]{1,8} ?@?#"
    r"|이름|계정|신원|전번|금융|번호|주소|소속|회사|장소|상품|기타)?"
)

# A run of stars that touches `^` is a face and no mask: `*^^*`.
MASK = r"(?<![*^])\*+(?![*^])"

# Glued behind #@기타# these make a noun of it, and mostly an abuse of somebody: #@기타#들이.
_OF_A_NOUN = (
    "(?:끼리|들(?:은|이|을|도|아|한테|끼리|이랑)?|이|가|은|는|을|를|도|만|의|에|에서|로|으로|랑"
    "|이랑|와"
    "|과|하고|한테"
    "|에게|처럼|보다|까지|부터|나|이나|야|이야|아|라|이라|인데|네|이네|지|이지|냐|이냐|다|이다"
    "|라고|이라고|이에요"
    "|예요|임|같은|같이|같네|같다|같아|게|고|거|어|던|든|은데|는데|조차|마저|님|씨)(?![가-힣])"
    "|하[가-힣]|했|해|한(?![가-힣])|할|함|되|된|돼|됐|짓|놈|겠|었|았|스[럽러]|뿐|일(?= ?(?:뿐|거"
    "|수|듯|줄))"
    "| ?(?:때문|밖에(?=[가-힣]| [없안모못])|마냥|말고|따위|만큼|새끼|자식|처럼|같[은네아]|없이)"
    "|아니[냐네야고]"
)
_NOTHING_ELSE = rf"""[^0-9A-Za-z가-힣ㄱ-ㅣㅥ-ㆎ?!.,~^_'"%;\ue000-\uf8ff#\n]|{_EMOTICON}"""
_NOTHING = f"#@기타#|{_NOTHING_ELSE}"
# Where `X에서 ... Y로` says that one became the other, both are of one kind: people.
_BECOMES = "바[뀌뀐뀔뀜꼈꿨꾸꿀꿈꾼]|변경|교체|개명|갈아치|대체"
TO_A_PLACE = (
    "(?:으로|로) ?(?:이사|여행|출장|발령|휴가|이동|이전|시집|장가|출근|통학|통근|전근|출발|놀러"
    "|유학|전학|진출|떠[나났난]"
    "|향[해하했]"
    "|가(?![가-힣])|가[는고야자서요면려]|갈|갔|간[다대])|까지 (?:얼마나|몇 시간|멀|가려면)"
    "|까지[는도만]? (?:[가-힣a-z]{1,5}로 )?(?:[0-9]+|한|두|세|네|다섯)"
    " ?(?:시간|분)(?! ?(?:통화|동안|이야기))"
    "| (?:근처|근교|맛집)"
)
AT = (
    r"(?:에서|에선|에(?:는|도|만|다)?(?![가-힣])(?! ?(?:대해|대한|관해|관한|비해|의해"
    r"|빠[져졌진지]|미[쳐쳤친]|꽂[혀혔힌]|환장|반[해했한]|입덕)))"
)


def becoming(tag: str, star: str) -> str:
    """Return what stands behind `tag` where another one takes its place."""
    said = rf"[^{star}\n.?!()<>]*"
    return rf"(?=(?:씨|님|쌤)?에서{said}{tag}(?:씨|님|쌤|이)?(?:으로|로){said}(?:{_BECOMES}))"


def whole(pattern: str) -> str:
    """Return a pattern for an utterance that holds `pattern`."""
    return f"^.*?(?:{pattern}).*$"


OTHER_RULES = (
    Rule(
        "other_alone",
        f"^(?:{_NOTHING_ELSE})*+#@기타#(?:{_NOTHING})*+$",
        OTHER,
        "a masked word and nothing else: the utterance is dropped",
        ("#@기타# #@기타#", ""),
    ),
    Rule(
        "other_noun",
        whole(f"#@기타#(?:{_OF_A_NOUN})"),
        OTHER,
        "with a particle it is a part of the sentence: the utterance is dropped",
        ("#@기타#들이 문제야", ""),
    ),
    Rule(
        "other_tag",
        "#@기타#",
        " ",
        "mostly a swear word or an intensifier, which the sentence does without",
        ("아 #@기타# 피곤하네", "아   피곤하네"),
    ),
)
TAG_RULES = (
    Rule(
        "system_tag",
        whole("#@시스템#"),
        SYSTEM,
        "a picture, a file or a map is no text: the utterance is dropped",
        ("#@시스템#사진# 이거 봐", ""),
    ),
    Rule(
        "url_tag",
        whole("@(?:URL|url)"),
        URL,
        "a link is no text; derived sets write it without #: the utterance is dropped",
        ("여기야 @URL", ""),
    ),
    Rule(
        "number_tag",
        whole(_NUMBER),
        NUMBER,
        "invented numbers are worse than none: the utterance is dropped",
        ("내 번호 #@전번#야", ""),
    ),
    Rule("emoticon_tag", _EMOTICON, " ", "a sticker is no text", ("#@이모티콘#우와#진짜", " 진짜")),
    Rule(
        "name_becoming",
        f"#@이름#{becoming('#@이름#', '#')}",
        NAME,
        "from one person to another, though 에서 stands behind the first",
        ("#@이름#에서 #@이름#으로 바뀌었어", "#@이름#에서 #@이름#으로 바뀌었어"),
    ),
    Rule(
        "name_of_a_place",
        f"#@이름#(?={AT}|{TO_A_PLACE})|(?<=#@(?:이름|주소|장소)#에서 ?)#@이름#(?=까지|으로|로)",
        ADDRESS,
        "where somebody is can only be a place",
        ("#@이름#에서 공부했어", "#@주소#에서 공부했어"),
    ),
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
        "firm_tag",
        _FIRM,
        FIRM,
        "the names step draws a firm",
        ("#@회사#에서 샀어", "#@회사#에서 샀어"),
    ),
    Rule(
        "unknown_tag",
        whole("#@"),
        UNKNOWN,
        "nobody knows what a tag that is not listed hides: the utterance is dropped",
        ("#@상호명#에서 봐", ""),
    ),
)

_WRITTEN_TAG, _WRITTEN_MASK = re.compile(_TAG), re.compile(MASK)

_SHOWN = str.maketrans(
    dict.fromkeys(PLACEHOLDERS, "#@이름#")
    | dict.fromkeys((ADDRESS, MASKED_STEM, MASKED_PLACE), "#@주소#")
    | {AFFILIATION: "#@소속#", FIRM: "#@회사#"}
    | dict.fromkeys((*REASONS, PERSONAL), "")
)


def count_tags(texts: list[str], source: Source) -> Counter[str]:
    """Count the tags of `texts` as they are written there, and in source `topic` the masks."""
    tags = count(_TAG, [text for text in texts if "@" in text])
    if source == "topic":
        tags.update(count(MASK, [text for text in texts if "*" in text]))
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

    >>> shown(f"{NAME}야 {AFFILIATION} 알아?")
    '#@이름#야 #@소속# 알아?'
    """
    return text.translate(_SHOWN)
