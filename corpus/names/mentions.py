"""One mention of somebody or of some place: what the text around a placeholder says of it."""

import re
from collections.abc import Callable
from typing import Literal, NamedTuple

from corpus.names.lexicon import SURNAMES
from corpus.names.own_name import I_AM, is_copula, is_oneself, serves
from corpus.names.particles import FREE, NOTHING, Ending, Sex, is_glued, particle_at
from corpus.names.relatives import (
    ANY,
    NOBODY,
    OF_A_FRIEND,
    OF_A_PARENT,
    Relative,
    child_of,
    relative_at,
)
from corpus.names.spoken import is_guessed, is_of_a_third, is_spoken_to
from corpus.names.titles import title_at
from corpus.records import MASKED_FULL, MASKED_SURNAME, NAME

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
    parent_of: bool = False  # 엄마 or 아빠 stands behind the name
    third: bool = False  # neither who speaks nor, of two, who is spoken to
    guessed: bool = False  # that somebody is called, by 씨 or 님 in a polite sentence alone
    bare: bool = False  # a name and nothing that says how friends call each other


class Mention(NamedTuple):  # a third of the price of a frozen dataclass, and one for each tag
    """One placeholder, and what it demands of whoever stands there."""

    utterance: int
    start: int
    particle: str  # what follows, as in `particle_at`
    form: Form
    bounds: Bounds
    open_if_given: bool = False  # any full name will do, but a given name alone must end in a vowel
    rather_open: bool = False  # friends say 지우 왔어, but 민준이 왔어
    rather_closed: bool = False  # a wish, where nothing else is demanded
    decade: int | None = None  # of birth at the latest, as a title says
    relative: Relative = NOBODY  # of the speaker
    rather_full: bool = False  # who is asked for the name, or served, gives it with the surname
    vocative: bool = False  # 아, 야
    answers: str | None = None  # in a group, the speaker who seems to be spoken to


# Surnames as they stand glued before a tag; not those that are more often another word there:
# 나 and 제 are pronouns, 어 and 여 are calls.
_SURNAMES = (*SURNAMES, "남궁", "황보", "제갈", "선우", "독고", "사공", "서문")
_SURNAME = re.compile(
    "(?<![가-힣])(?:" + "|".join(name for name in _SURNAMES if name not in "나제어여전") + "|전)$"
)
_OURS = re.compile("(?<![가-힣])(?:우리|울|저희) ?$")
_COPULA = re.compile(
    "인데?|이?라|이?라고|이라는|이?란|이었|였|이에요|이?예요|이?야|이?고|이?지|이?죠|이?다|이?냐"
    "|이?니|이?래"
    "|이구|구나|이?잖|여서|용|입니다"
)


def mention_of(
    utterance: int,
    speaker: str,
    text: str,
    start: int,
    other: str | None,
    is_polite_speaker: Callable[[str], bool],
    *,
    asked: bool = False,
    alone: bool = False,
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
        alone: nobody else is mentioned, so nobody has to be told from this one.
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
        owner = child_of(text, title.end, speaker, other)
        if owner:
            relative = OF_A_PARENT._replace(latest=ANY, kind="child")
        elif calls or not OF_A_FRIEND.match(text, start + 1):
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
            relation=relative.kind if owner else "ours" if _OURS.search(before) else "",
            parent_of=title is not None and title.possessor and not owner,
            third=not (alone or oneself or calls)
            and is_of_a_third(text, start, title if other else None, particle if other else ""),
            guessed=calls and not demand.vocative and is_guessed(text, start, title),
            bare=title is None
            and not (oneself or demand.vocative)
            and not _COPULA.fullmatch(particle),
        ),
        open_if_given=form == "either" and demand.given_ending != demand.ending,
        rather_open=title is None and particle == NOTHING,
        rather_closed=demand.rather_closed,
        decade=title.decade if title else None,
        relative=relative,
        vocative=demand.vocative,
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
