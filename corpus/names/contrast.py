"""Who is named beside somebody else: what is said between two mentions tells that they are two.

민준이 못 온대 / 그럼 지훈이 부르자, 부케는 누가 받아? / 수진이래, 우진이는?, 지훈이도 왔어: nobody
would say the name of whom the talk has just been about. Only the last mention is looked at, and
none where the one before it named two, of whom this may be one.
"""

import re
from collections.abc import Collection, Iterator, Sequence

from corpus.names.answers import FAR, NAME_ALONE, asked_about
from corpus.names.clash import clash
from corpus.names.compared import (
    MYSELF,
    OURS,
    PARTED,
    TITLED,
    TOPIC,
    behind_title,
    is_compared,
    is_instead,
)
from corpus.names.introduced import READ, is_named, is_new, is_related
from corpus.names.mentions import Mention

MOST = 8  # mentions of a list, or before one, that are looked at
_END = r"[ㄱ-ㆎ!?.~^ ]{0,20}$"
_NOT_HERE = re.compile(r"(?:안|못) ?[가-힣]{1,6} ?[ㄱ-ㆎ]{0,9}\?")
_ELSE = re.compile(r"(?:이?가|이)? ?(?:아니[고야었라지에]|아닌가|아님|말고|빼고 ?또)")
# Alone, with nothing but a particle: 지훈이는?
_AND = re.compile(rf"(?:이?는|은|은요|이?는요) ?[ㄱ-ㆎ]{{0,9}}\?{_END}")
_OPENING = re.compile(
    "(?:그럼|그러면|근데|그리고|아|오|와|우와|오오|헉|대박|엥|흠|음|헐|응|네|아니|웅|ㅇㅇ|ㅇㅋ|[ㅋㅎㅠ]+|[가-힣]{1,8}[?!.~]+)?"
    "[ ,.~]*"
)
_GUESS_BEFORE = re.compile(r"(?:^|[ ?!.,])(?:설마|혹시) $")
_GUESS = re.compile(
    rf"이?{TITLED}이?(?:야|요|이야|예요|이에요|인가|인가요)? ?[ㄱ-ㆎ]{{0,9}}\?{_END}"
)
_AND_YOU = re.compile(
    r"(?:너는|넌|너네는|너흰|너희는|당신은|그쪽은|님은|씨는|언니는|오빠는|형은"
    r"|누나는)(?:요)? ?[?ㄱ-ㆎ ]{0,9}$"
)
_I = re.compile("(?:[가-힣]{1,3}[ ,.!~]+)?(?:나는|난|나|저는|전|저|우리는|우린|저희는) ")
_TOLD = re.compile(
    r"(?:[했갔왔었았였됐렸졌났썼봤줬]|간|한|된|온|는)대[ㄱ-ㆎ!?.~ ]{0,20}$"
    "|[가-힣](?:더니|다던데|다더라|다며|다면서)(?![가-힣])"
)
_MORE = re.compile(
    r"(?:이?가|이|은|이?는)? ?"
    r"(?:(?:[가-힣]{1,5} )?(?:훨씬 )?더 |(?:훨씬 |더 )?(?:낫|나아|나은))"
)
_HEARD = re.compile("[가-힣](?:대|래(?<![그노원오빨고]래)|다던데|다더라)[ㄱ-ㆎ~.!]{0,9} $")
_SUBJECT_OR_PARTED = re.compile(f"이?가|{PARTED.pattern}")
_OTHERS = re.compile("(?<![가-힣])(?:우린|우리|저희|난|나는|나도)(?![가-힣])")
_STOP = re.compile("[?!.]")
_NO = re.compile(r"^(?:아니|아뇨|ㄴㄴ|노|놉|땡|에이)(?![가-힣]*었)")
_TOO = re.compile(
    r"(?:이?도|이?두|이?한테도|이?랑도|에게도) (?!참|진짜|정말|이제|알[아았]|대단|괜찮"
    r"|좀|힘들|그렇|뭐|나름|결국"
    r"|어쩔|당연|고생|불쌍|너무하|답답|안됐)"
)


