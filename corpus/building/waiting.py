"""Which step a worker does next: one that is near its last one, and far from those of others.

To reach a range of a zip's member, all that stands before it must be unpacked. A worker that goes
from one range to the next one unpacks a member once.
"""

from collections import deque
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any

Step = Callable[[], Any]  # can be pickled: a function of a module with its arguments


class Waiting:
    """The steps that nobody does yet."""

    def __init__(self, steps: Sequence[Step], near: Sequence[Hashable] | None = None) -> None:
        """Let all steps wait, in the order in which they are given.

        Args:
            steps: what to do.
            near: for each of them what it is near to; none is near another without it.
        """
        self._steps = steps
        self._places: dict[Hashable, deque[int]] = {}
        for place, where in enumerate(near or range(len(steps))):
            self._places.setdefault(where, deque()).append(place)

    def __bool__(self) -> bool:
        """Say whether a step waits."""
        return bool(self._places)

    def take(self, here: Hashable, others: Collection[Hashable]) -> tuple[Hashable, int, Step]:
        """Return where the next step for a worker is, its place, and the step.

        Args:
            here: where the worker is.
            others: where the other workers are.
        """
        where = here
        if here not in self._places:
            far = (one for one in self._places if one not in others)
            where = next(far, next(iter(self._places)))
        places = self._places[where]
        place = places.popleft()
        if not places:
            del self._places[where]
        return where, place, self._steps[place]

    def put_back(self, place: int) -> None:
        """Let a step wait once more, behind all others."""
        self._places["again", place] = deque([place])
