"""The steps of a commit in lists, and how they are done where items are built."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from tqdm import tqdm

from corpus.building.decide import Decisions
from corpus.building.engines import Engine, answers
from corpus.building.steps import locate, pair_up, write_duplicates, write_ledger
from corpus.building.waiting import Step
from corpus.building.writing import RECORDS, ReadMember, Writing
from corpus.output.ledger import UTTERANCES, ledger_member
from corpus.output.result import ResultPaths, lines_bytes, read_each
from corpus.records import Document, Rejected

LEDGER_BYTES = 64 << 20  # a ledger file is closed once it is larger
BATCH = 2_000  # duplicates are looked up and written at once: some megabytes of raw text
PARTS = 16  # in one step that looks up where the duplicates of parts stand


class Pieces:
    """Has pieces of the corpus made where items are built."""

    def __init__(self, engine: Engine, *, progress: bool) -> None:
        self._engine, self._n = engine, 0
        self._bar = tqdm(desc="commit", unit=" pieces", disable=not progress)

    def made(self, steps: Sequence[Step]) -> list[Any]:
        """Do some steps and return their answers in order.

        Raises:
            CorpusError: a step has ended its process each time.
        """
        self._n += len(steps)
        self._bar.total = self._n
        self._bar.refresh()
        failed = "A part of the corpus could not be written"
        return answers(self._engine, steps, failed, is_kept=True, count=self._bar.update)

    def close(self) -> None:
        """End the bar."""
        self._bar.close()


def duplicate_steps(
    writing: Writing,
    results: Sequence[ResultPaths],
    decisions: Decisions,
    documents: Iterable[Document],
    pieces: Pieces,
) -> list[Step]:
    """Return the steps that write the ledger lines of duplicates, `BATCH` of them each."""
    places, originals, nearness, other_text = decisions.duplicates
    if not len(places):
        return []
    known = np.union1d(places, originals)
    parts = np.searchsorted(decisions.starts, known, "right") - 1
    asked = [
        (results[part], known[parts == part] - decisions.starts[part])
        for part in np.unique(parts).tolist()
    ]
    located = pieces.made(
        [partial(locate, asked[start : start + PARTS]) for start in range(0, len(asked), PARTS)]
    )
    ones, firsts = (np.searchsorted(known, of_all) for of_all in (places, originals))
    slices = [slice(start, start + BATCH) for start in range(0, len(places), BATCH)]
    batches = [(ones[one], firsts[one]) for one in slices]
    [paired] = pieces.made([partial(pair_up, located, batches)])
    by_name: dict[str, list[Document]] = {name: [] for *_, names in paired for name in names}
    for document in documents:
        if document.raw_file in by_name:
            by_name[document.raw_file].append(document)
    return [
        partial(
            write_duplicates,
            writing,
            number,
            (of_batch, of_firsts),
            nearness[batch].tolist(),
            other_text[batch].tolist(),
            [document for name in names for document in by_name[name]],
        )
        for number, (batch, (of_batch, of_firsts, names)) in enumerate(
            zip(slices, paired, strict=True)
        )
    ]


def ledger_steps(
    writing: Writing,
    results: Sequence[ResultPaths],
    rejected_files: Sequence[Rejected],
    of_duplicates: Sequence[str],
) -> list[Step]:
    """Return the steps that write the ledger, and the utterances that were left out."""
    first = ledger_member(rejected_files)
    repeated = [writing.aside / RECORDS / name for name in of_duplicates]
    sizes = read_each(results, lines_bytes)
    ledger: list[tuple[ReadMember, int]] = [
        (partial(bytes, first), len(first)),
        *((one.read_ledger, size) for one, (size, _) in zip(results, sizes, strict=True)),
        *((path.read_bytes, path.stat().st_size) for path in repeated),
    ]
    utterances: list[tuple[ReadMember, int]] = [
        (one.read_utterances, size) for one, (_, size) in zip(results, sizes, strict=True)
    ]
    return [*_in_files(writing, "", ledger), *_in_files(writing, UTTERANCES, utterances)]


def _in_files(
    writing: Writing, prefix: str, members: Iterable[tuple[ReadMember, int]]
) -> Iterator[Step]:
    """Yield the steps that write some gzip members, a new file after `LEDGER_BYTES`."""
    files: list[list[ReadMember]] = []
    n_bytes = 0
    for member, size in members:
        if size and (not files or n_bytes > LEDGER_BYTES):
            files.append([])
            n_bytes = 0
        if size:
            files[-1].append(member)
            n_bytes += size
    for number, some in enumerate(files):
        yield partial(write_ledger, writing, f"{prefix}{number:05}", some)
