"""All mentions of a dialogue: where a placeholder stands, and what stands for it."""

import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import accumulate

from corpus.names.affiliations import affiliation_of
from corpus.names.lexicon import PLACES, PROVINCES
from corpus.names.mentions import Mention, mention_of, word_mention
from corpus.names.own_name import asks_for_name
from corpus.names.places import answers_where, is_instead, kind_at, takes_up
from corpus.names.relatives import ANY, GENERATION, NOBODY, Relative, relative_asked
from corpus.names.replies import (
    asks_after_alone,
    is_asked_back,
    is_comforted,
    tells_of_oneself,
    wonders,
)
from corpus.names.spoken import addressee, honours, is_hearsay, is_polite
from corpus.names.titles import POLITES, title_at
from corpus.records import (
    AFFILIATION,
    MASKED_FULL,
    MASKED_GIVEN,
    MASKED_PLACE,
    MASKED_STEM,
    PLACEHOLDERS,
)

MASKED = (MASKED_GIVEN, MASKED_FULL)
NEAR = 2  # utterances before one that are looked at for a place
FIRST = 4  # characters before a name that answers: 음 순덕
FAR = 60  # characters to either side of a name
READ = 200  # characters of an utterance
NEWS = 3  # utterances: what was told so lately, a birth or a place, is still spoken of
_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
# Kinds that nothing but a particle follows.
WHOLE = ("place", "inner", "affiliation", "firm name", "university", *PROVINCES)
# kinds that nothing but a particle follows
_COUPLE = re.compile("여보(?!세요)|(?<![가-힣])자기(?:야|는|도|가)?(?![가-힣])")
# Parents who speak of such things call children by a mere name.
_FAMILY = re.compile(
    "어린이집|유치원|얼집|수족구|이유식|기저귀|등원|하원|키즈카페|키카|학부모|알림장"
    "|(?:우리|저희) 애(?:[는가도들]|(?![가-힣]))|(?:우리|저희) 아이"
    "|학원비|담임쌤|담임 ?선생님|초등학|학교 들어|같은 반|짝꿍"
    "|둘째|첫째|중성화|생일 ?파티|단짝|터울|레고|장난감|(?:데려|데리고) ?오세요"
    "|애들 ?(?:방학|재[우웠]|학원|데[리려]|숙제|간식|밥|학교|등교|감기|옷|책)"
    "|(?:(?<![가-힣])(?:네|예)[ ,]+|(?:^|\n))(?:어머|아버)[니님] "
)
_OF_A_BABY = re.compile("낳았|낳은|태어[났난]|태명|신생아|아기 이름|애기 이름|손[주자녀]")
_NAMED = re.compile("이름(?:[은이도]|은 ?뭐)? ?$")


def mentions_of(speakers: Sequence[str], texts: Sequence[str]) -> dict[str, list[Mention]]:
    """Return the mentions of a dialogue by what stands for them."""
    joined = "".join(texts)
    found = list(_PLACEHOLDER.finditer(joined))
    if not found:
        return {}
    kinds: defaultdict[str, list[Mention]] = defaultdict(list)
    place_named = MASKED_PLACE in joined or MASKED_STEM in joined
    affiliation = affiliation_of(texts) if AFFILIATION in joined else None
    person = _reader_of_people(speakers, texts, alone=len(found) == 1)
    ends = list(accumulate(map(len, texts)))
    last, last_at = "name", 0  # the kind of the last placeholder, and its utterance
    for match in found:
        utterance = bisect(ends, match.start())
        text = texts[utterance]
        start = match.start() - ends[utterance] + len(text)
        kind = kind_at(text, start, place_named=place_named, affiliation=affiliation)
        if kind == "name" and text[start] in MASKED:
            since = utterance - last_at if last in PLACES else None
            if _is_place_by_context(speakers, texts, utterance, start, since):
                kind, place_named = "place", True
        place_named = place_named or (kind == "place" and text[start] in MASKED)
        if kind == "name":
            mention = person(utterance, start, kinds["name"][-1] if kinds["name"] else None)
        else:
            mention = word_mention(utterance, text, start, ends=kind in WHOLE)
        kinds[kind].append(mention)
        last, last_at = kind, utterance
    return kinds


def _is_place_by_context(
    speakers: Sequence[str], texts: Sequence[str], utterance: int, start: int, since: int | None
) -> bool:
    """Say whether what the other one has just said makes a place of a mask.

    Args:
        since: how many utterances ago the last placeholder stood, if that hides a place.
    """
    if not utterance or speakers[utterance - 1] == speakers[utterance]:
        return False
    text, before = texts[utterance], texts[max(0, utterance - NEAR) : utterance]
    return (
        (start < FIRST and answers_where(before[-1], text, start))
        or is_instead(before, text, start, masked=since is not None and since <= NEWS)
        or (since == 1 and takes_up(text, start))
    )


