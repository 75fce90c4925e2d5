"""What is in raw/ and what a build of it would give, without building it."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tqdm import tqdm

from corpus.building.engines import ITEM_TIMEOUT
from corpus.building.item import build_item
from corpus.building.limit import TooLongError, at_most
from corpus.building.plan import make_plan, n_bytes
from corpus.building.problems import problems_of
from corpus.building.unknown import Unknown
from corpus.building.workers import too_long
from corpus.counts import Counts, merge_counts
from corpus.options import Options
from corpus.output.files import temporary_folder
from corpus.output.result import ResultPaths
from corpus.output.shards import ShardWriter
from corpus.reading.decode import decode_document, is_one_range
from corpus.reading.documents import Found, open_document
from corpus.reading.quirks import Problem, count_odd, quirk_problems
from corpus.reading.unreadable import file_problem
from corpus.records import Document, Item, Rejected
from corpus.remote import Folder
from corpus.report.remarks import drawn_lines, size_lines
from corpus.tokens.encoder import Encoder

SAMPLED_BYTES = 24 << 20  # some 9,000 dialogues, three seconds
SAMPLED_ITEMS = 16  # evenly spaced, a slice of each: the sources differ in rows a byte
SMALL_BYTES = 64 << 10  # a document of one dialogue has 48 KB at most
PLACES = 3  # are named for each kind of problem


def check_lines(
    raw: Folder, found: Found, *, item_timeout: float = ITEM_TIMEOUT, progress: bool = False
) -> Iterator[str]:
    """Yield a report on raw/: files, sources, splits, problems and quirks.

    Every document is read against the types of its source (`schemas/`), unless some 2 MB of it take
    longer than `item_timeout`.
    """
    n_files = sum(file.n_files for file in found.files)
    size = sum(file.bytes for file in found.files)
    yield f"{raw}: {len(found.documents):,} documents in {n_files:,} files, {_size(size)}"
    for reason, n in found.left_alone.items():
        yield f"  left alone: {n:,} {reason}"
    counts: Counts = defaultdict(Counter)
    problems = _Problems()
    problems.take(found.rejected)
    with tqdm(total=len(found.documents), unit=" documents", disable=not progress) as bar:
        for document in found.documents:
            problems.take(_look_at(raw, document, counts, item_timeout))
            bar.update()
    yield ""
    yield f"{'source':<10}{'split':<12}{'dialogues':>12}"
    for name, n in sorted(counts["split"].items()):
        source, split = name.split("/")
        yield f"{source:<10}{split:<12}{n:>12,}"
    yield from drawn_lines(counts["drawn"])
    yield from size_lines(counts["split"])
    yield ""
    problems.take(map(_as_problem, quirk_problems(counts)))
    yield from problems.lines()
    if counts["quirks"]:
        quirks = (f"{n:,} {name}" for name, n in sorted(counts["quirks"].items()))
        yield "quirks, all handled: " + ", ".join(quirks)


def _look_at(raw: Folder, document: Document, counts: Counts, seconds: float) -> Iterator[Rejected]:
    """Count the dialogues and quirks of a document, and yield its problems."""
    declared, n_found = None, 0
    runs = decode_document(open_document(raw, document), document)
    while True:
        try:
            with at_most(seconds):
                decoded = next(runs, None)
        except TooLongError:
            detail = f"{too_long(seconds)}; the rest of it was not looked at"
            yield file_problem(document, "failed_item", detail)
            return
        if decoded is None:
            break
        counts["split"].update(f"{one.source}/{one.split}" for one in decoded.dialogues)
        if document.split is None:
            counts["drawn"].update(one.source for one in decoded.dialogues)
        count_odd(decoded, document, counts)
        declared = decoded.declared if decoded.declared is not None else declared
        n_found += decoded.n_entries
        yield from decoded.rejected
    if declared not in (None, n_found):
        detail = f"numberOfItems says {declared:,}, {n_found:,} were found"
        yield file_problem(document, "wrong_count", detail)


def _as_problem(one: Problem) -> Rejected:
    return Rejected("file", one["reason"], one["detail"], None, None, one["place"], 0, b"")


class _Problems:
    """How many of each kind, and the first of them: memory does not grow with their number."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._first: defaultdict[str, list[str]] = defaultdict(list)

    def take(self, problems: Iterable[Rejected]) -> None:
        for one in problems:
            self._counts[one.reason] += one.n
            if len(self._first[one.reason]) < PLACES:
                line = f"{one.raw_file} at {one.raw_offset:,}: {one.detail}"
                self._first[one.reason].append(line)

    def lines(self) -> Iterator[str]:
        n = self._counts.total()
        yield f"problems of the files: {n:,}" if n else "problems of the files: none"
        for reason, n_of in sorted(self._counts.items()):
            yield f"  {n_of:,} {reason}"
            yield from (f"    {line}" for line in self._first[reason])


