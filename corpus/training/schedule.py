"""The learning rate of every step.

A run is planned for some epochs. Raising `--epochs` later adds a segment: the steps that were
planned keep their rates, and the added steps go through the same shape once more.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Shape = Literal["cosine", "linear", "wsd"]
SHAPES: tuple[Shape, ...] = get_args(Shape)


@dataclass(frozen=True, slots=True)
class Schedule:
    """How the rate rises and falls within a segment of a run."""

    shape: Shape
    peak: float
    least: float = 0.0  # where it falls to
    warmup: float = 0.05  # share of the steps in which it rises in a line
    cooldown: float = 0.2  # wsd only: share of the steps at the end in which it falls in a line

    def rate(self, step: int, ends: Sequence[int]) -> float:
        """Return the rate of step 0, 1, ...; `ends` are the steps at which segments end.

        >>> schedule = Schedule("linear", peak=1.0, warmup=0.2)
        >>> [round(schedule.rate(step, [10]), 3) for step in (0, 1, 2, 6, 9)]
        [0.5, 1.0, 1.0, 0.5, 0.125]
        >>> schedule.rate(11, [10, 20]) == schedule.rate(1, [10])
        True
        """
        begin, end = 0, ends[0]
        for following in ends[1:]:
            if step >= end:
                begin, end = end, following
        return self._within(step - begin, end - begin)

    def _within(self, step: int, total: int) -> float:
        rising = math.ceil(total * self.warmup)
        if step < rising:
            return self.peak * (step + 1) / rising
        done = (step - rising) / (total - rising)
        if self.shape == "cosine":
            left = (1 + math.cos(math.pi * done)) / 2
        elif self.shape == "linear":
            left = 1 - done
        else:
            falling = math.ceil(total * self.cooldown)
            left = 1.0 if falling == 0 else min(1.0, (total - step) / falling)
        return self.least + (self.peak - self.least) * left
