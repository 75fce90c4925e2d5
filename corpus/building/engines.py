"""Where items are built: in processes of this machine, or as tasks of Ray."""

from collections import Counter, defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Protocol

from tqdm import tqdm

from corpus.building.plan import n_bytes
from corpus.building.workers import run_items
from corpus.counts import Counts
from corpus.options import Options
from corpus.output.manifest import versions
from corpus.output.result import read_results
from corpus.records import CorpusError, Item
from corpus.remote import Folder
from corpus.tokens.encoder import Encoder

ENGINES = ("local", "ray")


class RunItems(Protocol):
    """A function that builds items; `corpus.building.workers.run_items` documents it."""

    def __call__(
        self,
        raw: Folder,
        work: Folder,
        items: Sequence[Item],
        encoder: Encoder,
        options: Options,
        *,
        workers: int,
    ) -> Generator[tuple[Item, Counts], None, None]:
        """Yield each item with what was counted, in the order in which they are done."""


def runner_of(engine: str, address: str | None) -> RunItems:
    """Return the function that builds items on this engine.

    Raises:
        CorpusError: there is no such engine, or it is not installed.
    """
    if engine not in ENGINES:
        raise CorpusError(f"engine can be {' or '.join(ENGINES)}, not {engine!r}.")
    if address and engine != "ray":
        raise CorpusError(f"--address {address} is of a Ray cluster: add --engine ray.")
    if engine == "local":
        return run_items
    try:
        from corpus.building.on_ray import run_on_ray  # noqa: PLC0415 - Ray is an extra
    except ImportError as error:
        raise CorpusError(
            "--engine ray needs Ray, which is not installed here: "
            "pip install 'aihub-chat-corpus[ray]'."
        ) from error

    return partial(run_on_ray, address=address, versions=versions())


def build_items(
    raw: Folder,
    work: Folder,
    items: Sequence[Item],
    encoder: Encoder,
    options: Options,
    run_on: RunItems,
    *,
    workers: int,
    progress: bool,
) -> Counts:
    """Build the items that have no receipt yet, and return what all of them counted."""
    parts = read_results(work, [item.index for item in items])
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
        built = run_on(raw, work, left, encoder, options, workers=workers)
        with closing(built):  # no worker outlives the build, whatever ends it
            for item, counts in built:
                count(item, counts)
    return counted
