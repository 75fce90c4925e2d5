"""What a build of raw/ would give, estimated from a sample of it that is built aside."""

import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from corpus.building.engines import Engine, answers
from corpus.building.item import build_item
from corpus.building.limit import attempt
from corpus.building.plan import n_bytes
from corpus.building.problems import problems_of
from corpus.building.tokenizer import encoder_in, facts_of
from corpus.building.unknown_tokens import count_unknown
from corpus.building.workers import Death
from corpus.counts import Counts, merge_counts
from corpus.options import options_of
from corpus.output.files import temporary_folder, write_file
from corpus.output.result import ResultPaths
from corpus.output.result_rows import read_rows
from corpus.output.shards import ShardWriter
from corpus.reading.decode import is_one_range
from corpus.reading.documents import open_document
from corpus.records import TOKENIZER, Document, Item
from corpus.remote import Folder

SAMPLED = 16  # one byte in so many, so that a check takes less than half of a build ...
LEAST_BYTES, MOST_BYTES = 4 << 20, 16 << 20  # ... but 1,500 dialogues at least, 6,000 at most
SLICES = 16  # evenly spaced: the sources differ in rows a byte


def estimate_lines(
    raw: Folder, items: Sequence[Item], tokenizer: bytes, steps: Engine, *, item_timeout: float
) -> Iterator[str]:
    """Build a sample aside and yield what all of `raw` would give with the default options.

    Args:
        raw: the folder that holds the AIHub downloads.
        items: the plan.
        tokenizer: the content of its `tokenizer.json`.
        steps: where slices are built.
        item_timeout: seconds for a slice of the sample.

    Raises:
        CorpusError: the tokenizer cannot be used.
    """
    sampled = _sample(raw, items)
    with temporary_folder() as folder:
        aside = _build_aside(raw, folder, sampled, tokenizer, steps, item_timeout)
    for late, why in aside.late:
        yield f"problem of the text: failed_item: {late.documents[0].raw_file}: {why}"
    n_built = sum(map(n_bytes, sampled)) - sum(n_bytes(late) for late, _ in aside.late)
    share = n_built / (sum(map(n_bytes, items)) or 1) or 1
    for one in problems_of(aside.counts, aside.tokens):
        if one["reason"] != "unlike_its_source":  # told of all documents already
            yield f"problem of the text: {one['reason']}: {one['place']}: {one['detail']}"
    yield f"a build would give about (from a sample of {share:.0%})"
    yield f"  rows      {aside.n_rows / share:>14,.0f}"
    yield f"  tokens    {aside.tokens['train'] / share:>14,.0f}"
    yield f"  disk      {size_of(aside.n_bytes / share):>14}"
    yield f"  time      {aside.seconds / share:>12,.0f} s  on one core of this machine"


def _sample(raw: Folder, items: Sequence[Item]) -> list[Item]:
    """Return slices of the plan, all about as long, from places that are evenly spaced by bytes."""
    total = sum(map(n_bytes, items))
    if total <= LEAST_BYTES:
        return list(items)
    length = min(max(total // SAMPLED, LEAST_BYTES), MOST_BYTES) // SLICES
    slices: list[tuple[tuple[Document, ...], int, int | None]] = []
    from_start: Counter[Document] = Counter()  # bytes of those that are read from their start
    ends = list(accumulate(map(n_bytes, items)))
    for place in ((2 * k + 1) * total // (2 * SLICES) for k in range(SLICES)):
        item = items[bisect_right(ends, place)]
        within = place - (ends[item.index] - n_bytes(item))
        first, offset = _document_at(item, within)
        document = item.documents[first]
        if document.size <= length:
            slices.append((_neighbours(item.documents[first:], length), 0, None))
        elif is_one_range(open_document(raw, document), document):
            from_start[document] += length
        else:
            start = min(offset, document.size - length)
            slices.append(((document,), start, start + length))
    slices += [((document,), 0, size) for document, size in from_start.items()]
    one_in = items[0].one_in
    return [Item(index, *one, one_in, is_sample=True) for index, one in enumerate(slices)]


def _document_at(item: Item, within: int) -> tuple[int, int]:
    """Return which document of an item has the byte at a place within it, and where."""
    offset = item.start + within
    for number, document in enumerate(item.documents):
        if offset < document.size:
            return number, offset
        offset -= document.size
    return len(item.documents) - 1, 0


def _neighbours(documents: Sequence[Document], length: int) -> tuple[Document, ...]:
    """Return the first documents, as many as have about so many bytes."""
    ends = accumulate(document.size for document in documents)
    n = sum(end <= length for end in ends)
    return tuple(documents[: max(1, n)])


class _Aside(NamedTuple):
    """What some items gave."""

    n_rows: int
    tokens: Counter[str]  # all as if in train; and `unk`
    n_bytes: int  # on disk
    counts: Counts
    late: list[tuple[Item, str]]  # that could not be built, and why
    seconds: float  # of CPU time: whatever else keeps this machine busy


def _build_aside(
    raw: Folder,
    work: Path,
    items: Sequence[Item],
    tokenizer: bytes,
    steps: Engine,
    seconds: float,
) -> _Aside:
    """Build some items, as one shard, and return what they gave."""
    write_file(work / TOKENIZER, tokenizer)
    ask = partial(facts_of, tokenizer)
    [(_, unknown)] = answers(steps, [ask], "The tokenizer could not be loaded")
    slices = [partial(_build_slice, raw.absolute(), work, one, seconds) for one in items]
    with closing(steps.run(slices)) as done:
        built = dict(done)
    answered = [(items[place], answer) for place, answer in sorted(built.items())]
    began = time.process_time()
    writer = ShardWriter(work / "shard", {})
    tokens: Counter[str] = Counter()
    ledgers = 0
    made = [(item, answer) for item, answer in answered if isinstance(answer, _Slice)]
    for item, _ in made:
        result = ResultPaths(work, item.index)
        ledgers += len(result.ledger.read_bytes())
        for table in read_rows(result):
            writer.write(table)
            tokens["unk"] += count_unknown(unknown, table)[0]
    shard = writer.close()
    tokens["train"] = shard["tokens"]
    return _Aside(
        shard["rows"],
        tokens,
        shard["bytes"] + ledgers,
        merge_counts(answer.counts for _, answer in made),
        [(item, _why(answer)) for item, answer in answered if not isinstance(answer, _Slice)],
        time.process_time() - began + sum(answer.seconds for _, answer in made),
    )


class _Slice(NamedTuple):
    """What a slice gave."""

    counts: Counts
    seconds: float  # of CPU time


def _build_slice(raw: Folder, work: Path, item: Item, seconds: float) -> _Slice | str:
    """Build a slice into its part of `work`; return what it gave, or why it failed.

    Raises:
        CorpusError: nothing can be built any more.
        OSError: the disk is full or broken.
    """
    encoder = encoder_in(work)
    began = time.process_time()
    counts = attempt(lambda: build_item(raw, work, item, encoder, options_of()), seconds)
    return counts if isinstance(counts, str) else _Slice(counts, time.process_time() - began)


def _why(answer: str | Death) -> str:
    return answer.why if isinstance(answer, Death) else answer


def size_of(n: float) -> str:
    """Return bytes as people read them.

    >>> size_of(999), size_of(1_234_567)
    ('999 B', '1.2 MB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:,.0f} B" if unit == "B" else f"{n:,.1f} {unit}"
        n /= 1000
    return f"{n:,.1f} TB"
