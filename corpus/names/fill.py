"""Names: put an invented person, place or affiliation where a tag or a mask stood.

What follows a placeholder was typed for the real name: `particles` says what it demands, `casting`
who is whom in a dialogue, `lexicon` holds the words. All chance is sha256 of (seed, dialogue id,
who), so neither the order of dialogues nor another file changes a name.

Who is called by name in a dialogue of two is the other speaker: the name is of that speaker's sex
and decade of birth, where the dialogue says them.
"""

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from corpus.names.casting import Form, Mention, share_out
from corpus.names.lexicon import (
    SURNAME_STEPS,
    SURNAMES,
    WORDS,
    final_consonant,
    given_names,
    names_of,
)
from corpus.names.particles import Ending, Sex, is_glued, particle_at, sex_at
from corpus.records import (
    ADDRESS,
    AFFILIATION,
    MASKED_FULL,
    MASKED_GIVEN,
    MASKED_STEM,
    MASKED_SURNAME,
    NAME,
    PLACEHOLDERS,
    SpeakerTraits,
)

_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
_PEOPLE = {NAME, MASKED_GIVEN, MASKED_FULL, MASKED_SURNAME}
# As the tags step reads `**동`: #@주소#동에서 is a 동, #@주소#동네 is not.
_SUFFIX = re.compile("[동역구시읍](?:(?![가-힣])|에|으로|로|은|는|이|가|을|를|도|의|까지|부터)")


@dataclass(frozen=True, slots=True)
class Filled:
    """A dialogue without placeholders, and what was invented for it."""

    texts: list[str]
    people: list[str]  # surname and given name of each, in order of first mention
    counts: Counter[str]  # `name`, `place`, `affiliation`; of names also what followed


class _Person(NamedTuple):
    surname: str
    given: str
    coins: int  # 128 bits: whether the surname is shown


def fill_names(
    dialogue_id: str,
    speakers: Sequence[str],
    texts: Sequence[str],
    *,
    seed: int,
    traits: Callable[[], Mapping[str, SpeakerTraits]] = dict,
) -> Filled:
    """Replace every placeholder of one dialogue and nothing else.

    Args:
        dialogue_id: decides every draw, together with `seed`.
        speakers: who wrote each text.
        texts: the normalised utterances that are left, in order.
        seed: another one gives other names, and the same text around them.
        traits: tells what is known of the speakers; asked only where somebody is called by name.

    >>> filled = fill_names("d1", ["a", "b"], ["\ue000아 밥 먹자", "\ue000이도 온대"], seed=0)
    >>> len(filled.people), filled.counts
    (1, Counter({'name': 2, '아': 1, '이도': 1}))
    """
    kinds: defaultdict[str, list[Mention]] = defaultdict(list)
    for utterance, (speaker, text) in enumerate(zip(speakers, texts, strict=True)):
        for match in _PLACEHOLDER.finditer(text):
            start = match.start()
            kinds[_kind(text, start)].append(_mention(utterance, speaker, text, start))
    called = _called(speakers, kinds.get("name", ()), traits)
    for place, mention in enumerate(kinds["name"] if called else ()):
        if mention.calls and mention.speaker in called:
            kinds["name"][place] = mention._replace(sex=called[mention.speaker].sex)
    people: list[_Person] = []
    counts: Counter[str] = Counter()
    words: defaultdict[int, dict[int, str]] = defaultdict(dict)  # by utterance and start
    for kind, mentions in kinds.items():
        shares = share_out(mentions)
        draws = f"{seed}/{dialogue_id}/{kind}"
        if kind == "name":
            people = _invent_people(shares, draws, called)
            shown = [_shown(person, share) for person, share in zip(people, shares, strict=True)]
            counts.update(mention.particle for mention in mentions)
        else:
            invented = _invent_words(WORDS[kind], shares, draws)
            shown = [[word] * len(share) for word, share in zip(invented, shares, strict=True)]
        for share, forms in zip(shares, shown, strict=True):
            for mention, form in zip(share, forms, strict=True):
                words[mention.utterance][mention.start] = form
        counts[kind if kind in ("name", "affiliation") else "place"] += len(mentions)
    filled = list(texts)
    for utterance, surrogates in words.items():
        filled[utterance] = _replaced(texts[utterance], surrogates)
    return Filled(filled, [person.surname + person.given for person in people], counts)


