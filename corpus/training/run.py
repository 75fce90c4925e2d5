"""What a run is and where it stands: the options it depends on, and what is due next."""

import argparse
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from torch.optim import AdamW
from transformers import GPT2LMHeadModel

from corpus.training.exchange import Exchange
from corpus.training.gradient import Gradient
from corpus.training.graph import Graphs
from corpus.training.lineage import Lineage
from corpus.training.log import Log
from corpus.training.material import Material
from corpus.training.model import Pieces
from corpus.training.numbers import Numbers
from corpus.training.optimiser import LossScale
from corpus.training.packing import Shape
from corpus.training.plan import Indices
from corpus.training.progress import Progress
from corpus.training.run_folder import Identity
from corpus.training.samples import Prompt
from corpus.training.schedule import Schedule
from corpus.training.speed import Work
from corpus.training.world import World

if TYPE_CHECKING:
    from tqdm import tqdm  # tqdm[...] is for type checkers alone


@dataclass(frozen=True, slots=True)
class Launched:
    """A step that the device works on; its numbers are not read yet."""

    n_tokens: int
    n_labelled: int
    rate: float
    flops: float
    numbers: Numbers


@dataclass(slots=True)
class Run:
    """What a run works with."""

    options: argparse.Namespace
    world: World
    material: Material
    identity: Identity
    lineage: Lineage  # of the model it started from
    folder: Path
    date: str
    schedule: Schedule
    prompts: list[Prompt]
    model: GPT2LMHeadModel
    pieces: Pieces  # of the forward pass, compiled or not
    optimiser: AdamW
    gradient: Gradient
    exchange: Exchange | None  # of several processes, beside the backward pass
    work: Work  # that a row is
    scale: LossScale | None  # float16 only
    progress: Progress
    log: Log | None  # the first process alone writes
    steps_per_epoch: int
    graphs: Graphs | None = None  # of micro-batches, on a CUDA device
    shapes: dict[tuple[int, int, int], Shape] = field(default_factory=dict)  # by `unit_size`
    bar: "tqdm[NoReturn] | None" = None
    plan: list[Indices] = field(default_factory=list)
    planned_epoch: int = -1
    launched: deque[Launched] = field(default_factory=deque)
    clock: float = 0.0  # when the numbers of the last step were read

    @property
    def steps(self) -> int:
        """Steps of the whole run."""
        return self.steps_per_epoch * self.progress.ends[-1]

    @property
    def ending(self) -> str:
        """How the run ends; nothing while it goes on."""
        if 0 < self.options.patience <= self.progress.waited:
            return "Stopped early"
        return "Done" if self.progress.step == self.steps else ""

    @property
    def must_validate(self) -> bool:
        """Whether the present weights are still to be validated."""
        return self.is_judged(self.progress.step) and not self.progress.is_evaluated

    @property
    def must_save(self) -> bool:
        """Whether the present state is worth saving; before a validation it is not yet."""
        if self.launched or not self.progress.step:
            return False
        return self.progress.is_evaluated or (
            self.is_saved(self.progress.step) and not self.must_validate
        )

    def is_judged(self, step: int) -> bool:
        """Tell whether a step is followed by a validation; one comes before the first step."""
        every = self.options.eval_every
        return step % self.steps_per_epoch == 0 or (every is not None and step % every == 0)

    def is_saved(self, step: int) -> bool:
        """Tell whether a step is followed by a save, whatever the validations."""
        return bool(step % self.options.save_every == 0)

    def restart_clock(self) -> None:
        """Let what was done between steps not count as a step's time."""
        self.clock = time.perf_counter()

    def close(self) -> None:
        """Close the log and the bar."""
        if self.bar is not None:
            self.bar.close()
        if self.log is not None:
            self.log.close()
