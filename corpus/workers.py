"""Where items are built: in this process, or in worker processes that may be killed at any time.

Items are independent and leave their result in `.work/`, so a worker that dies costs a retry of
what it was at, never more. An item that fails three times is rejected as an item.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread

import pyarrow as pa

from corpus.counts import Counts
from corpus.item import Options, build_item, reject_item
from corpus.plan import n_bytes
from corpus.records import CorpusError, Item
from corpus.tokens.encoder import Encoder
from corpus.work import TOKENIZER

TRIES = 3
# A worker needs about a second to start, as long as it builds 8 MB: below this it does not pay.
BYTES_PER_WORKER = 48 << 20

_encoder: Encoder  # of a worker process, made once when it starts


def run_items(
    raw: Path,
    work: Path,
    items: Sequence[Item],
    encoder: Encoder,
    options: Options,
    *,
    workers: int,
) -> Iterator[tuple[Item, Counts]]:
    """Build `items` and yield each with what was counted, in the order in which they are done.

    Raises:
        CorpusError: as `build_item` does.
        OSError: the disk is full or broken; what is done stays done.
    """
    workers = min(workers, len(items), sum(map(n_bytes, items)) // BYTES_PER_WORKER)
    if workers < 2:
        for item in items:
            yield item, _build_here(raw, work, item, encoder, options)
        return
    with closing(_Pool(raw, work, options, workers)) as pool:
        yield from pool.run(items)


def _build_here(raw: Path, work: Path, item: Item, encoder: Encoder, options: Options) -> Counts:
    for attempt in range(1, TRIES + 1):
        try:
            return build_item(raw, work, item, encoder, **options)
        except (OSError, CorpusError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other items live
            if attempt == TRIES:
                return reject_item(work, item, _told(error))
    raise AssertionError  # unreachable


class _Pool:
    """A pool of processes that is made anew when one of them dies."""

    def __init__(self, raw: Path, work: Path, options: Options, workers: int) -> None:
        self._raw, self._work, self._options, self._workers = raw, work, options, workers
        self._executor: ProcessPoolExecutor | None = None

    def run(self, items: Sequence[Item]) -> Iterator[tuple[Item, Counts]]:
        """Build the items, as many at once as there are workers."""
        waiting = list(reversed(items))
        tries: Counter[int] = Counter()
        running: dict[Future[Counts], Item] = {}
        alone: list[Item] = []  # one of them may have killed a worker: each is tried for itself
        while waiting or running or alone:
            n_free = (1 if alone else self._workers) - len(running)
            for _ in range(n_free):
                source = alone or waiting
                if source and not (alone and running):
                    item = source.pop()
                    running[self._submit(item)] = item
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                item = running.pop(future)
                try:
                    yield item, future.result()
                    continue
                except (OSError, CorpusError):
                    raise
                except BrokenProcessPool:
                    suspects, error = [item, *running.values()], "its worker process died"
                    running.clear()
                    self.close()
                except Exception as raised:  # noqa: BLE001 - whatever it is, the others live
                    suspects, error = [item], _told(raised)
                for suspect in suspects:
                    tries[suspect.index] += 1
                    if tries[suspect.index] == TRIES:
                        yield suspect, reject_item(self._work, suspect, error)
                    else:
                        alone.append(suspect)
                break  # `done` may hold futures of the pool that is gone

    def _submit(self, item: Item) -> Future[Counts]:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self._workers,
                mp_context=get_context("spawn"),
                initializer=_start_worker,
                initargs=(self._work,),
            )
        return self._executor.submit(_build_in_worker, self._raw, self._work, item, self._options)

    def close(self) -> None:
        """Stop the processes; what they are at is left undone."""
        if self._executor is not None:
            for process in active_children():
                process.terminate()
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


def _start_worker(work: Path) -> None:
    """Make a worker ready: one thread for itself, its own encoder, gone when the build is gone."""
    global _encoder  # noqa: PLW0603 - what a worker holds from item to item
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the build's, which ends its workers
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    Thread(target=_follow, daemon=True).start()
    _encoder = Encoder((work / TOKENIZER).read_bytes())


def _follow() -> None:
    """End this worker as soon as the process of the build has ended, be it by kill -9."""
    build = parent_process()
    if build is not None:
        build.join()
        os._exit(1)


def _build_in_worker(raw: Path, work: Path, item: Item, options: Options) -> Counts:
    return build_item(raw, work, item, _encoder, **options)


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