def _replaced(text: str, surrogates: Mapping[int, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: surrogates[match.start()], text)


def _kind(text: str, start: int) -> str:
    """Return what stands for a placeholder: `name`, or a key of `WORDS`."""
    placeholder, suffix = text[start], text[start + 1 : start + 2]
    if placeholder in _PEOPLE:
        return "name"
    if placeholder == AFFILIATION:
        return "affiliation"
    stem = placeholder == MASKED_STEM or (placeholder == ADDRESS and _SUFFIX.match(text, start + 1))
    if stem and suffix in WORDS:
        return suffix
    return "place"


def _mention(utterance: int, speaker: str, text: str, start: int) -> Mention:
    placeholder = text[start]
    particle, demand = particle_at(text, start + 1)
    glued = start > 0 and is_glued(text[start - 1])
    form: Form = "given"
    if placeholder == MASKED_FULL:
        form = "full"
    elif placeholder == MASKED_SURNAME:
        form = "surname"
    elif placeholder == NAME and demand.surname and not glued:
        form = "either"
    return Mention(
        utterance=utterance,
        start=start,
        speaker=speaker,
        particle=particle,
        ending=demand.given_ending if form == "given" else demand.ending,
        form=form,
        open_if_given=form == "either" and demand.given_ending != demand.ending,
        calls=demand.vocative and placeholder in _PEOPLE,
        sex=sex_at(text, start + 1),
    )


def _called(
    speakers: Sequence[str],
    mentions: Sequence[Mention],
    traits: Callable[[], Mapping[str, SpeakerTraits]],
) -> dict[str, SpeakerTraits]:
    """Return for each of two speakers what is known of the other, if one calls somebody."""
    both = dict.fromkeys(speakers)
    if len(both) != 2 or not any(mention.calls for mention in mentions):
        return {}
    known = traits()
    return {
        speaker: known[other]
        for speaker, other in zip(both, reversed(both), strict=True)
        if other in known
    }


def _invent_people(
    shares: Sequence[Sequence[Mention]], draws: str, called: Mapping[str, SpeakerTraits]
) -> list[_Person]:
    """Draw a person for each share of the mentions, no given name twice.

    No surname twice either where one stands alone: two people called 김씨 would be one.
    """
    surname_alone = any(mention.form == "surname" for share in shares for mention in share)
    people: list[_Person] = []
    for nth, share in enumerate(shares):
        digest = sha256(f"{draws}/{nth}".encode()).digest()
        weight = int.from_bytes(digest[:8], "big") % SURNAME_STEPS[-1]
        taken = {person.surname for person in people} if surname_alone else ()
        surname = _next_untaken(SURNAMES, bisect(SURNAME_STEPS, weight), taken)
        decade = _decade(share, called)
        names = given_names() if decade is None else names_of(decade)
        pool = names[_sex(share)][_ending(share)]
        given = _draw(pool, digest[8:16], [p.given for p in people])
        people.append(_Person(surname, given, int.from_bytes(digest[16:], "big")))
    return people


def _invent_words(
    pools: Mapping[Ending, Sequence[str]], shares: Sequence[Sequence[Mention]], draws: str
) -> list[str]:
    """Draw a place or an affiliation for each share of the mentions, none twice."""
    words: list[str] = []
    for nth, share in enumerate(shares):
        digest = sha256(f"{draws}/{nth}".encode()).digest()
        words.append(_draw(pools[_ending(share)], digest, words))
    return words


def _ending(share: Sequence[Mention]) -> Ending:
    """Return how a name must end to suit all its mentions.

    A vowel where it is no must but spares a surname that would have to be shown: 지우도, 김민준도.
    """
    endings = {mention.ending for mention in share}
    if "C" in endings:
        return "C"
    return "O" if "O" in endings or any(mention.open_if_given for mention in share) else "any"


def _sex(share: Sequence[Mention]) -> Sex:
    """Return the sex of who is called, as it is known, or else of the first title."""
    by_call = sorted(share, key=lambda mention: not mention.calls)
    return next((mention.sex for mention in by_call if mention.sex != "any"), "any")


def _decade(share: Sequence[Mention], called: Mapping[str, SpeakerTraits]) -> int | None:
    """Return when a person was born, if known, which it is of a speaker alone."""
    return next(
        (called[one.speaker].decade for one in share if one.calls and one.speaker in called), None
    )


def _draw(pool: Sequence[str], digest: bytes, taken: Collection[str]) -> str:
    return _next_untaken(pool, int.from_bytes(digest, "big") % len(pool), taken)


def _next_untaken(pool: Sequence[str], place: int, taken: Collection[str]) -> str:
    """Return the word at `place`, or the next that is not taken, or itself where all are."""
    if pool[place] not in taken:
        return pool[place]
    around = (*pool[place:], *pool[:place])
    return next((word for word in around if word not in taken), pool[place])


def _shown(person: _Person, share: Sequence[Mention]) -> list[str]:
    """Return how a person is named in each mention: with the surname in half of those that may."""
    full = person.surname + person.given
    shown = []
    for nth, mention in enumerate(share):
        if mention.form == "either":
            must = mention.open_if_given and final_consonant(person.given)
            shown.append(full if must or person.coins >> nth % 128 & 1 else person.given)
        else:
            forms = {"given": person.given, "full": full, "surname": person.surname}
            shown.append(forms[mention.form])
    return shown
