"""Where the steps of a build run: in processes of this machine, or as tasks of Ray."""

from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from tqdm import tqdm

from corpus.building.plan import n_bytes, where
from corpus.building.steps import build_or_tell, reject_item
from corpus.building.waiting import Step
from corpus.building.workers import TRIES, Death, Workers
from corpus.counts import Counts
from corpus.options import ENGINES, ITEM_TIMEOUT, Options
from corpus.output.manifest import versions
from corpus.output.result import read_results
from corpus.reading.looks import DoLooks, Look, Seen
from corpus.records import CorpusError, Item
from corpus.remote import Folder

if TYPE_CHECKING:
    from corpus.tokens.encoder import Encoder

_T = TypeVar("_T")


class Engine(Protocol):
    """Does steps somewhere; `corpus.building.workers.Workers` documents it."""

    is_here: bool
    ends_steps: bool

    def expect(self, n_bytes: int) -> None:
        """Have as many workers as pay for a build of so many bytes of raw/."""

    def run(
        self,
        steps: Sequence[Step],
        *,
        seconds: float | None = None,
        near: Sequence[Hashable] | None = None,
    ) -> Generator[tuple[int, Any], None, None]:
        """Do some steps and yield the place and the answer of each, in the order they are done."""


class EngineOf(Protocol):
    """Makes an engine for one build."""

    def __call__(self, *, workers: int, n_bytes: int) -> AbstractContextManager[Engine]:
        """Return an engine of so many workers at most, for so many bytes of raw/."""


def engine_of(engine: str, address: str | None) -> EngineOf:
    """Return what makes this engine.

    Raises:
        CorpusError: there is no such engine, or it is not installed.
    """
    if engine not in ENGINES:
        raise CorpusError(f"engine can be {' or '.join(ENGINES)}, not {engine!r}.")
    if address and engine != "ray":
        raise CorpusError(f"--address {address} is of a Ray cluster: add --engine ray.")
    if engine == "local":
        return Workers
    try:
        from corpus.building.on_ray import RayTasks  # noqa: PLC0415 - Ray is an extra
    except ImportError as error:
        raise CorpusError(
            "--engine ray needs Ray, which is not installed here: "
            "pip install 'aihub-chat-corpus[ray]'."
        ) from error

    return partial(RayTasks, address=address, versions=versions())


def answers(
    engine: Engine,
    steps: Sequence[Callable[[], _T]],
    failed: str,
    *,
    is_kept: bool = False,
    count: Callable[[], object] = lambda: None,
) -> list[_T]:
    """Do some steps and return their answers in order.

    Args:
        engine: where they are done.
        steps: what to do.
        failed: says what it means that a step cannot be done.
        is_kept: finished steps are kept, so that the same command goes on from them.
        count: called for each step that is done.

    Raises:
        CorpusError: a step has ended its process each time.
    """
    goes_on = "; the same command goes on from here" if is_kept else ""
    found: dict[int, _T] = {}
    with closing(engine.run(steps)) as done:
        for place, answer in done:
            if isinstance(answer, Death):
                raise CorpusError(
                    f"{failed} in {TRIES} tries ({answer.why}): give the machine more memory, or "
                    f"use fewer --workers{goes_on}."
                )
            found[place] = answer
            count()
    return [found[place] for place in range(len(steps))]


def look_by(engine: Engine) -> DoLooks:
    """Return what looks at the files of raw/ where items are built."""

    def look(looks: Sequence[Look], n_bytes: int) -> list[Seen]:
        engine.expect(n_bytes)
        return answers(engine, looks, "The files of raw/ could not be looked at")

    return look


def run_items(
    raw: Folder,
    work: Folder,
    items: Sequence[Item],
    options: Options,
    engine: Engine,
    *,
    encoder: "Encoder | None" = None,
    item_timeout: float = ITEM_TIMEOUT,
) -> Generator[tuple[Item, Counts], None, None]:
    """Build `items` and yield each with what was counted, in the order in which they are done.

    An item that fails in all of its tries is rejected as an item.

    Args:
        raw: the folder that holds the AIHub downloads.
        work: the folder of the build.
        items: what to build.
        options: of the build.
        engine: where items are built.
        encoder: of this process, if it has one; other processes load their own from `work`.
        item_timeout: seconds for one try at an item.

    Raises:
        CorpusError: the build cannot go on.
        OSError: the disk is full or broken; what is done stays done.
    """
    raw, work = raw.absolute(), work.absolute()  # tasks of Ray have another working directory
    own = encoder if engine.is_here else None
    seconds = None if engine.ends_steps else item_timeout
    steps = [
        partial(build_or_tell, raw, work, item, options, own, seconds=seconds) for item in items
    ]
    near = [*map(where, items)]
    with closing(engine.run(steps, seconds=item_timeout, near=near)) as done:
        for place, answer in done:
            item = items[place]
            failed = answer.why if isinstance(answer, Death) else answer
            yield item, reject_item(work, item, failed) if isinstance(failed, str) else failed


def build_items(
    raw: Folder,
    work: Folder,
    items: Sequence[Item],
    options: Options,
    engine: Engine,
    *,
    item_timeout: float,
    progress: bool,
) -> Counts:
    """Build the items that are not built yet, or damaged, and return what all of them counted."""
    parts = read_results(work, [item.index for item in items], prove=True)
    done = {part.index: receipt for part, receipt in parts}
    total = sum(map(n_bytes, items))
    counted: Counts = defaultdict(Counter)
    with tqdm(total=total, unit="B", unit_scale=True, disable=not progress) as bar:

        def count(item: Item, counts: Mapping[str, Mapping[str, int]]) -> None:
            for name in ("read", "rejected", "broken"):
                counted[name].update(counts.get(name, {}))
            rejected = counted["rejected"].total()
            kept = counted["read"].total() - rejected
            bar.set_postfix_str(f"{kept:,} kept, {rejected:,} rejected", refresh=False)
            bar.update(n_bytes(item))

        for item in items:
            receipt = done[item.index]
            if receipt is not None:
                count(item, receipt)
        left = [item for item in items if done[item.index] is None]
        running = run_items(raw, work, left, options, engine, item_timeout=item_timeout)
        with closing(running) as built:
            for item, counts in built:
                count(item, counts)
    return counted