def estimate_lines(
    raw: Folder,
    found: Found,
    encoder: Encoder,
    options: Options,
    *,
    item_timeout: float = ITEM_TIMEOUT,
) -> Iterator[str]:
    """Build a sample aside and yield what all of `raw` would give."""
    items = make_plan(found.documents)
    sampled = _sample(raw, items)
    with temporary_folder() as folder:
        started = time.process_time()  # whatever else keeps this machine busy
        aside = _build_aside(raw, folder, sampled, encoder, options, item_timeout)
        seconds = time.process_time() - started
    for late in aside.late:
        name = late.documents[0].raw_file
        yield f"problem of the text: failed_item: {name}: {too_long(item_timeout)}"
    n_built = sum(map(n_bytes, sampled)) - sum(map(n_bytes, aside.late))
    share = n_built / (sum(map(n_bytes, items)) or 1) or 1
    for one in problems_of(aside.counts, aside.tokens):
        if one["reason"] != "unlike_its_source":  # told of all documents already
            yield f"problem of the text: {one['reason']}: {one['place']}: {one['detail']}"
    yield f"a build would give about (from a sample of {share:.0%})"
    yield f"  rows      {aside.n_rows / share:>14,.0f}"
    yield f"  tokens    {aside.tokens['train'] / share:>14,.0f}"
    yield f"  disk      {_size(aside.n_bytes / share):>14}"
    yield f"  time      {seconds / share:>12,.0f} s  on one core of this machine"


def _sample(raw: Folder, items: Sequence[Item]) -> list[Item]:
    """Return a slice of each of some items: every n-th small document, 1/n of each big one."""
    n = min(SAMPLED_ITEMS, len(items))
    spaced = [items[(2 * k + 1) * len(items) // (2 * n)] for k in range(n)]
    step = -(-sum(map(n_bytes, spaced)) // SAMPLED_BYTES) or 1
    slices: list[tuple[tuple[Document, ...], int, int | None]] = []
    from_start: Counter[Document] = Counter()  # bytes of those that are read from there anyhow
    for item in spaced:
        small = [document for document in item.documents if document.size <= SMALL_BYTES]
        if small:
            slices.append((tuple(small[::step]), 0, None))
        for document in item.documents:
            if document.size > SMALL_BYTES:
                size = ((item.end or document.size) - item.start) // step
                if is_one_range(open_document(raw, document), document):
                    from_start[document] += size
                else:
                    slices.append(((document,), item.start, item.start + size))
    slices += [((document,), 0, size) for document, size in from_start.items()]
    return [Item(index, *one, is_sample=True) for index, one in enumerate(slices)]


class _Aside(NamedTuple):
    """What some items gave."""

    n_rows: int
    tokens: Counter[str]  # all as if in train; and `unk`
    n_bytes: int  # on disk
    counts: Counts
    late: list[Item]  # that could not be built in time


def _build_aside(
    raw: Folder,
    work: Path,
    items: Sequence[Item],
    encoder: Encoder,
    options: Options,
    seconds: float,
) -> _Aside:
    """Build some items, as one shard, and return what they gave."""
    writer = ShardWriter(work / "shard", {})
    unknown = Unknown.of(encoder)
    tokens: Counter[str] = Counter()
    receipts: list[Counts] = []
    late: list[Item] = []
    for item in items:
        try:
            with at_most(seconds):
                receipts.append(build_item(raw, work, item, encoder, options))
        except TooLongError:
            late.append(item)
            continue
        for table in ResultPaths(work, item.index).read_rows():
            writer.write(table)
            tokens["unk"] += unknown.count(table)[0]
    shard = writer.close()
    done = (ResultPaths(work, item.index) for item in items if item not in late)
    ledgers = sum(len(result.ledger.read_bytes()) for result in done)
    tokens["train"] = shard["tokens"]
    return _Aside(shard["rows"], tokens, shard["bytes"] + ledgers, merge_counts(receipts), late)


def _size(n: float) -> str:
    """Return bytes as people read them.

    >>> _size(999), _size(1_234_567)
    ('999 B', '1.2 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:,.0f} B" if unit == "B" else f"{n:,.1f} {unit}"
        n /= 1000
    return f"{n:,.1f} TB"
