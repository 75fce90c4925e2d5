"""The processes of this machine that do the steps of a build: items, and pieces of the commit.

A step depends on no other step and leaves its result in `.work/`. So a worker process may be killed
at any time: that costs another try of the one step it was at.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Generator, Hashable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from threading import Thread
from types import TracebackType
from typing import Any, Self

from corpus.building.limit import too_long
from corpus.building.process import tune_process
from corpus.building.waiting import Step, Waiting
from corpus.records import CorpusError

TRIES = 3
# A worker needs about a second to start, as long as it builds 8 MB: below this it does not pay.
BYTES_PER_WORKER = 48 << 20
CANNOT_START = (
    "Worker processes cannot be started. A script that builds must do so under "
    '`if __name__ == "__main__"`, for they import it; --workers 1 needs none.'
)


@dataclass(frozen=True, slots=True)
class Death:
    """The answer of a step that ended its worker process `TRIES` times."""

    why: str


class Workers:
    """Processes that do one step after the other. A context, which ends them.

    Attributes:
        is_here: there are none, and this process does all steps.
        ends_steps: a step that takes too long is ended, with its process.
    """

    def __init__(self, *, workers: int, n_bytes: int) -> None:
        """Start nothing yet.

        Args:
            workers: processes at most.
            n_bytes: how many bytes of raw/ the build reads; a small build runs in this process.
        """
        self._asked_for = workers
        self._workers: dict[object, _Worker] = {}  # by their connections
        self.expect(n_bytes)

    def expect(self, n_bytes: int) -> None:
        """Have as many processes as pay for so many bytes of raw/; called between two runs."""
        self._most = min(self._asked_for, n_bytes // BYTES_PER_WORKER)
        self.is_here = self._most < 2
        self.ends_steps = not self.is_here
        for connection in [*self._workers][0 if self.is_here else self._most :]:
            self._workers.pop(connection).stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers.values():
            worker.stop()

    def run(
        self,
        steps: Sequence[Step],
        *,
        seconds: float | None = None,
        near: Sequence[Hashable] | None = None,
    ) -> Generator[tuple[int, Any], None, None]:
        """Do some steps and yield the place and the answer of each, in the order they are done.

        All answers must be taken before the next steps are given.

        Args:
            steps: what to do, in about this order.
            seconds: a process that is longer at one step is ended, as if it had died.
            near: for each step what it is near to: one process does them one after the other.

        Raises:
            CorpusError: no worker process can be started.
            Exception: a step has raised it.
        """
        if self.is_here:
            yield from ((place, step()) for place, step in enumerate(steps))
            return
        try:
            yield from self._run(steps, seconds, near)
        finally:  # nobody waits for a step that was begun: it must write nothing from here on
            for connection, worker in [*self._workers.items()]:
                if worker.place is not None:
                    self._workers.pop(connection).stop()

    def _run(
        self, steps: Sequence[Step], seconds: float | None, near: Sequence[Hashable] | None
    ) -> Generator[tuple[int, Any], None, None]:
        waiting = Waiting(steps, near)
        deaths: Counter[int] = Counter()  # by the place of the step
        stillborn = 0  # workers that died before they were ready, one after the other
        while waiting or any(worker.place is not None for worker in self._workers.values()):
            while len(self._workers) < min(self._most, len(steps)):
                worker = _Worker()
                self._workers[worker.connection] = worker
            for worker in self._workers.values():
                if waiting and worker.is_ready and worker.place is None:
                    others = [one.where for one in self._workers.values() if one is not worker]
                    worker.where, number, step = waiting.take(worker.where, others)
                    worker.give(number, step)
            for worker in self._next_to_answer(seconds):
                place = worker.place
                try:
                    answer = worker.answer()
                    stillborn = 0
                except EOFError as death:
                    del self._workers[worker.connection]
                    stillborn += not worker.is_ready
                    if stillborn == TRIES:
                        raise CorpusError(f"{CANNOT_START} ({death})") from None
                    answer = Death(str(death))
                    if place is not None:
                        deaths[place] += 1
                        if deaths[place] < TRIES:  # behind the others, when memory may be free
                            waiting.put_back(place)
                            continue
                if place is not None:
                    yield place, answer

    def _next_to_answer(self, seconds: float | None) -> "list[_Worker]":
        """Wait until some workers have something to say, be it by their death, and return them."""
        workers = self._workers.values()
        begun = [worker.begun for worker in workers if worker.place is not None]
        room = None
        if seconds is not None and begun:
            room = max(0.0, min(begun) + seconds - time.monotonic())
        ready = wait([worker.connection for worker in workers], room)
        if not ready and seconds is not None:
            for worker in workers:
                if worker.place is not None and time.monotonic() - worker.begun >= seconds:
                    worker.end(too_long(seconds))
        return [self._workers[connection] for connection in ready]


class _Worker:
    """A process that does one step after the other, seen from the build."""

    def __init__(self) -> None:
        context = get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs,), daemon=True)
        # Ctrl-C reaches all processes of a terminal, but is the build's alone, which ends its
        # workers. They inherit the mask, so that it does not reach one that still starts either.
        with _without_ctrl_c():
            try:
                self.process.start()
            except BrokenPipeError as error:  # killed before it was told what to do
                raise CorpusError(f"{CANNOT_START} ({error})") from None
        theirs.close()  # the process has the only other end: it is closed when that dies
        self.is_ready = False
        self.place: int | None = None  # of the step that it is at
        self.where: Hashable = None  # its last step was
        self.begun = 0.0  # when it was given that step
        self.why = ""  # it was ended

    def give(self, place: int, step: Step) -> None:
        """Let it do a step; if it is dead, `answer` will say so."""
        self.place, self.begun = place, time.monotonic()
        with suppress(OSError):
            self.connection.send(step)

    def answer(self) -> Any:  # noqa: ANN401 - of any step
        """Return the answer to its step, once the connection has something to say.

        Raises:
            EOFError: it is dead; how it died.
            Exception: the step has raised it.
        """
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            self.stop()
            code = self.process.exitcode
            raise EOFError(self.why or f"its worker process died (exit code {code})") from None
        self.is_ready, self.place = True, None
        if isinstance(answer, Exception):
            raise answer
        return answer

    def end(self, why: str) -> None:
        """End the process; `answer` will say why."""
        self.why = why
        self.process.kill()

    def stop(self) -> None:
        """End the process, whatever it is at."""
        self.process.kill()
        self.process.join()
        self.connection.close()


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """Start processes in the block that Ctrl-C does not reach; Windows knows no such mask."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # or it would be started in the block, and unblock SIGINT
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _work(connection: Connection) -> None:
    """Do the steps that come in, one thread for all of them, until the build has ended."""
    tune_process()
    use_one_thread()
    if not hasattr(signal, "pthread_sigmask"):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the build's alone
    Thread(target=_follow, daemon=True).start()
    with suppress(EOFError, OSError):  # of the connection: the build is gone
        connection.send("ready")
        while True:
            step: Step = connection.recv()
            try:
                answer = step()
            except Exception as error:  # noqa: BLE001 - it is raised in the build
                answer = error
            connection.send(answer)


def use_one_thread() -> None:
    """Let the libraries of this process leave the other cores to other workers."""
    import pyarrow as pa  # noqa: PLC0415 - the process of the build does without

    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)


def _follow() -> None:
    """End this worker as soon as the process of the build has ended, be it by kill -9."""
    build = parent_process()
    if build is not None:
        build.join()
        os._exit(1)
