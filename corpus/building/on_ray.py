"""The steps of a build on a Ray cluster: one task for each, enough in flight to keep it busy.

Ray tries a task again if its worker or node was lost. A step writes its files straight into
`.work/`, which all nodes see; its answer, which is small, is all that comes back.
"""

import os
import re
from collections.abc import Generator, Hashable, Mapping, Sequence
from logging import ERROR
from socket import create_connection
from types import TracebackType
from typing import Any, Self

from corpus.building.waiting import Step
from corpus.building.workers import TRIES, Death, use_one_thread
from corpus.output.manifest import versions as builder_versions
from corpus.records import CorpusError

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
os.environ.setdefault("RAY_task_oom_retries", str(TRIES - 1))  # by default Ray tries for ever
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # leave CUDA_VISIBLE_DEVICES alone
import ray

IN_FLIGHT = 2  # tasks for each CPU of the cluster: one runs, one waits
PATIENCE = 10.0  # seconds for a cluster to answer: Ray itself goes on trying for minutes
OBJECT_STORE_BYTES = 128 << 20  # of a local Ray: steps and answers are all that it holds


class RayTasks:
    """Does steps as tasks of Ray. A context, which ends a Ray that it has started.

    Attributes:
        is_here: never, for a task runs in a process of Ray.
        ends_steps: never: nothing tells how long a task waited before it ran.
    """

    is_here = False
    ends_steps = False

    def __init__(
        self, *, workers: int, n_bytes: int, address: str | None, versions: Mapping[str, str]
    ) -> None:
        """Start nothing yet.

        Args:
            workers: CPUs of a Ray that is started here.
            n_bytes: not used: the cluster is there, however small the build is.
            address: of the cluster; None starts Ray here.
            versions: what every node has to have.
        """
        del n_bytes
        self._workers, self._address, self._versions = workers, address, versions
        self._ours = False

    def expect(self, n_bytes: int) -> None:
        """Do nothing: the cluster is there, however small the build is."""

    def __enter__(self) -> Self:
        """Start Ray, or connect to the cluster.

        Raises:
            CorpusError: there is no such cluster.
        """
        self._ours = not ray.is_initialized()
        if self._ours:
            start(self._address, self._workers)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ours:
            ray.shutdown()

    def run(
        self,
        steps: Sequence[Step],
        *,
        seconds: float | None = None,  # noqa: ARG002 - see `ends_steps`
        near: Sequence[Hashable] | None = None,  # noqa: ARG002 - Ray says which process does what
    ) -> Generator[tuple[int, Any], None, None]:
        """Do some steps and yield the place and the answer of each, in the order they are done.

        Raises:
            CorpusError: Ray fails, or a node has other versions.
            Exception: a step has raised it.
        """
        task = ray.remote(max_retries=TRIES - 1)(do)
        waiting = iter(enumerate(steps))
        running: dict[ray.ObjectRef[Any], int] = {}
        try:
            while True:
                cpus = int(ray.cluster_resources().get("CPU", 0)) or 1  # it may grow, from none
                room = IN_FLIGHT * cpus - len(running)
                for _, (place, step) in zip(range(room), waiting, strict=False):
                    running[task.remote(step, self._versions)] = place
                if not running:
                    break
                ray.wait(list(running), num_returns=1)
                done, _ = ray.wait(list(running), num_returns=len(running), timeout=0)
                for ref in done:
                    place = running.pop(ref)
                    yield place, _answer(ref)
        finally:
            for ref in running:
                ray.cancel(ref, force=True)


def start(address: str | None, workers: int) -> None:
    """Start Ray here, or connect to a cluster.

    Raises:
        CorpusError: there is no such cluster.
    """
    try:
        if address:
            if port := re.fullmatch(r"(?:ray://)?\[?(.+?)\]?:([0-9]+)", address):  # else `auto`
                create_connection((port[1], int(port[2])), timeout=PATIENCE).close()
            ray.init(address=address, log_to_driver=False, logging_level=ERROR)
        else:
            ray.init(
                num_cpus=workers,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                log_to_driver=False,
                logging_level=ERROR,
            )
    except (OSError, RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        where = f"reach the Ray cluster at {address}" if address else "start Ray here"
        raise CorpusError(f"Cannot {where}: {reason}.") from error


def _answer(ref: "ray.ObjectRef[Any]") -> Any:  # noqa: ANN401 - of any step
    """Return the answer of a task.

    Raises:
        CorpusError: Ray fails.
        Exception: the step has raised it.
    """
    try:
        answer = ray.get(ref)
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as death:
        return Death(f"its worker process died: {type(death).__name__}")
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise CorpusError(f"Ray failed ({reason}); the same command goes on from here.") from error
    if isinstance(answer, Exception):
        raise answer
    return answer


def do(step: Step, versions: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Do a step on whatever node this runs; return its answer, or what went wrong."""
    use_one_thread()
    here = builder_versions()
    others = [f"{name} is {here[name]} there" for name in versions if here[name] != versions[name]]
    if others:
        return CorpusError(f"A node of the Ray cluster has other versions: {'; '.join(others)}.")
    try:
        return step()
    except Exception as error:  # noqa: BLE001 - it is raised in the build
        return error
