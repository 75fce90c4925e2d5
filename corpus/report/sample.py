"""Samples of rows as they pass by: always those with the smallest hashes, in bounded memory."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.output.rows import COLUMNS
from corpus.records import Mask

SAMPLED = 1_000  # dialogues whose words are looked at, and rows with unknown characters

_SHOWN = (
    *("dialogue_id", "part", "source", "topic", "split", "n_turns_cut", "messages"),
    *("token_ids", "turn_starts"),
)

Ids = np.ndarray[tuple[int], np.dtype[np.uint64]]


class Smallest:
    """Keeps the rows with the smallest ids, at most `SAMPLED` of them.

    Attributes:
        n_taken: how many were offered.
    """

    def __init__(self) -> None:
        self.n_taken = 0
        self._ids, self._tables = np.zeros(0, np.uint64), [COLUMNS.empty_table().select(_SHOWN)]

    def take(self, ids: Ids, rows: pa.Table, chosen: Mask) -> None:
        """Take those rows that are chosen, given the hashes of the ids of all."""
        n = int(np.count_nonzero(chosen))
        self.n_taken += n
        if n:
            self._ids = np.concatenate((self._ids, ids[chosen]))
            self._tables.append(rows.select(_SHOWN).filter(pa.array(chosen)))
        if len(self._ids) > 2 * SAMPLED:
            self._cut()

    def rows(self) -> pa.Table:
        """Return the rows, those with the smallest ids first."""
        self._cut()
        return self._tables[0]

    def _cut(self) -> None:
        # Rows of one dialogue share an id and stay in their order.
        first = np.argsort(self._ids, kind="stable")[:SAMPLED]
        self._tables = [pa.concat_tables(self._tables).take(pa.array(first)).combine_chunks()]
        self._ids = self._ids[first]


def holding(wanted: int, ids: pa.ChunkedArray) -> Mask:
    """Return for each list of ids, none of them empty, whether the wanted one is in it."""
    lists = ids.combine_chunks()
    found = lists.flatten().to_numpy() == wanted
    starts = lists.offsets.to_numpy()[:-1] - lists.offsets[0].as_py()
    return np.asarray(np.logical_or.reduceat(found, starts)) if len(starts) else found


def said_in(rows: pa.Table) -> Iterator[tuple[str, list[str]]]:
    """Yield the topic and the turns of each row."""
    messages = rows["messages"].combine_chunks()
    contents = messages.flatten().field("content").to_pylist()
    start = 0
    for topic, n in zip(
        rows["topic"].to_pylist(), pc.list_value_length(messages).to_pylist(), strict=True
    ):
        yield topic, contents[start : start + n]
        start += n
