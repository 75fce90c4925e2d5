"""Who is whom: the mentions of one dialogue shared out among as few people as they allow.

Everything that keeps two mentions apart is told by `clash`, or stands in `apart`, place by place.
Everything else may be one person, so this is a graph to be coloured with as few colours as will do:
small, solved exactly by trying, and in nearly every dialogue the first try is right. Of several who
fit, the one of whom the talk has just been is taken. Places and affiliations are shared out alike.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from corpus.names.clash import clash
from corpus.names.mentions import Bounds, Mention

MOST_WEIGHED = 40  # mentions, of which it is looked up how far they are from each other
MOST_STEPS = 2_000  # 10 ms; only a contrived dialogue has more to try, and gets a person too many


class _Node(NamedTuple):
    """Mentions that may as well be one: nothing stands between them, and all else is equal."""

    mention: Mention  # the first of them
    places: list[int]
    apart: set[int]  # nodes that stand too near to be the same


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
    if n_people > 1 and len(nodes) <= MOST_WEIGHED:
        _settle(nodes, seats, clashes)
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
    """Put mentions together of which all that matters is equal, and between which no other is."""
    with_neighbour = {place for pair in apart for place in pair}
    nodes: list[_Node] = []
    node_of: dict[int, int] = {}
    free: dict[tuple[Bounds, bool], int] = {}  # of those without a neighbour
    for place, mention in enumerate(mentions):
        key = mention.bounds, mention.open_if_given
        if place in with_neighbour:
            free.clear()  # the talk may be of another one now
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
        untried.append(_choices(node, nodes, seats, people, n_people, clashes))
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


def _settle(
    nodes: Sequence[_Node], seats: list[int], clashes: Mapping[tuple[Bounds, Bounds], bool]
) -> None:
    """Let neighbours change their people where both are then nearer to where these were named.

    민준이한테 들었어? / 민준 지훈 사귄대 / 지훈이 먼저 고백했대: nothing else says which is which.
    """
    for one, node in enumerate(nodes):
        for other in node.apart:
            if other < one or seats[one] == seats[other]:
                continue
            before = _detours(nodes, seats)
            seats[one], seats[other] = seats[other], seats[one]
            if not (
                _fits(one, nodes, seats, clashes)
                and _fits(other, nodes, seats, clashes)
                and _detours(nodes, seats) < before
            ):
                seats[one], seats[other] = seats[other], seats[one]


def _fits(
    node: int,
    nodes: Sequence[_Node],
    seats: Sequence[int],
    clashes: Mapping[tuple[Bounds, Bounds], bool],
) -> bool:
    bounds = nodes[node].mention.bounds
    return not any(
        seats[k] == seats[node]
        and k != node
        and (k in nodes[node].apart or clashes[bounds, other.mention.bounds])
        for k, other in enumerate(nodes)
    )


def _detours(nodes: Sequence[_Node], seats: Sequence[int]) -> int:
    """Return how many mentions of others stand between those of each person."""
    of_seat: dict[int, list[int]] = {}
    for node, seat in zip(nodes, seats, strict=True):
        of_seat.setdefault(seat, []).extend(node.places)
    return sum(max(places) - min(places) for places in of_seat.values())


def _choices(
    node: _Node,
    nodes: Sequence[_Node],
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
        fitting.sort(
            key=lambda seat: (*_unlike(mention, people[seat]), *_way(node, nodes, seats, seat)),
            reverse=True,
        )
    return [len(people), *fitting] if len(people) < n_people else fitting


def _way(
    node: _Node, nodes: Sequence[_Node], seats: Sequence[int], seat: int
) -> tuple[bool, int, int]:
    """Return how far back a person was mentioned before, or else how far on he or she will be.

    Of whom the talk has just been it goes on.
    """
    if len(nodes) > MOST_WEIGHED:
        return False, 0, seat
    place = node.places[0]
    places = [one for k, other in enumerate(nodes) if seats[k] == seat for one in other.places]
    back = [place - one for one in places if one < place]
    return not back, min(back) if back else min(places) - place, seat


def _unlike(mention: Mention, person: Counter[Bounds]) -> tuple[bool, bool, bool, bool]:
    """Return what speaks against a person whom a mention may be of, the heaviest first.

    Whom somebody calls is one of the speakers, of whom the others hardly speak; who ends in
    a consonant has to show a surname where a given name must end in a vowel; a title and a speaker
    whom it is said to go together.
    """
    callers = {bounds.caller for bounds in person} - {None}
    titles = {bounds.title for bounds in person if bounds.title}
    return (
        bool(callers) and mention.bounds.caller is None,
        (mention.open_if_given or mention.rather_open)
        and any(bounds.ending == "C" for bounds in person),
        bool(mention.bounds.title) and bool(titles) and mention.bounds.title not in titles,
        mention.bounds.title != "" and not callers and not titles,
    )
