"""What eval.md calls its rows and columns, and what it says of them: words.json, as values."""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        key: in eval.json.
        name: in Korean.
        short: as the leaderboard and other programs call it.
        better: higher, lower, or neither: as people have it.
        unit: a share is written as a percentage.
    """

    key: str
    name: str
    short: str
    better: Literal["higher", "lower", "as people"]
    unit: Literal["share", "score", "ratio", "words"]
    meaning: str


@dataclass(frozen=True, slots=True)
class RowWords:
    """What a row is called, and how its replies came about."""

    name: str
    meaning: str


_CONTENT = json.loads(files("corpus.evaluation").joinpath("words.json").read_text("utf-8"))

COLUMNS = tuple(Column(**one) for one in _CONTENT["columns"])
ROWS = {key: RowWords(**one) for key, one in _CONTENT["rows"].items()}
OUTS: dict[str, str] = _CONTENT["outs"]  # why a candidate is out
LIMITS: tuple[str, ...] = tuple(_CONTENT["limits"])
SENTENCES: dict[str, str] = _CONTENT["sentences"]
FLAGS = {one.key: one for one in COLUMNS if one.better == "lower"}


def row_name(name: str) -> str:
    """Return what a row is called; one from a file is called as it is."""
    return ROWS[name].name if name in ROWS else name
