"""Samples of rows as they pass by: always those with the smallest hashes, in bounded memory."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.output.rows import COLUMNS
from corpus.records import Ints, Mask
from corpus.report.of_keys import SAMPLED

SHOWN_COLUMNS = (
    *("dialogue_id", "part", "source", "topic", "split", "n_turns_cut", "messages"),
    *("token_ids", "turn_starts"),
)
_RANK = ("id", "place")  # of a dialogue: the hash of its id, and its place in the plan
_COLUMNS = pa.schema(
    [
        *(pa.field(name, pa.uint64()) for name in _RANK),
        *(COLUMNS.field(name) for name in SHOWN_COLUMNS),
    ]
)

Ids = np.ndarray[tuple[int], np.dtype[np.uint64]]


class Smallest:
    """Keeps the rows with the smallest ids, at most `SAMPLED` of them.

    Of equal ids the first in the plan is kept. So the samples of all shards can be added up, and
    their order does not matter.

    Attributes:
        n_taken: how many were offered.
    """

    def __init__(self) -> None:
        self.n_taken = 0
        self._tables, self._n = [_COLUMNS.empty_table()], 0

    def take(self, ids: Ids, places: Ints, rows: pa.Table, chosen: Mask) -> None:
        """Take those rows that are chosen, given the ids and the places of the dialogues of all."""
        n = int(np.count_nonzero(chosen))
        self.n_taken += n
        if n:
            ranks = [pa.array(ids[chosen]), pa.array(places[chosen].astype(np.uint64))]
            taken = rows.select(SHOWN_COLUMNS).filter(pa.array(chosen)).combine_chunks()
            self.add(pa.Table.from_arrays([*ranks, *taken.columns], schema=_COLUMNS))

    def add(self, rows: pa.Table) -> None:
        """Take what another one has kept."""
        self._tables.append(rows)
        self._n += len(rows)
        if self._n > 2 * SAMPLED:
            self._cut()

    def rows(self) -> pa.Table:
        """Return the rows, those with the smallest ids first."""
        self._cut()
        return self._tables[0]

    def _cut(self) -> None:
        rows = pa.concat_tables(self._tables)
        one, place = (rows[name].to_numpy() for name in _RANK)
        first = np.lexsort((place, one))[:SAMPLED]  # rows of one dialogue stay in their order
        self._tables, self._n = [rows.take(pa.array(first)).combine_chunks()], len(first)


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
