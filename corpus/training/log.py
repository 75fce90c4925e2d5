"""`log.jsonl`: one line per step, validation and set of samples. All pictures are drawn from it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from corpus.records import CorpusError

LOG = "log.jsonl"

Entry = dict[str, Any]


class Events(Protocol):
    """Where numbers also go, as TensorBoard's SummaryWriter takes them."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        """Add one number."""

    def close(self) -> None:
        """Write what is left."""


class Log:
    """Appends to the log of a run, to TensorBoard's events if it is installed, and to W&B if asked.

    `wandb` are the arguments of `wandb.init`, such as the project.
    """

    def __init__(
        self, run: Path, *, log_bytes: int, step: int, wandb: dict[str, Any] | None = None
    ) -> None:
        """Go on after the first `log_bytes` bytes: what was written after a save is done again."""
        found = (_open_wandb(run, wandb), _open_tensorboard(run / "tensorboard", step))
        self._events = [events for events in found if events is not None]
        self._file = (run / LOG).open("ab")
        self._file.truncate(min(log_bytes, self._file.tell()))
        self._file.seek(0, os.SEEK_END)

    def write(self, step: int, **entry: Any) -> None:  # noqa: ANN401 (JSON values)
        """Append one line; the numbers in it become TensorBoard scalars."""
        line = json.dumps({"step": step, **entry}, ensure_ascii=False)
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        for events in self._events:
            for tag, value in _scalars(entry):
                events.add_scalar(tag, value, step)

    def sync(self) -> int:
        """Have the disk hold what was written; return the log's length in bytes."""
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        for events in self._events:
            events.close()


def read_log(run: Path) -> list[Entry]:
    """Return all entries; a last line that a power cut tore is left out."""
    text = (run / LOG).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def _scalars(entry: Entry, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Flatten the numbers of an entry: {"validation": {"sys": 3.2}} → ("validation/sys", 3.2)."""
    for key, value in entry.items():
        if isinstance(value, dict):
            yield from _scalars(value, f"{prefix}{key}/")
        elif isinstance(value, int | float):
            yield f"{prefix}{key}", value


def _open_tensorboard(folder: Path, step: int) -> Events | None:
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 (optional, seconds long)
    except ImportError:
        return None
    writer: Events = SummaryWriter(folder, purge_step=step)
    return writer


class _Wandb:
    """Weights & Biases, called as TensorBoard is."""

    def __init__(self, run: Any) -> None:  # noqa: ANN401 (an extra that mypy does not see)
        self._run = run

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> None:
        self._run.log({tag: scalar_value}, step=global_step)

    def close(self) -> None:
        self._run.finish()


def _open_wandb(run: Path, arguments: dict[str, Any] | None) -> Events | None:
    if arguments is None:
        return None
    try:
        import wandb  # noqa: PLC0415 (optional)
    except ImportError:
        raise CorpusError("--wandb needs Weights & Biases: pip install wandb.") from None
    # The same run goes on there when it goes on here: its id is kept in the run's folder.
    id_file = run / "wandb.txt"
    known = id_file.read_text(encoding="utf-8").strip() if id_file.exists() else None
    opened = wandb.init(name=run.name, dir=str(run), id=known, resume="allow", **arguments)
    id_file.write_text(f"{opened.id}\n", encoding="utf-8")
    return _Wandb(opened)
