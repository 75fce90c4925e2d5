"""Who is whom: the mentions of one dialogue shared out among as few people as they allow.

Two mentions are different people where one needs a name that ends in a consonant and the other one
in a vowel, where they stand near each other in one utterance, and where different speakers call
them. Everything else may be one person, so this is a graph to be coloured with as few colours as
will do: small, solved exactly by trying, and in nearly every dialogue the first try is right.
Places and affiliations are shared out alike.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from corpus.names.particles import Ending, Sex

NEAR = 12  # at most so many characters between two tags of one utterance: they are two people
MOST_STEPS = 2_000  # 10 ms; only a contrived dialogue has more to try, and gets a person too many

Form = Literal["given", "either", "full", "surname"]  # what of the name is shown


class Mention(NamedTuple):  # a third of the price of a frozen dataclass, and one for each tag
    """One placeholder, and what it demands of whoever stands there."""

    utterance: int
    start: int
    speaker: str
    particle: str  # what follows, as in `particle_at`
    ending: Ending
    form: Form
    open_if_given: bool = False  # any full name will do, but a given name alone must end in a vowel
    calls: bool = False  # a vocative
    sex: Sex = "any"  # a wish: it invents nobody


class _Person(NamedTuple):
    ending: Ending
    caller: str | None  # who calls this person, if anyone does
    sex: Sex


def share_out(mentions: Sequence[Mention]) -> list[list[Mention]]:
    """Return the mentions of each person, people in order of first mention.

    Vocatives are seated first, then demands, then what is free, so that a person's ending and
    caller are known from the first; in each group those with a neighbour, who alone have a choice.
    """
    near = _neighbours(mentions)
    order = sorted(
        range(len(mentions)),
        key=lambda place: (
            not mentions[place].calls,
            mentions[place].ending == "any",
            not near[place],
        ),
    )
    # Where nobody has a neighbour the first try is right, whatever the number allowed.
    n_people = _fewest_thinkable(mentions, near) if any(near) else len(mentions)
    while (seats := _seat(mentions, near, order, n_people)) is None:
        n_people += 1
    people: dict[int, list[Mention]] = {}
    for mention, seat in zip(mentions, seats, strict=True):
        people.setdefault(seat, []).append(mention)
    return list(people.values())


def _neighbours(mentions: Sequence[Mention]) -> list[list[int]]:
    """Return for each mention the places of those that cannot be the same person for nearness."""
    near: list[list[int]] = [[] for _ in mentions]
    for place, mention in enumerate(mentions):
        for before in range(place - 1, -1, -1):
            other = mentions[before]
            if other.utterance != mention.utterance or mention.start - other.start - 1 > NEAR:
                break
            near[place].append(before)
            near[before].append(place)
    return near


def _fewest_thinkable(mentions: Sequence[Mention], near: Sequence[Sequence[int]]) -> int:
    """Return how many people there are at least: by the densest crowd, or by the callers."""
    crowds = [
        [mention.ending, *(mentions[other].ending for other in near[place] if other < place)]
        for place, mention in enumerate(mentions)
    ]
    callers = [ending for ending, _ in {(m.ending, m.speaker) for m in mentions if m.calls}]
    each = sum(
        max(callers.count(ending), *(crowd.count(ending) for crowd in crowds))
        for ending in ("C", "O")
    )
    return max(each, *(len(crowd) for crowd in crowds))


def _seat(
    mentions: Sequence[Mention], near: Sequence[Sequence[int]], order: Sequence[int], n_people: int
) -> list[int] | None:
    """Return a person for each mention, or None where `n_people` are not enough.

    Goes down `order`, each mention taking the best choice left; where one has none, the mention
    before it gives its person up (who is gone if nobody else is that person) and takes its next.
    """
    seats = [-1] * len(mentions)
    people: list[_Person] = []
    untried: list[list[int]] = []  # by depth in `order`, best last
    for _ in range(MOST_STEPS + len(mentions)):
        if len(untried) == len(order):
            return seats
        place = order[len(untried)]
        untried.append(_choices(mentions[place], near[place], seats, people, n_people))
        while not untried[-1]:
            untried.pop()
            if not untried:
                return None
            place = order[len(untried) - 1]
            left, seats[place] = seats[place], -1
            if left not in seats:
                people.pop()
        mention, seat = mentions[place], untried[-1].pop()
        if seat == len(people):
            caller = mention.speaker if mention.calls else None
            people.append(_Person(mention.ending, caller, mention.sex))
        seats[place] = seat
    return None


def _choices(
    mention: Mention,
    near: Sequence[int],
    seats: Sequence[int],
    people: Sequence[_Person],
    n_people: int,
) -> list[int]:
    """Return who a mention can be, best last; one more than there are is a new person."""
    taken = [seats[other] for other in near]
    fitting = [
        seat
        for seat, person in enumerate(people)
        if seat not in taken
        and mention.ending in ("any", person.ending)
        and (not mention.calls or person.caller == mention.speaker)
    ]
    if len(fitting) > 1:
        # Whom somebody else calls may be the speaker, who hardly speaks of himself or herself; and
        # who ends in a consonant has to show a surname where a given name must end in a vowel.
        fitting.sort(
            key=lambda seat: (
                people[seat].caller not in (None, mention.speaker),
                mention.open_if_given and people[seat].ending == "C",
                {mention.sex, people[seat].sex} == {"male", "female"},
                seat,
            ),
            reverse=True,
        )
    if not near and fitting:
        return fitting[-1:]  # it is in nobody's way: what it takes leaves the others as they were
    return [len(people), *fitting] if len(people) < n_people else fitting