def contrasted(
    mentions: Sequence[Mention], speakers: Sequence[str], texts: Sequence[str]
) -> set[tuple[int, int]]:
    """Return the places of two mentions of which the second is named beside the first."""
    pairs: set[tuple[int, int]] = set()
    for place, mention in enumerate(mentions):
        text = texts[mention.utterance]
        rival = _rival(mentions, place)
        if is_named(mention, text) or is_related(mention, text):
            pairs |= {
                (before, place)
                for before in range(place)
                if mentions[before].bounds.speaker == mention.bounds.speaker
                and not is_related(mentions[before], texts[mentions[before].utterance])
            }
            if rival is not None and is_new(mention, text):
                pairs.add((rival, place))
        pairs |= {(before, place) for before in _others_children(mentions, place, texts)}
        # 지훈이는? / 지훈이도 안 와: he, too, beside the one before
        beside = place > 1 and (
            (place - 2, place - 1) in pairs
            or clash(mentions[place - 2].bounds, mentions[place - 1].bounds)
        )
        if rival is not None and _is_another(mentions[rival], mention, texts, beside=beside):
            pairs |= {(one, place) for one in _echoes(mentions, rival, pairs)}
            if _is_asked(mention, text) and place + 1 < len(mentions):
                answer = mentions[place + 1]
                if (
                    answer.utterance == mention.utterance + 1
                    and speakers[answer.utterance] != mention.bounds.speaker
                ):
                    pairs.add((rival, place + 1))
        if (asked := asked_about(mentions, place, speakers, texts)) is not None:
            pairs.add((asked, place))
        pairs |= {(before, place) for before in _left_out(mentions, place, texts)}
    return pairs


def _echoes(
    mentions: Sequence[Mention], place: int, pairs: Collection[tuple[int, int]]
) -> Iterator[int]:
    """Yield a mention and those before of which each answers the one before it, so is the same."""
    yield place
    for last in range(place - 1, max(-1, place - MOST), -1):
        one, other = mentions[last], mentions[last + 1]
        if (
            other.utterance - one.utterance != 1
            or one.bounds.speaker == other.bounds.speaker
            or (last, last + 1) in pairs
            or clash(one.bounds, other.bounds)
        ):
            return
        yield last


def _rival(mentions: Sequence[Mention], place: int) -> int | None:
    """Return the mention of whom the talk was before one, None if of nobody or of several.

    Whoever is called is spoken to, so the talk is not of that one.
    """
    mention = mentions[place]
    last = place - 1
    while last > 0 and mentions[last].bounds.caller and not mentions[last - 1].bounds.caller:
        last -= 1
    if last < 0 or mention.bounds.caller or mention.utterance - mentions[last].utterance > FAR:
        return None
    before = mentions[last - 1] if last else None
    if before is None or before.utterance != mentions[last].utterance or before.bounds.caller:
        return last
    return None


def _others_children(mentions: Sequence[Mention], place: int, texts: Sequence[str]) -> list[int]:
    """Return of whom was asked before 우리 지훈이 is said: the child of the other one."""
    mention = mentions[place]
    if not OURS.search(texts[mention.utterance][max(0, mention.start - READ) : mention.start]):
        return []
    return [
        before
        for before in range(max(0, place - MOST), place)
        if (other := mentions[before]).bounds.speaker == mention.bounds.speaker
        and other.utterance != mention.utterance
        and other.bounds.relation != "ours"
        and other.bounds.owner != mention.bounds.speaker
        and (
            other.relative.kind.startswith("child")
            or "?" in texts[other.utterance][other.start : other.start + READ]
        )
    ]


