"""How far a run has come: everything a resume needs beside weights and moments."""

import json
from dataclasses import asdict, dataclass, field

from corpus.training.evaluate import Losses


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The validation losses after a step."""

    step: int
    losses: Losses


@dataclass(slots=True)
class Progress:
    """Where a run stands. What is best, and for how long, follows from the evaluations."""

    step: int = 0  # steps done
    units: int = 0  # micro-batches a step is cut into
    tokens: int = 0  # fed so far
    seconds: float = 0.0  # spent in steps
    epoch_loss: float = 0.0  # summed over the current epoch's labelled tokens
    epoch_labelled: int = 0
    epoch_losses: list[float] = field(
        default_factory=list
    )  # of the epochs done, per labelled token
    evaluations: list[Evaluation] = field(default_factory=list)
    log_bytes: int = 0  # length of the log at this moment
    ends: list[int] = field(default_factory=list)  # epochs planned, at first and when raised
    loss_scale: float = 0.0  # of float16; 0: none yet
    scale_steps: int = 0  # good steps with it
    skipped: int = 0  # steps whose float16 gradient overflowed
    final: dict[str, Losses] = field(default_factory=dict)  # of the best model, on whole splits

    @property
    def best(self) -> Evaluation | None:
        """The evaluation with the lowest `<sys>` loss, the first of equals.

        That of step 0, before any training, only shows what training gains.
        """
        return min(self._trained, key=lambda one: one.losses.sys, default=None)

    @property
    def before(self) -> Evaluation | None:
        """The evaluation before the first step."""
        return self.evaluations[0] if self.evaluations and not self.evaluations[0].step else None

    @property
    def _trained(self) -> list[Evaluation]:
        return [one for one in self.evaluations if one.step]

    @property
    def waited(self) -> int:
        """Evaluations since the best one."""
        if self.best is None:
            return 0
        return len(self._trained) - 1 - self._trained.index(self.best)

    @property
    def is_best(self) -> bool:
        """Whether the present weights are the best so far."""
        return self.best is not None and self.best.step == self.step

    @property
    def is_evaluated(self) -> bool:
        """Whether the present weights have been evaluated."""
        return bool(self.evaluations) and self.evaluations[-1].step == self.step

    def count_step(self, *, tokens: int, labelled: int, loss: float, seconds: float) -> None:
        """Count one more step, `loss` summed over its labelled tokens."""
        self.step += 1
        self.tokens += tokens
        self.seconds += seconds
        self.epoch_loss += loss
        self.epoch_labelled += labelled

    def close_epoch(self) -> None:
        """Note the loss of the epoch that is over."""
        self.epoch_losses.append(self.epoch_loss / self.epoch_labelled)
        self.epoch_loss, self.epoch_labelled = 0.0, 0

    def to_json(self) -> str:
        """Write it all; a float comes back bit for bit."""
        return json.dumps(asdict(self), indent=1)


def read_progress(text: str) -> Progress:
    """Read what `to_json` wrote."""
    progress = Progress(**json.loads(text))
    progress.evaluations = [
        Evaluation(one["step"], Losses(**one["losses"]))  # type: ignore[index]
        for one in progress.evaluations
    ]
    progress.final = {
        split: Losses(**losses)  # type: ignore[arg-type]
        for split, losses in progress.final.items()
    }
    return progress
