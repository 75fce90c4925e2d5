"""What is in raw/ and what a build of it would give, without building it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial

from tqdm import tqdm

from corpus.building.engines import Engine, look_by
from corpus.building.plan import make_plan, n_bytes, where
from corpus.building.workers import Death, Workers
from corpus.options import ITEM_TIMEOUT
from corpus.output.work import check_how
from corpus.reading.decode import sniff
from corpus.reading.documents import Found, find_documents
from corpus.reading.quirks import Problem, quirk_problems
from corpus.reading.unreadable import file_problem
from corpus.records import Item, Rejected
from corpus.remote import Folder
from corpus.report.remarks import drawn_lines, size_lines
from corpus.tokens.find import UnreachableTokenizerError, find_tokenizer
from corpus.views.estimate import estimate_lines, size_of
from corpus.views.look import Problems, Seen, look_at, not_looked_at


def check_lines(
    raw: Folder,
    *,
    tokenizer: str,
    workers: int = 1,
    item_timeout: float = ITEM_TIMEOUT,
    progress: bool = False,
) -> Iterator[str]:
    """Yield a report on raw/: files, sources, splits, problems and quirks, and an estimate.

    Every document is read against the types of its source (`schemas/`), unless some 2 MB of it take
    longer than `item_timeout`. The report is the same for any number of workers, but for the time
    that a build would take.

    Args:
        raw: the folder that holds the AIHub downloads.
        tokenizer: as for a build.
        workers: processes that read at most.
        item_timeout: seconds.
        progress: draw a bar on stderr.

    Raises:
        CorpusError: a wrong call, in one sentence.
    """
    check_how(workers=workers, item_timeout=item_timeout)
    with Workers(workers=workers, n_bytes=0) as steps:
        found = find_documents(raw, sniff=sniff, do=look_by(steps))
        yield from _found_lines(raw, found)
        items = make_plan(found.documents)
        steps.expect(sum(map(n_bytes, items)))
        seen = _look_at_all(raw, items, steps, item_timeout, progress=progress)
        yield from _seen_lines(found, seen)
        try:
            content = find_tokenizer(tokenizer).json
        except UnreachableTokenizerError as error:
            yield f"What a build would give is not estimated. {error}"
            return
        yield from estimate_lines(raw, items, content, steps, item_timeout=item_timeout)


def _found_lines(raw: Folder, found: Found) -> Iterator[str]:
    n_files = sum(file.n_files for file in found.files)
    size = sum(file.bytes for file in found.files)
    yield f"{raw}: {len(found.documents):,} documents in {n_files:,} files, {size_of(size)}"
    for reason, n in found.left_alone.items():
        yield f"  left alone: {n:,} {reason}"


def _look_at_all(
    raw: Folder, items: Sequence[Item], steps: Engine, item_timeout: float, *, progress: bool
) -> Seen:
    """Return what is in all items of the plan."""
    looks = [partial(look_at, raw.absolute(), item, item_timeout) for item in items]
    seen: dict[int, Seen] = {}
    total = sum(map(n_bytes, items))
    with (
        tqdm(total=total, unit="B", unit_scale=True, disable=not progress) as bar,
        closing(steps.run(looks, near=[*map(where, items)])) as done,
    ):
        for place, answer in done:
            item = items[place]
            is_dead = isinstance(answer, Death)
            seen[place] = not_looked_at(item, answer.why) if is_dead else answer
            bar.update(n_bytes(item))
    whole = Seen()
    for _, one in sorted(seen.items()):
        whole.add(one)
    return whole


def _seen_lines(found: Found, seen: Seen) -> Iterator[str]:
    counts = seen.counts
    yield ""
    yield f"{'source':<10}{'split':<12}{'dialogues':>12}"
    for name, n in sorted(counts["split"].items()):
        source, split = name.split("/")
        yield f"{source:<10}{split:<12}{n:>12,}"
    yield from drawn_lines(counts["drawn"])
    yield from size_lines(counts["split"])
    yield ""
    problems = Problems()
    problems.take(found.rejected)
    problems.add(seen.problems)
    problems.take(_wrong_counts(found, seen))
    problems.take(map(_as_problem, quirk_problems(counts)))
    yield from problems.lines()
    if counts["quirks"]:
        quirks = (f"{n:,} {name}" for name, n in sorted(counts["quirks"].items()))
        yield "quirks, all handled: " + ", ".join(quirks)


def _wrong_counts(found: Found, seen: Seen) -> Iterable[Rejected]:
    """Yield the documents that hold another number of entries than they say."""
    all_declared, all_found = seen.counts["declared"], seen.counts["found"]
    for document in found.documents:
        name = document.raw_file
        declared, n_found = all_declared.get(name), all_found[name]
        if declared not in (None, n_found) and name not in seen.unread:
            detail = f"numberOfItems says {declared:,}, {n_found:,} were found"
            yield file_problem(document, "wrong_count", detail)


def _as_problem(one: Problem) -> Rejected:
    return Rejected("file", one["reason"], one["detail"], None, None, one["place"], 0, b"")