def _left_out(mentions: Sequence[Mention], place: int, texts: Sequence[str]) -> list[int]:
    """Return the mentions of a list beside which the other one asks for somebody: 지훈이는?"""
    mention = mentions[place]
    text = texts[mention.utterance][mention.start + 1 :][:READ]
    text = text[behind_title(text, 0) :]
    if not (_AND.match(text) or (TOPIC.match(text) and _NOT_HERE.search(text))):
        return []
    listed: list[int] = []
    for before in range(place - 1, -1, -1):
        other = mentions[before]
        if other.utterance != mention.utterance - 1 or len(listed) > MOST:
            break
        if other.bounds.speaker != mention.bounds.speaker:
            listed.append(before)
    return listed if len(listed) > 1 else []


def _is_another(rival: Mention, mention: Mention, texts: Sequence[str], *, beside: bool) -> bool:
    """Say whether a mention is of somebody else than the last one, as the text around it says."""
    text = texts[mention.utterance]
    before, end = text[max(0, mention.start - READ) : mention.start], mention.start + 1
    behind = behind_title(text, end)
    same_speaker = rival.bounds.speaker == mention.bounds.speaker
    if is_instead(rival, mention, texts) or is_compared(rival, mention, texts, beside=beside):
        return True
    if not same_speaker and _ELSE.match(text, behind):
        return True
    if _AND.match(text, behind):
        if _OPENING.fullmatch(before.rpartition("\ue000")[2]):
            return rival.utterance != mention.utterance or len(before) > 1
        if not same_speaker and "?" in texts[rival.utterance][rival.start : rival.start + READ]:
            return True  # 지우는 어디 다녀요? / 중학교요 지훈이는요?
    if _GUESS_BEFORE.search(before) and _GUESS.match(text, end):
        return True
    is_asked = "?" in text[end : end + READ] and not mention.bounds.parent_of
    if _TOO.match(text, behind) and (same_speaker or not is_asked):
        if same_speaker and any(
            _OTHERS.search(one[:READ]) for one in texts[rival.utterance + 1 : mention.utterance]
        ):
            return False  # 민준이 뭐 먹어? / 우린 북어 / 민준이도 좋아하는데
        return rival.particle not in ("도", "이도") and (same_speaker or not beside)
    if (
        rival.utterance != mention.utterance
        and PARTED.fullmatch(mention.particle)
        and _TOLD.search(_STOP.split(text[end : end + READ], maxsplit=1)[0])
        and not MYSELF.search(before)
    ):
        return rival.particle not in ("이한테", "한테", "이랑", "랑", "이하고", "하고")
    if not same_speaker and _MORE.match(text, behind):
        return True
    if _SUBJECT_OR_PARTED.fullmatch(mention.particle) and _HEARD.search(before):
        return rival.utterance != mention.utterance
    if not same_speaker and _I.fullmatch(before) and NAME_ALONE.fullmatch(texts[rival.utterance]):
        return True
    if is_other_ones(texts[rival.utterance], before) and not same_speaker:
        return True
    return _is_next_guess(rival, mention, texts)


def is_other_ones(asked: str, before: str) -> bool:
    """Say whether one answers of oneself where the other one has told it: 너는? / 나는 한빛대.

    >>> is_other_ones("나 한빛대 다녀 너는?", "나는 "), is_other_ones("나 한빛대 다녀", "나도 ")
    (True, False)
    """
    return _AND_YOU.search(asked) is not None and _I.fullmatch(before) is not None


def _is_next_guess(rival: Mention, mention: Mention, texts: Sequence[str]) -> bool:
    """Say whether the last mention was a guess that is refused: 선아? / 아니 / 아 혜린이!"""
    guess = texts[rival.utterance]
    if rival.utterance == mention.utterance or not _GUESS.match(guess, rival.start + 1):
        return False
    if not _OPENING.fullmatch(guess[: rival.start]):
        return False
    answer = texts[rival.utterance + 1]
    refused = _NO.match(answer) is not None and mention.utterance == rival.utterance + 2
    return refused and mention.bounds.speaker == rival.bounds.speaker


def _is_asked(mention: Mention, text: str) -> bool:
    """Say whether it is asked of somebody else now, of whom the answer then is: 그럼 지우는요?"""
    return _AND.match(text, behind_title(text, mention.start + 1)) is not None
