"""Which folder holds the model that is meant, and how that model was trained."""

import json
from dataclasses import dataclass
from pathlib import Path

from corpus.records import CorpusError
from corpus.text.rules import TABLES

_CONFIG, CHAT, _BEST, _LAST, _RUN = "config.json", "chat.json", "best", "last", "run.json"


@dataclass(frozen=True, slots=True)
class Trained:
    """How a model was trained, by the `chat.json` that train.py writes beside it."""

    labels: str = "all-sys"
    max_tokens: int = 256
    rules: str = "default"
    respell: str = "off"


def find_model(folder: Path) -> Path:
    """Return the folder of the model itself, given it or a run.

    Raises:
        CorpusError: there is none.
    """
    if (folder / _CONFIG).is_file():
        return folder
    if (folder / _BEST / _CONFIG).is_file():
        return folder / _BEST
    if (folder / _LAST).exists() or (folder / _RUN).is_file():
        raise CorpusError(f"the run {folder} has no best/ yet: let train.py validate once.")
    raise CorpusError(f"{folder} holds neither a model nor a run: no {_CONFIG}, no best/.")


def name_of(model: Path) -> str:
    """Return what a model is called: by its run, if it is the best or the last of one."""
    folder = model.absolute()
    return folder.parent.name if folder.name in (_BEST, _LAST) else folder.name


def read_chat(model: Path) -> tuple[Trained, str]:
    """Return how a model was trained, and what is to be said if nothing tells it.

    Raises:
        CorpusError: its chat.json is broken.
    """
    path = model / CHAT
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        default = Trained()
        return default, (
            f"no {CHAT} in {model}: taken as trained with --labels {default.labels}, "
            f"{default.max_tokens} tokens, the default rules."
        )
    except ValueError as error:
        raise CorpusError(f"{path} is broken: {error}.") from error
    try:
        trained = Trained(
            str(content["labels"]),
            int(content["max_tokens"]),
            str(content["rules"]),
            str(content["respell"]),
        )
    except (TypeError, KeyError, ValueError) as error:
        raise CorpusError(f"{path} lacks or garbles {error}.") from error
    if trained.rules not in TABLES:
        raise CorpusError(
            f"{path} names rules {trained.rules!r}, which this version does not know."
        )
    return trained, ""
