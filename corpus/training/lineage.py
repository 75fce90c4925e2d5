"""Where a model comes from: its base, and the runs that trained it one after the other."""

import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from corpus.training.strategies import TINY

_FILE = "lineage.json"


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A run that trained the model."""

    run: str  # the name of its folder
    corpus_sha256: str
    sources: str
    labels: str
    steps: int


@dataclass(frozen=True, slots=True)
class Lineage:
    """A base and the runs behind it, the first one first."""

    base: str  # a hub name, the name of a folder, or tiny
    on_hub: bool
    runs: tuple[Ancestor, ...] = ()

    def after(self, ancestor: Ancestor) -> "Lineage":
        """Return the lineage of what this run makes of the model."""
        return replace(self, runs=(*self.runs, ancestor))

    @property
    def name(self) -> str:
        """A short name for the folders of runs.

        >>> kogpt2 = Lineage("skt/kogpt2-base-v2", on_hub=True)
        >>> kogpt2.name
        'kogpt2-base-v2'
        >>> kogpt2.after(Ancestor("kogpt2-base-v2-all-sys-ca460712", "", "", "", 9)).name
        'kogpt2-base-v2-after-ca460712'
        """
        base = Path(self.base).name
        if not self.runs:
            return base
        last = self.runs[-1].run
        digest = re.search(r"-([0-9a-f]{8})$", last)
        return f"{base}-after-{digest[1] if digest else last}"


def model_folder(name: str) -> Path | None:
    """Return the folder that `--model` names, of a run its `best/`; `None`: it names no folder."""
    folder = Path(name)
    if not folder.is_dir():
        return None
    if not (folder / "config.json").exists() and (folder / "best/config.json").exists():
        return folder / "best"
    return folder


def read_lineage(name: str) -> Lineage:
    """Return the lineage of what `--model` names."""
    if name == TINY:
        return Lineage(TINY, on_hub=False)
    folder = model_folder(name)
    if folder is None:
        return Lineage(name, on_hub=True)
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        runs = tuple(Ancestor(**one) for one in found["runs"])
        return Lineage(found["base"], found["on_hub"], runs)
    except (OSError, ValueError, KeyError, TypeError):  # a model that is not ours
        return Lineage(folder.resolve().name, on_hub=False)


def write_lineage(folder: Path, lineage: Lineage) -> None:
    """Write the lineage into a model's folder."""
    text = json.dumps(asdict(lineage), ensure_ascii=False, indent=1)
    (folder / _FILE).write_text(text + "\n", encoding="utf-8")
