"""Where items are built on a Ray cluster: one task for each, so many in flight as keep it busy.

Ray tries a task again whose worker or node was lost. A part goes straight into `.work/`, which all
nodes see; what was counted is all that comes back.
"""

import os
import re
from collections.abc import Generator, Mapping, Sequence
from functools import lru_cache
from logging import ERROR
from socket import create_connection

from corpus.building.item import reject_item
from corpus.building.workers import TRIES, build_or_tell, use_one_thread
from corpus.counts import Counts
from corpus.options import Options
from corpus.output.manifest import versions as builder_versions
from corpus.records import TOKENIZER, CorpusError, Item
from corpus.remote import Folder
from corpus.tokens.encoder import Encoder

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
os.environ.setdefault("RAY_task_oom_retries", str(TRIES - 1))  # else without end
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # leave CUDA_VISIBLE_DEVICES alone
import ray

IN_FLIGHT = 2  # tasks for each CPU of the cluster: one runs, one waits
PATIENCE = 10.0  # seconds for a cluster to answer: Ray itself goes on trying for minutes
OBJECT_STORE_BYTES = 128 << 20  # of a local Ray: items and counts are all that it holds

Answer = Counts | str | Exception


def run_on_ray(
    raw: Folder,
    work: Folder,
    items: Sequence[Item],
    encoder: Encoder,  # noqa: ARG001 - every node reads its own from `work`
    options: Options,
    *,
    workers: int,
    address: str | None,
    versions: Mapping[str, str],
) -> Generator[tuple[Item, Counts], None, None]:
    """Build `items` and yield each with what was counted, in the order in which they are done.

    Args:
        raw: seen by all nodes under this path, as is `work`.
        work: the folder of the build.
        items: what to build.
        encoder: not used here.
        options: of the build.
        workers: CPUs of a Ray that is started here.
        address: of the cluster; None starts Ray here.
        versions: what every node has to have.

    Raises:
        CorpusError: as `build_item` does, a node has other versions, or there is no such cluster.
        OSError: the disk is full or broken; what is done stays done.
    """
    ours = not ray.is_initialized()
    if ours:
        _start(address, workers)
    build = ray.remote(max_retries=TRIES - 1)(build_one)
    waiting = iter(items)
    running: dict[ray.ObjectRef[Answer], Item] = {}
    try:
        while True:
            cpus = int(ray.cluster_resources().get("CPU", 0)) or 1  # it may grow, even from none
            room = IN_FLIGHT * cpus - len(running)
            for _, item in zip(range(room), waiting, strict=False):
                running[build.remote(raw.absolute(), work.absolute(), item, options, versions)] = (
                    item
                )
            if not running:
                break
            ray.wait(list(running), num_returns=1)
            done, _ = ray.wait(list(running), num_returns=len(running), timeout=0)
            for ref in done:
                item = running.pop(ref)
                answer = _answer(ref)
                yield item, reject_item(work, item, answer) if isinstance(answer, str) else answer
    finally:
        for ref in running:
            ray.cancel(ref, force=True)
        if ours:
            ray.shutdown()


def _start(address: str | None, workers: int) -> None:
    """Start Ray here, or connect to a cluster."""
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


def _answer(ref: "ray.ObjectRef[Answer]") -> Counts | str:
    """Return what became of an item.

    Raises:
        CorpusError: the build cannot go on.
        OSError: the disk is full or broken.
    """
    try:
        answer: Answer = ray.get(ref)
    except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError) as death:
        return f"its worker process died: {type(death).__name__}"
    except ray.exceptions.RayError as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise CorpusError(f"Ray failed ({reason}); the same command goes on from here.") from error
    if isinstance(answer, Exception):
        raise answer
    return answer


def build_one(
    raw: Folder, work: Folder, item: Item, options: Options, versions: Mapping[str, str]
) -> Answer:
    """Build an item on whatever node this runs; return what was counted, or what went wrong."""
    here = builder_versions()
    others = [f"{name} is {here[name]} there" for name in versions if here[name] != versions[name]]
    if others:
        return CorpusError(f"A node of the Ray cluster has other versions: {'; '.join(others)}.")
    try:
        return build_or_tell(raw, work, item, _encoder(work), options)
    except (OSError, CorpusError) as error:
        return error


@lru_cache(maxsize=1)
def _encoder(work: Folder) -> Encoder:
    """Return the encoder of this worker, which learns from one item for the next."""
    use_one_thread()
    return Encoder((work / TOKENIZER).read_bytes())
