"""Save and find the states of a run, so that `last/` and `best/` are whole at any moment.

A state is a folder of its own, `.states/NUMBER/`: the model as `from_pretrained` loads it in
`model/`, and beside it the optimizer's moments and the progress. It is written under another name,
renamed when it is whole, and only then do the links `last` and `best` move to its `model/`.
Everything is safetensors, JSON or text: nothing is ever unpickled.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from corpus.training.files import point, sync, sync_tree
from corpus.training.progress import Progress, read_progress

_STATES = ".states"
_MODEL = "model"
_MOMENTS = "optimizer.safetensors"
_PROGRESS = "progress.json"


@dataclass(frozen=True, slots=True)
class State:
    """A saved state."""

    model: Path  # a folder for `from_pretrained`
    progress: Progress
    _moments: Path

    @property
    def has_moments(self) -> bool:
        """Whether there was a step before it."""
        return self.progress.step > 0

    def moments(self) -> dict[str, torch.Tensor]:
        """Read the optimizer's moments."""
        return load_file(self._moments)


def save_state(
    run: Path,
    write_model: Callable[[Path], None],
    moments: dict[str, torch.Tensor],
    progress: Progress,
) -> None:
    """Write a state and let `last` point to it, `best` too if it is the best so far.

    Raises:
        OSError: for a full disk, say; `last` and `best` are then what they were.
    """
    states = run / _STATES
    states.mkdir(exist_ok=True)
    numbers = [int(path.name) for path in states.iterdir() if path.name.isdigit()]
    state = states / f"{max(numbers, default=0) + 1:06d}"
    beside = state.with_suffix(".tmp")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        (beside / _MODEL).mkdir(parents=True)
        write_model(beside / _MODEL)
        save_file(moments, beside / _MOMENTS)
        (beside / _PROGRESS).write_text(progress.to_json())
        for path in beside.rglob("*.safetensors"):  # 0.8 lets only their owner read them
            path.chmod((beside / _PROGRESS).stat().st_mode)
        sync_tree(beside)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise
    beside.rename(state)
    sync(states)
    point(run / "last", state / _MODEL)
    settle(run, progress)


def settle(run: Path, progress: Progress) -> None:
    """Finish what a kill may have left undone after `last` moved: `best`, and the clearing away."""
    last = (run / "last").resolve().parent
    if progress.is_best:
        point(run / "best", last / _MODEL)
    best = (run / "best").resolve().parent
    for state in (run / _STATES).resolve().iterdir():
        if state not in (last, best):
            shutil.rmtree(state)
    if best != last and best.parent == last.parent:
        (best / _MOMENTS).unlink(missing_ok=True)  # twice the size of the weights, of no more use


def find_state(run: Path) -> State | None:
    """Return the last state of a run, if it has one. `settle` belongs before going on from it."""
    if not (run / "last").exists():
        return None
    state = (run / "last").resolve().parent
    progress = read_progress((state / _PROGRESS).read_text())
    return State(state / _MODEL, progress, state / _MOMENTS)
