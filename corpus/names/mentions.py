"""One mention of somebody or of some place: what the text around a placeholder says of it."""

import re
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from corpus.names.lexicon import SURNAMES
from corpus.names.particles import FREE, Ending, Sex, is_glued, particle_at
from corpus.names.relatives import NOBODY, OF_A_PARENT, Relative, relative_at
from corpus.names.spoken import I_AM, is_copula, is_oneself, is_spoken_to, serves
from corpus.names.titles import title_at
from corpus.records import MASKED_FULL, MASKED_SURNAME, NAME

NEAR = 12  # at most so many characters between two tags of one utterance: they are two people
CHAIN = 60  # so far back a list is looked for

Form = Literal["given", "either", "full", "surname"]  # what of the name is shown


class Bounds(NamedTuple):
    """What of a mention tells people apart."""

    speaker: str
    ending: Ending
    sex: Sex = "any"
    who: str | None = None  # the speaker who is meant, where that is known
    caller: str | None = None  # who calls this person, if anyone does
    surname: str = ""  # that stands before the tag
    title: str = ""
    older: bool = False  # a title that friends do not have among themselves
    intimate: bool = False
    owner: str = ""  # whose child, partner or pet this is, where that is known
    relation: str = ""  # to the owner


class Mention(NamedTuple):  # a third of the price of a frozen dataclass, and one for each tag
    """One placeholder, and what it demands of whoever stands there."""

    utterance: int
    start: int
    particle: str  # what follows, as in `particle_at`
    form: Form
    bounds: Bounds
    open_if_given: bool = False  # any full name will do, but a given name alone must end in a vowel
    rather_closed: bool = False  # a wish, where nothing else is demanded
    decade: int | None = None  # of birth at the latest, as a title says
    relative: Relative = NOBODY  # of the speaker
    rather_full: bool = False  # who is asked for the name, or served, gives it with the surname
    answers: str | None = None  # in a group, the speaker who seems to be spoken to


# Surnames as they stand glued before a tag; not those that are more often another word there:
# 나 and 제 are pronouns, 어 and 여 are calls.
_SURNAMES = (*SURNAMES, "남궁", "황보", "제갈", "선우", "독고", "사공", "서문")
_SURNAME = re.compile(
    "(?<![가-힣])(?:" + "|".join(name for name in _SURNAMES if name not in "나제어여전") + "|전)$"
)
# Between two mentions of one list: no sentence ends there.
_SENTENCE_END = re.compile(
    "[.?!~^ㄱ-ㆎ]|(?:[았었했갔왔줬됐봤셨겼났렸졌쳤켰탔샀][어다네지음]|(?<!필)(?<!중)요|거든|잖아|구나"
    "|[한간온된는산준난]대|[하가오되겠]네|[을할갈볼]까|[가하먹보]자|니다|니까)(?= )"
)
# What ends a sentence about a place: 사람 많아, 살아, 에서 봐.
_SAID = re.compile("(?:[아어해봐]|이야|[가-힣]지|비싸|멀다|좋다|[가-힣]네)(?= )|은 |는 ")
_AGAIN = re.compile("[아야이]?[!~]+ ?")  # 민준아! 민준아!
_NO = re.compile("(?:아니|아니야|아니요|아뇨|ㄴㄴ|노노)[ ,.~]+")
_IT_IS = re.compile("이?(?:야|지|에요|예요|인데|던데|ㄹ)|일걸|일 ?거|였|이었|인 ?[거것]|입니다")
_SUBORDINATE = re.compile(
    "(?:데|니까|아서|어서|해서|와서|워서|면|더니|길래|지만|자마자|때|다가)(?= )"
)
_LISTED = {
    particle: plain
    for plain, particles in {
        "는": "이는 는 은",
        "도": "이도 도 이두 두",
        "가": "이가 가 이",
        "를": "이를 를 을",
        "랑": "이랑 랑 와 과 하고 이하고",
        "한테": "이한테 한테 이에게 에게",
        "만": "이만 만",
    }.items()
    for particle in particles.split()
}


