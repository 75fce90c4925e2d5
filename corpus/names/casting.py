"""Who is whom: the mentions of one dialogue shared out among as few people as they allow.

Everything that keeps two mentions apart is told by `clash` (one of them is a speaker and the other
cannot be, another ending, another surname, a title that does not go with what else they are called)
or stands in `apart`, place by place. Everything else may be one person, so this is a graph to be
coloured with as few colours as will do: small, solved exactly by trying, and in nearly every
dialogue the first try is right. Places and affiliations are shared out alike.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from corpus.names.mentions import Bounds, Mention
from corpus.names.titles import POLITE, RANKS

MOST_STEPS = 2_000  # 10 ms; only a contrived dialogue has more to try, and gets a person too many


class _Node(NamedTuple):
    """Mentions that may as well be one: nothing stands between them, and all else is equal."""

    mention: Mention  # the first of them
    places: list[int]
    apart: set[int]  # nodes that stand too near to be the same


def clash(one: Bounds, other: Bounds) -> bool:
    """Say whether two mentions cannot be one person, whatever stands between them."""
    return (
        {one.ending, other.ending} == {"C", "O"}
        or {one.sex, other.sex} == {"male", "female"}
        or bool(one.surname and other.surname and one.surname != other.surname)
        or bool(one.caller and other.caller and one.caller != other.caller)
        or _other_relative(one, other)
        or _other_speaker(one, other)
        or _other_speaker(other, one)
        or _other_title(one, other)
        or _other_title(other, one)
    )


def _other_relative(one: Bounds, other: Bounds) -> bool:
    """Say whether they are relatives of two people, or two different relatives of one person."""
    if not (one.owner and other.owner):
        return False
    kinds = one.relation, other.relation
    return one.owner != other.owner or not (
        kinds[0].startswith(kinds[1]) or kinds[1].startswith(kinds[0])
    )


def _other_speaker(one: Bounds, other: Bounds) -> bool:
    """Say whether one is a speaker whom the other mention cannot be of.

    Who speaks is not spoken of by himself or herself, but where he or she says so.
    """
    if one.who is None:
        return False
    return one.who != other.who if other.who is not None else one.who == other.speaker


def _other_title(one: Bounds, other: Bounds) -> bool:
    """Say whether what one is called does not go with what the other is called.

    Of one speaker 민준이 is no 씨, and 과장님 is no 언니; of two speakers 민준이 may be 씨 or 누나
    to the other one, but hardly 과장님. Nobody is 과장님 to one and 대리님 to the other.
    """
    if not one.title:
        return False
    if one.title != other.title and one.title in RANKS and other.title in RANKS:
        return True
    if one.speaker == other.speaker:
        return other.intimate or bool(
            other.title and one.title != other.title and POLITE not in (one.title, other.title)
        )
    return other.intimate and one.older


def share_out(mentions: Sequence[Mention], apart: Sequence[tuple[int, int]]) -> list[list[Mention]]:
    """Return the mentions of each person, people in order of first mention.

    Mentions are given to people in this order: speakers, mentions that demand an ending, all
    others. In each group those that stand near another mention come first. So it is known early who
    somebody is and how the name ends.

    Args:
        mentions: in the order of the dialogue.
        apart: places of mentions that cannot be the same person for where they stand.
    """
    if len(mentions) == 1:
        return [[mentions[0]]]
    nodes = _nodes(mentions, apart)
    order = sorted(
        range(len(nodes)),
        key=lambda node: (
            nodes[node].mention.bounds.who is None and nodes[node].mention.bounds.caller is None,
            nodes[node].mention.bounds.ending == "any",
            not nodes[node].apart,
        ),
    )
    clashes = _Clashes()
    n_people = _fewest_thinkable(nodes, clashes)
    while (seats := _seat(nodes, order, n_people, clashes)) is None:
        n_people += 1
    seat_of = {place: seats[k] for k, node in enumerate(nodes) for place in node.places}
    people: dict[int, list[Mention]] = {}
    for place, mention in enumerate(mentions):
        people.setdefault(seat_of[place], []).append(mention)
    return list(people.values())


class _Clashes(dict[tuple[Bounds, Bounds], bool]):
    """What `clash` says of two, remembered."""

    def __missing__(self, pair: tuple[Bounds, Bounds]) -> bool:
        self[pair] = clash(*pair)
        return self[pair]


def _nodes(mentions: Sequence[Mention], apart: Sequence[tuple[int, int]]) -> list[_Node]:
    """Put mentions together of which all that matters is equal."""
    with_neighbour = {place for pair in apart for place in pair}
    nodes: list[_Node] = []
    node_of: dict[int, int] = {}
    free: dict[tuple[Bounds, bool], int] = {}  # of those without a neighbour
    for place, mention in enumerate(mentions):
        key = mention.bounds, mention.open_if_given
        if place in with_neighbour or key not in free:
            if place not in with_neighbour:
                free[key] = len(nodes)
            node_of[place] = len(nodes)
            nodes.append(_Node(mention, [place], set()))
        else:
            node_of[place] = free[key]
            nodes[free[key]].places.append(place)
    for one, other in apart:
        nodes[node_of[one]].apart.add(node_of[other])
        nodes[node_of[other]].apart.add(node_of[one])
    return nodes


def _fewest_thinkable(nodes: Sequence[_Node], clashes: Mapping[tuple[Bounds, Bounds], bool]) -> int:
    """Return how many people there are at least: mentions of which no two can be one person."""
    most = 1
    for first in range(min(len(nodes), 64)):
        crowd = [first]
        for other in range(first + 1, min(len(nodes), first + 64)):
            if all(
                other in nodes[one].apart
                or clashes[nodes[one].mention.bounds, nodes[other].mention.bounds]
                for one in crowd
            ):
                crowd.append(other)
        most = max(most, len(crowd))
    return most


def _seat(
    nodes: Sequence[_Node],
    order: Sequence[int],
    n_people: int,
    clashes: Mapping[tuple[Bounds, Bounds], bool],
) -> list[int] | None:
    """Return a person for each node, or None where `n_people` are not enough.

    Goes down `order`, each node taking the best choice left; where one has none, the node before it
    gives its person up (who is gone if nobody else is that person) and takes its next.
    """
    seats = [-1] * len(nodes)
    people: list[Counter[Bounds]] = []
    untried: list[list[int]] = []  # by depth in `order`, best last
    for _ in range(MOST_STEPS + len(nodes)):
        if len(untried) == len(order):
            return seats
        node = nodes[order[len(untried)]]
        untried.append(_choices(node, seats, people, n_people, clashes))
        while not untried[-1]:
            untried.pop()
            if not untried:
                return None
            place = order[len(untried) - 1]
            left, seats[place] = seats[place], -1
            bounds = nodes[place].mention.bounds
            people[left][bounds] -= 1
            if not people[left][bounds]:
                del people[left][bounds]
            if not people[left]:
                people.pop()
        place, seat = order[len(untried) - 1], untried[-1].pop()
        if seat == len(people):
            people.append(Counter())
        people[seat][nodes[place].mention.bounds] += 1
        seats[place] = seat
    return None


def _choices(
    node: _Node,
    seats: Sequence[int],
    people: Sequence[Counter[Bounds]],
    n_people: int,
    clashes: Mapping[tuple[Bounds, Bounds], bool],
) -> list[int]:
    """Return who a node can be, best last; one more than there are is a new person."""
    taken = {seats[other] for other in node.apart}
    mention, bounds = node.mention, node.mention.bounds
    fitting = [
        seat
        for seat, person in enumerate(people)
        if seat not in taken and not any(clashes[bounds, other] for other in person)
    ]
    if len(fitting) > 1:
        fitting.sort(key=lambda seat: (*_unlike(mention, people[seat]), seat), reverse=True)
    return [len(people), *fitting] if len(people) < n_people else fitting


def _unlike(mention: Mention, person: Counter[Bounds]) -> tuple[bool, bool, bool, bool]:
    """Return what speaks against a person whom a mention may be of, the heaviest first.

    Whom another one calls may be the speaker, who hardly speaks of himself or herself; who ends in
    a consonant has to show a surname where a given name must end in a vowel; a title and a speaker
    whom it is said to go together.
    """
    callers = {bounds.caller for bounds in person} - {None}
    titles = {bounds.title for bounds in person if bounds.title}
    return (
        bool(callers) and mention.bounds.speaker not in callers,
        mention.open_if_given and any(bounds.ending == "C" for bounds in person),
        bool(mention.bounds.title) and bool(titles) and mention.bounds.title not in titles,
        mention.bounds.title != "" and not callers and not titles,
    )
