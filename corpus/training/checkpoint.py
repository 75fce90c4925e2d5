"""Save and find the states of a run, so that `last/` and `best/` are whole at any moment.

A state is a folder of its own, `.states/NUMBER/`: the model as `from_pretrained` loads it in
`model/`, and beside it the optimizer's moments and the progress. It is written under another name
and renamed when it is whole. Then one small file, `.states/latest.json`, names it as the last one,
and `last/` and `best/` show its model. Everything is safetensors, JSON or text: nothing is ever
unpickled.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from corpus.training.files import show, sync, sync_tree, write_text
from corpus.training.progress import Progress, read_progress

_STATES = ".states"
_MODEL = "model"
_MOMENTS = "optimizer.safetensors"
_PROGRESS = "progress.json"
_LATEST = "latest.json"  # {"last": NUMBER, "best": NUMBER or null}


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
    """Write a state, and let `last/` show it, `best/` too if it is the best so far.

    Raises:
        OSError: for a full disk, say; the last state is then the one before.
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
    best = state.name if progress.is_best else _latest(run).get("best")
    write_text(states / _LATEST, json.dumps({"last": state.name, "best": best}) + "\n")
    settle(run)


def settle(run: Path) -> None:
    """Show the last state and the best one, and remove the others; a kill may have left it undone.

    What is shown is a whole state until another whole one takes its place.
    """
    states, latest = run / _STATES, _latest(run)
    kept = {name: states / number for name, number in latest.items() if number is not None}
    for name, state in kept.items():
        show(run / name, state / _MODEL, mark=state.name)
    for path in states.iterdir():
        if path.is_dir() and path not in kept.values():
            shutil.rmtree(path)
    best = kept.get("best")
    if best is not None and best != kept["last"]:
        (best / _MOMENTS).unlink(missing_ok=True)  # twice the size of the weights, of no more use


def find_state(run: Path) -> State | None:
    """Return the last state of a run, if it has one. `settle` belongs before going on from it."""
    number = _latest(run).get("last")
    if number is None:
        return None
    state = run / _STATES / number
    progress = read_progress((state / _PROGRESS).read_text(encoding="utf-8"))
    return State(state / _MODEL, progress, state / _MOMENTS)


def best_model(run: Path) -> Path:
    """Return the folder of the best model."""
    return run / _STATES / str(_latest(run)["best"]) / _MODEL


def _latest(run: Path) -> dict[str, str | None]:
    try:
        found: dict[str, str | None] = json.loads((run / _STATES / _LATEST).read_bytes())
    except FileNotFoundError:
        return {}
    return found