def mention_of(
    utterance: int,
    speaker: str,
    text: str,
    start: int,
    other: str | None,
    is_polite_speaker: Callable[[str], bool],
    *,
    asked: bool = False,
) -> Mention:
    """Return what is said of a person by the text around a placeholder.

    Args:
        utterance: the place of the text in the dialogue.
        speaker: who wrote it.
        text: with placeholders.
        start: of the placeholder.
        other: the only other speaker of the dialogue, None if there are more.
        is_polite_speaker: says whether a speaker is polite, on the whole.
        asked: the other one has just asked for the name of who speaks.
    """
    particle, demand = particle_at(text, start + 1)
    title = title_at(text, start + 1)
    if title and title.word and particle != "양" and text.startswith(title.word, start + 1):
        particle, demand = title.word, FREE  # 아저씨 and 여사님 begin like a call
    glued = start > 0 and is_glued(text[start - 1])
    before = text[max(0, start - 40) : start]
    form: Form = "given"
    if text[start] == MASKED_FULL:
        form = "full"
    elif text[start] == MASKED_SURNAME:
        form = "surname"
    elif text[start] == NAME and demand.surname and not glued:
        form = "either"
    surname = _surname_before(before, text, start) if glued else ""
    oneself = is_oneself(before.removesuffix(surname), text, start, asked=asked)
    calls = (
        not oneself
        and not (particle == "야" and is_copula(before, text, start))
        and (demand.vocative or is_spoken_to(text, start, title, speaker, is_polite_speaker))
    )
    relative, owner = NOBODY, ""
    if title is not None and title.possessor:
        relative = OF_A_PARENT
    elif not (oneself or calls):
        relative, owner = relative_at(text, start, speaker, other, intimate=demand.intimate)
    return Mention(
        utterance=utterance,
        start=start,
        particle=particle,
        form=form,
        bounds=Bounds(
            speaker=speaker,
            ending=demand.given_ending if form == "given" else demand.ending,
            sex=title.sex if title and title.sex != "any" else relative.sex,
            who=speaker if oneself else other if calls else None,
            caller=speaker if calls else None,
            surname=surname,
            title=title.word if title and not (oneself or demand.vocative) else "",
            older=bool(title and title.decade),
            intimate=demand.intimate
            and (form, particle) != ("full", "이")
            and not (title and title.word)
            and not oneself,
            owner=owner,
            relation=relative.kind if owner else "",
        ),
        open_if_given=form == "either" and demand.given_ending != demand.ending,
        rather_closed=demand.rather_closed,
        decade=title.decade if title else None,
        relative=relative,
        rather_full=(oneself and (asked or serves(before))) or bool(title and title.customer),
    )


def _surname_before(before: str, text: str, start: int) -> str:
    """Return the surname that stands glued before a placeholder, or nothing.

    전 is one, too, but 전 민준인데 is 저는.
    """
    found = _SURNAME.search(before)
    if found is None or text[start] == MASKED_FULL or text[start] == MASKED_SURNAME:
        return ""
    return "" if found[0] == "전" and I_AM.match(text, start + 1) else found[0]


def people_apart(mentions: Sequence[Mention], texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of mentions of which nobody takes two for the same person.

    They stand near each other, or with the same particle in one chain of clauses: 민준이는 따라오고
    나는 총무하고 지훈이는 운전.
    """
    pairs = []
    for place, mention in enumerate(mentions):
        for before in range(place - 1, -1, -1):
            other = mentions[before]
            if other.utterance != mention.utterance or mention.start - other.start > CHAIN:
                break
            text = texts[mention.utterance]
            between = text[other.start + 1 : mention.start]
            if _AGAIN.fullmatch(between) and text.startswith(between.rstrip(), mention.start + 1):
                continue
            if len(between) <= NEAR or _is_listed(other.particle, mention.particle, between):
                pairs.append((before, place))
        if _is_corrected(mention, texts[mention.utterance]):
            pairs += [(before, place) for before in _said_before(mentions, place)]
    return pairs


def _is_corrected(mention: Mention, text: str) -> bool:
    """Say whether somebody is named instead of whom the other one has named: 아니 민준일걸."""
    return bool(_NO.fullmatch(text[: mention.start]) and _IT_IS.match(text, mention.start + 1))


def _said_before(mentions: Sequence[Mention], place: int) -> list[int]:
    """Return the last place before one at which another speaker named somebody, just before."""
    mention = mentions[place]
    for before in range(place - 1, -1, -1):
        other = mentions[before]
        if other.utterance < mention.utterance - 1:
            break
        if other.bounds.speaker != mention.bounds.speaker:
            return [before]
    return []


def _is_listed(one: str, other: str, between: str) -> bool:
    plain = _LISTED.get(one)
    if plain is None or plain != _LISTED.get(other) or _SENTENCE_END.search(between):
        return False
    return plain in "는도" or not _SUBORDINATE.search(between)


def places_apart(mentions: Sequence[Mention], texts: Sequence[str]) -> list[tuple[int, int]]:
    """Return the places of mentions that are two places: near, and no sentence ends between."""
    pairs = []
    for place, mention in enumerate(mentions):
        for before in range(place - 1, -1, -1):
            other = mentions[before]
            if other.utterance != mention.utterance or mention.start - other.start - 1 > NEAR:
                break
            between = texts[mention.utterance][other.start + 1 : mention.start]
            if not (_SENTENCE_END.search(between) or _SAID.search(between)):
                pairs.append((before, place))
    return pairs


def word_mention(utterance: int, text: str, start: int, *, ends: bool) -> Mention:
    """Return what the text behind the placeholder of a place or an affiliation demands.

    Args:
        utterance: the place of the text in the dialogue.
        text: with placeholders.
        start: of the placeholder.
        ends: a particle may follow; else the second half of the word does: 역삼동, 한빛대.
    """
    particle, demand = particle_at(text, start + 1)
    bounds = Bounds("", demand.ending if ends else "any")
    return Mention(utterance, start, particle, "given", bounds)
