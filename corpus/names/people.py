"""Invented people: who they are is told by their mentions, how they are called is drawn.

All chance is sha256 of (seed, dialogue id, who), so neither the order of dialogues nor another file
changes a name. Of a speaker who is called by name the header gives sex and decade of birth. Friends
are of one age, so anybody else has the speaker's age, unless a title (할머니, 과장님) or a word for
a child (우리 딸 지우, 민준이 엄마) says otherwise.
"""

from bisect import bisect
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from corpus.names.given import DECADES, UNKNOWN, names_of
from corpus.names.lexicon import SURNAME_STEPS, SURNAMES, final_consonant
from corpus.names.mentions import Mention
from corpus.names.particles import Ending, Sex
from corpus.names.relatives import GENERATION
from corpus.records import SpeakerTraits

YOUNGER = 20  # years: who is so much younger than the other one is no friend, but a child or niece
PARENTS = 1980  # who was born then or before speaks of children, where any child is spoken of


class Person(NamedTuple):
    """Somebody invented for a dialogue."""

    surname: str
    given: str
    coins: int  # 128 bits: whether the surname is shown
    sex: Sex
    decade: int  # of birth


def invent_people(
    shares: Sequence[Sequence[Mention]],
    draws: str,
    speakers: Collection[str],
    traits: Callable[[], Mapping[str, SpeakerTraits]],
    family: Callable[[], bool],
) -> list[Person]:
    """Draw a person for each share of the mentions, no given name twice.

    No surname twice either where one stands alone: two people called 김씨 would be one.

    Args:
        shares: the mentions of each person.
        draws: what all draws begin with.
        speakers: of the dialogue, each once.
        traits: tells what is known of them.
        family: tells whether parents speak of children.
    """
    known = traits()
    surname_alone = any(mention.form == "surname" for share in shares for mention in share)

    def children() -> bool:
        said = (one.relative.younger for share in shares for one in share)
        return GENERATION in said or family()

    people: list[Person] = []
    for nth, share in enumerate(shares):
        digest = sha256(f"{draws}/{nth}".encode()).digest()
        surname = next((one.bounds.surname for one in share if one.bounds.surname), "")
        if not surname:
            weight = int.from_bytes(digest[:8], "big") % SURNAME_STEPS[-1]
            taken = {person.surname for person in people} if surname_alone else ()
            surname = next_untaken(SURNAMES, bisect(SURNAME_STEPS, weight), taken)
        sex, decade = _sex_and_decade(share, speakers, known, children=children)
        pool = names_of(decade)[sex][ending_of(share)]
        given = draw_word(pool, digest[8:16], [person.given for person in people])
        people.append(Person(surname, given, int.from_bytes(digest[16:], "big"), sex, decade))
    return people


def forms_of(person: Person, share: Sequence[Mention]) -> list[str]:
    """Return how a person is named in each mention: with the surname in half of those that may."""
    full = person.surname + person.given
    shown = []
    for nth, mention in enumerate(share):
        if mention.form == "either":
            must = mention.rather_full or (mention.open_if_given and final_consonant(person.given))
            shown.append(full if must or person.coins >> nth % 128 & 1 else person.given)
        else:
            forms = {"given": person.given, "full": full, "surname": person.surname}
            shown.append(forms[mention.form])
    return shown


def ending_of(share: Sequence[Mention]) -> Ending:
    """Return how a name must end to suit all its mentions.

    A vowel where it is no must but spares a surname that would have to be shown: 지우도, 김민준도.
    """
    endings = {mention.bounds.ending for mention in share}
    if "C" in endings:
        return "C"
    if "O" in endings or any(mention.open_if_given for mention in share):
        return "O"
    return "C" if any(mention.rather_closed for mention in share) else "any"


def draw_word(pool: Sequence[str], digest: bytes, taken: Collection[str]) -> str:
    """Return a word of a pool that is not taken, if there is one."""
    return next_untaken(pool, int.from_bytes(digest, "big") % len(pool), taken)


def next_untaken(pool: Sequence[str], place: int, taken: Collection[str]) -> str:
    """Return the word at `place`, or the next that is not taken, or itself where all are."""
    if pool[place] not in taken:
        return pool[place]
    around = (*pool[place:], *pool[:place])
    return next((word for word in around if word not in taken), pool[place])


def _sex_and_decade(
    share: Sequence[Mention],
    speakers: Collection[str],
    known: Mapping[str, SpeakerTraits],
    *,
    children: Callable[[], bool],
) -> tuple[Sex, int]:
    """Return of which sex a person is, and when he or she was born.

    Where parents of forty or more speak of `children`, whom they call by a mere name is one, too.
    """
    titled: Sex = next((one.bounds.sex for one in share if one.bounds.sex != "any"), "any")
    meant = [known[one] for one in _meant(share, speakers) if one in known]
    if meant:
        sexes, decades = {one.sex for one in meant}, {one.decade for one in meant}
        sex = sexes.pop() if len(sexes) == 1 else "any"
        decade = decades.pop() if len(decades) == 1 else None
        return (sex if titled == "any" else titled), decade or _generation(share, known)
    titles = [one.decade for one in share if one.decade is not None]
    generation = _generation(share, known)
    maybe = _maybe_meant(share, speakers, known)
    sex = maybe[0].sex if len({one.sex for one in maybe}) == 1 else "any"
    if titles:
        return (sex if titled == "any" else titled), min(*titles, generation)
    years = [one.relative.younger for one in share if generation <= one.relative.latest]
    shift = max(years, key=abs, default=0)
    plain = not any(one.bounds.title or one.bounds.relation for one in share)
    if plain and not shift and generation <= PARENTS and children():
        shift = GENERATION
    if shift:
        return titled, min(max(generation + shift, DECADES[0]), DECADES[-1])
    young = maybe[0].decade if plain and len(maybe) == 1 else None
    if young is not None and generation + YOUNGER <= young:
        generation = young  # a mother asks her son of his sister
    return (sex if titled == "any" else titled), min(max(generation, DECADES[0]), DECADES[-1])


def _maybe_meant(
    share: Sequence[Mention], speakers: Collection[str], known: Mapping[str, SpeakerTraits]
) -> list[SpeakerTraits]:
    """Return the others, if one alone names a person who may be one of them and no third."""
    told = {one.bounds.speaker for one in share}
    if len(told) > 1 or any(
        one.bounds.third or one.bounds.owner or one.bounds.relation or one.bounds.parent_of
        for one in share
    ):
        return []
    return [known[one] for one in speakers if one in known and one not in told]


def _meant(share: Sequence[Mention], speakers: Collection[str]) -> list[str]:
    """Return which speakers a person may be: one who is known or answers, or all but who calls."""
    for mention in share:
        if mention.bounds.who is not None:
            return [mention.bounds.who]
    guessed = Counter(one.answers for one in share if one.answers in speakers)
    if guessed:
        return [guessed.most_common(1)[0][0] or ""]
    callers = {one.bounds.caller for one in share if one.bounds.caller is not None}
    return [one for one in speakers if one not in callers] if callers else []


def _generation(share: Sequence[Mention], known: Mapping[str, SpeakerTraits]) -> int:
    """Return when whoever speaks of a person was born, as far as it is known of anyone."""
    speakers = [one.bounds.speaker for one in share if one.bounds.speaker in known]
    decades = [known[one].decade for one in (*speakers, *known)]
    return next((decade for decade in decades if decade is not None), UNKNOWN)
