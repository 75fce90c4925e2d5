"""The columns of the corpus, and how one batch of rows becomes an Arrow table.

`schemas/row.json` says the same in JSON Schema; a test keeps the two equal.
"""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from corpus.records import Ids, Ints

ROLES = ("user", "assistant")

MESSAGE = pa.struct([("role", pa.string()), ("content", pa.string())])
COLUMNS = pa.schema(
    [
        pa.field("dialogue_id", pa.string(), nullable=False),
        pa.field("part", pa.int32(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("n_turns", pa.int32(), nullable=False),
        pa.field("n_turns_cut", pa.int32(), nullable=False),
        pa.field("n_tokens", pa.int32(), nullable=False),
        pa.field("conversation", pa.string(), nullable=False),
        pa.field("messages", pa.list_(MESSAGE)),
        pa.field("token_ids", pa.list_(pa.int32()), nullable=False),
        pa.field("turn_starts", pa.list_(pa.int32()), nullable=False),
        pa.field("raw_file", pa.string(), nullable=False),
        pa.field("raw_offset", pa.int64(), nullable=False),
    ]
)


class Rows(NamedTuple):
    """Some rows before they are a table: whole turns, of each row the first `<usr>`.

    The turns and tokens of all rows stand one behind the other.
    """

    dialogue_ids: Sequence[str]
    parts: Sequence[int]
    sources: Sequence[str]
    topics: Sequence[str]
    splits: Sequence[str]
    n_turns: Ints  # of each row
    n_turns_cut: Sequence[int]
    turns: Sequence[str]
    n_tokens: Ints  # of each turn, the role token included
    token_ids: Ids
    raw_files: Sequence[str]
    raw_offsets: Sequence[int]


def table_of(rows: Rows) -> pa.Table:
    """Return the rows as a table of `COLUMNS`."""
    turn_bounds, token_bounds = _bounds(rows.n_turns), _bounds(rows.n_tokens)
    row_bounds = token_bounds[turn_bounds]
    turn_starts = token_bounds[:-1] - np.repeat(row_bounds[:-1], rows.n_turns)
    turn_of_row = places_within(rows.n_turns)
    roles = pa.DictionaryArray.from_arrays(pa.array(turn_of_row % 2, pa.int8()), pa.array(ROLES))
    messages = pa.StructArray.from_arrays(
        [roles.cast(pa.string()), pa.array(rows.turns, pa.string())], fields=list(MESSAGE)
    )
    columns = [
        pa.array(rows.dialogue_ids, pa.string()),
        pa.array(rows.parts, pa.int32()),
        pa.array(rows.sources, pa.string()),
        pa.array(rows.topics, pa.string()),
        pa.array(rows.splits, pa.string()),
        pa.array(rows.n_turns, pa.int32()),
        pa.array(rows.n_turns_cut, pa.int32()),
        pa.array(np.diff(row_bounds)),
        pa.array(_conversations(rows.turns, turn_of_row), pa.string()),
        pa.ListArray.from_arrays(pa.array(turn_bounds), messages),
        pa.ListArray.from_arrays(pa.array(row_bounds), pa.array(rows.token_ids, pa.int32())),
        pa.ListArray.from_arrays(pa.array(turn_bounds), pa.array(turn_starts)),
        pa.array(rows.raw_files, pa.string()),
        pa.array(rows.raw_offsets, pa.int64()),
    ]
    return pa.Table.from_arrays(columns, schema=COLUMNS)


def places_within(lengths: Ints) -> Ints:
    """Return for each member of groups that stand one behind the other its place in its group.

    >>> places_within(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def conversation(turns: Sequence[str]) -> str:
    """Return the turns behind their role tokens, without spaces; its tokens are `token_ids`.

    >>> conversation(["안녕", "반가워"])
    '<usr>안녕<sys>반가워'
    """
    return "".join(_conversations(turns, np.arange(len(turns))))


def _conversations(turns: Sequence[str], places: Ints) -> list[str]:
    """Return the conversation of each row, given the place of each turn in its row."""
    before = np.where(places % 2, "<sys>", np.where(places, "<usr>", "\n<usr>"))
    joined = "".join(chain.from_iterable(zip(before.tolist(), turns, strict=True)))
    return joined.split("\n")[1:]  # no turn holds a line feed


def _bounds(lengths: Ints) -> Ids:
    return np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
