"""Where items are built: in this process, or in worker processes that may be killed at any time.

Items are independent and leave their result in `.work/`, so a worker that dies costs a retry of the
one item it was at. An item that fails three times is rejected as an item.
"""

import os
import signal
from collections import Counter, deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from threading import Thread

import pyarrow as pa

from corpus.building.item import build_item, reject_item
from corpus.building.plan import n_bytes
from corpus.building.process import tune_process
from corpus.counts import Counts
from corpus.options import Options
from corpus.records import TOKENIZER, CorpusError, Item
from corpus.remote import Folder
from corpus.tokens.encoder import Encoder

TRIES = 3
# A worker needs about a second to start, as long as it builds 8 MB: below this it does not pay.
BYTES_PER_WORKER = 48 << 20
CANNOT_START = (
    "Worker processes cannot be started. A script that builds must do so under "
    '`if __name__ == "__main__"`, for they import it; --workers 1 needs none.'
)


def run_items(
    raw: Folder,
    work: Folder,
    items: Sequence[Item],
    encoder: Encoder,
    options: Options,
    *,
    workers: int,
) -> Generator[tuple[Item, Counts], None, None]:
    """Build `items` and yield each with what was counted, in the order in which they are done.

    Raises:
        CorpusError: as `build_item` does, or no worker process can be started.
        OSError: the disk is full or broken; what is done stays done.
    """
    workers = min(workers, len(items), sum(map(n_bytes, items)) // BYTES_PER_WORKER)
    built: Iterator[tuple[Item, Counts | str]]
    if workers < 2:
        built = ((item, build_or_tell(raw, work, item, encoder, options)) for item in items)
    else:
        built = _build_in_processes(raw, work, items, options, workers)
    for item, counts in built:
        yield item, reject_item(work, item, counts) if isinstance(counts, str) else counts


def build_or_tell(
    raw: Folder, work: Folder, item: Item, encoder: Encoder, options: Options
) -> Counts | str:
    """Build an item; return what was counted, or why it failed each time."""
    for _ in range(TRIES):
        try:
            return build_item(raw, work, item, encoder, options)
        except (OSError, CorpusError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other items live
            why = f"{type(error).__name__}: {error}"
    return why


def _build_in_processes(
    raw: Folder, work: Folder, items: Sequence[Item], options: Options, n_workers: int
) -> Iterator[tuple[Item, Counts | str]]:
    """Build as many items at once as there are workers; a worker that dies is replaced."""
    waiting = deque(items)
    deaths: Counter[int] = Counter()  # by item
    stillborn = 0  # workers that died before they were ready, one after the other
    workers: dict[object, _Worker] = {}  # by their connections
    try:
        while waiting or any(worker.item for worker in workers.values()):
            while len(workers) < n_workers:
                worker = _Worker(raw, work, options)
                workers[worker.connection] = worker
            for worker in workers.values():
                if waiting and worker.is_ready and not worker.item:
                    worker.give(waiting.popleft())
            for connection in wait([worker.connection for worker in workers.values()]):
                worker = workers[connection]
                item = worker.item
                try:
                    answer = worker.answer()
                    stillborn = 0
                except EOFError as death:
                    del workers[connection]
                    stillborn += not worker.is_ready
                    if stillborn == TRIES:
                        raise CorpusError(f"{CANNOT_START} ({death})") from None
                    answer = str(death)
                    if item:
                        deaths[item.index] += 1
                        if deaths[item.index] < TRIES:
                            waiting.append(item)  # behind the others, when memory may be free
                            continue
                if item:
                    yield item, answer
    finally:
        for worker in workers.values():
            worker.stop()


class _Worker:
    """A process that builds one item after the other, seen from the build."""

    def __init__(self, raw: Folder, work: Folder, options: Options) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, raw, work, options), daemon=True)
        # Ctrl-C reaches all processes of a terminal, but is the build's alone, which ends its
        # workers. They inherit the mask, so that it does not reach one that still starts either.
        resource_tracker.ensure_running()  # or it would be started below, and unblock SIGINT
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        except BrokenPipeError as error:  # killed before it was told what to do
            raise CorpusError(f"{CANNOT_START} ({error})") from None
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()  # the process has the only other end: it is closed when that dies
        self.is_ready = False
        self.item: Item | None = None  # what it is at

    def give(self, item: Item) -> None:
        """Let it build an item; if it is dead, `answer` will say so."""
        self.item = item
        with suppress(OSError):
            self.connection.send(item)

    def answer(self) -> Counts | str:
        """Return what became of its item, once the connection has something to say.

        Raises:
            EOFError: it is dead; how it died.
            CorpusError: the build cannot go on.
            OSError: the disk is full or broken.
        """
        try:
            answer: Counts | str | Exception = self.connection.recv()
        except (EOFError, OSError):
            self.stop()
            code = self.process.exitcode
            raise EOFError(f"its worker process died (exit code {code})") from None
        self.is_ready, self.item = True, None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def stop(self) -> None:
        """End the process, whatever it is at."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _work(connection: Connection, raw: Folder, work: Folder, options: Options) -> None:
    """Build what comes in, one thread for itself, until the build has ended."""
    tune_process()
    use_one_thread()
    Thread(target=_follow, daemon=True).start()
    encoder = Encoder((work / TOKENIZER).read_bytes())
    with suppress(EOFError, OSError):  # of the connection: the build is gone
        connection.send("ready")
        while True:
            item: Item = connection.recv()
            try:
                answer: Counts | str | Exception = build_or_tell(raw, work, item, encoder, options)
            except (OSError, CorpusError) as error:
                answer = error
            connection.send(answer)


def use_one_thread() -> None:
    """Let the libraries of this process leave the other cores to other workers."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _follow() -> None:
    """End this worker as soon as the process of the build has ended, be it by kill -9."""
    build = parent_process()
    if build is not None:
        build.join()
        os._exit(1)