def speaks_of_children(texts: Sequence[str]) -> bool:
    """Say whether parents who write this speak of children, whom they call by a mere name."""
    joined = "\n".join(texts)
    return _COUPLE.search(joined) is not None or _FAMILY.search(joined) is not None


def _reader_of_people(
    speakers: Sequence[str], texts: Sequence[str], *, alone: bool
) -> Callable[[int, int, Mention | None], Mention]:
    """Return what reads a mention of somebody: of its utterance, its start and the last one."""
    both = list(dict.fromkeys(speakers))
    other = dict(zip(both, reversed(both), strict=True)) if len(both) == 2 else {}

    polite: dict[str, bool] = {}

    def is_polite_speaker(speaker: str) -> bool:
        if speaker not in polite:
            said = zip(speakers, texts, strict=True)
            polite[speaker] = is_polite([text for who, text in said if who == speaker])
        return polite[speaker]

    def read(utterance: int, start: int, last: Mention | None) -> Mention:
        speaker, partner = speakers[utterance], other.get(speakers[utterance])
        is_answer = utterance > 0 and speakers[utterance - 1] != speaker
        before = texts[utterance - 1] if is_answer else ""
        mention = mention_of(
            utterance,
            speaker,
            texts[utterance],
            start,
            partner,
            is_polite_speaker,
            asked=is_answer and asks_for_name(before),
            alone=alone,
        )
        bounds, relative = mention.bounds, mention.relative
        if is_answer and start < FIRST and relative == NOBODY:
            relative = relative_asked(before)
        if relative == NOBODY and _NAMED.search(texts[utterance][max(0, start - FAR) : start]):
            told = texts[max(0, utterance - NEWS) : utterance + 1]
            born = [born for text in told if (born := _OF_A_BABY.search(text[:READ]))]
            if born:
                relative = Relative("any", GENERATION * (1 + (born[0][0][0] == "손")), ANY)
        if meant := _who_replies(mention, speakers, texts, partner):
            bounds = bounds._replace(who=meant, caller=speaker, owner="", relation="", third=False)
            relative = NOBODY
        elif (
            mention.bounds.caller
            and not mention.vocative
            and _is_told_of(utterance, speakers, texts)
        ):
            bounds = bounds._replace(who=None, caller=None, third=True)
        elif is_answer and not bounds.who and is_comforted(texts[utterance], start, before):
            bounds = bounds._replace(who=partner, caller=speaker, third=False)
        elif last and partner and _is_said_again(mention, last, texts[utterance]):
            bounds = bounds._replace(who=None, caller=None, third=True)
        if bounds.owner and any(map(_COUPLE.search, texts)):  # one child of both
            bounds = bounds._replace(owner="", relation="")
        answers = mention.answers
        if not partner and bounds.caller:
            answers = addressee(speakers, texts, utterance)
        return mention._replace(bounds=bounds, relative=relative, answers=answers)

    return read


def _is_said_again(mention: Mention, last: Mention, text: str) -> bool:
    """Say whether it goes on of a third of whom somebody has just said 씨 or 님."""
    one, other = mention.bounds, last.bounds
    return (
        one.caller is not None
        and one.title in POLITES
        and one.title == other.title
        and other.who is None
        and mention.utterance - last.utterance == 1 + (one.speaker == other.speaker)
        and not honours(text, mention.start)
    )


def _is_told_of(utterance: int, speakers: Sequence[str], texts: Sequence[str]) -> bool:
    """Say whether the reply tells what a third does: 민준이 요즘 뭐해? / 취업 준비한대."""
    reply = utterance + 1
    if reply == len(texts) or speakers[reply] == speakers[utterance]:
        return False
    return is_hearsay(texts[reply]) and not tells_of_oneself(texts[reply])


def _who_replies(
    mention: Mention, speakers: Sequence[str], texts: Sequence[str], other: str | None
) -> str | None:
    """Return who takes a name for the own one, as the reply tells: 지우는? / 나는 아직; 내가?

    Args:
        mention: of whom nothing is known.
        speakers: who wrote each text.
        texts: with placeholders.
        other: the only other speaker of the dialogue, None if there are more.
    """
    reply = mention.utterance + 1
    if mention.bounds.who or reply == len(texts) or speakers[reply] == mention.bounds.speaker:
        return None
    text, start = texts[mention.utterance], mention.start
    if other is None:  # in a group another one may answer of himself, too
        asked = asks_after_alone(text, start + 1)
        return speakers[reply] if asked and tells_of_oneself(texts[reply]) else None
    if wonders(texts[reply], text[max(0, start - FAR) : start + FAR]):
        return other
    if tells_of_oneself(texts[reply]) and is_asked_back(text, start, title_at(text, start + 1)):
        return other
    return None
