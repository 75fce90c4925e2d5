"""The folder of a run: what it was started with, and that nobody else writes there."""

import errno
import json
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from corpus.records import CorpusError
from corpus.training.files import sync_tree, write_text
from corpus.training.leaderboard import RUN, Row
from corpus.training.log import LOG

_LOCK = ".lock"
_OURS = (
    RUN, LOG, "curve.svg", "samples.md", "last", "best", ".states", "tensorboard", "wandb",
    "wandb.txt", "eval",
)  # fmt: skip

Identity = dict[str, Any]


def run_name(base: str, identity: Identity) -> str:
    """Name a run by what it does, so that the same command finds it again.

    >>> run_name("kogpt2-base-v2", {"labels": "all-sys", "seed": 0})
    'kogpt2-base-v2-all-sys-52ed15a4'
    """
    digest = sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    return f"{base}-{identity['labels']}-{digest}"


@contextmanager
def open_run(run: Path, identity: Identity, *, fresh: bool) -> Iterator[None]:
    """Lock the folder of a run and see that it belongs to this run, or to none yet.

    What saving needs of the file system is tried here, not after an hour of training.

    Raises:
        CorpusError: another process trains there, it holds a run with other options, or no run but
            other files, or the file system cannot do what saving needs.
    """
    new = not run.exists()
    run.mkdir(parents=True, exist_ok=True)
    try:
        with _locked(run):
            if not (run / RUN).exists():
                _check_empty(run)
            elif fresh:
                _remove(run)
            else:
                _check_identity(run, identity)
            _try_out(run)
            yield
    finally:
        if new and not (run / RUN).exists():  # it was refused: nothing of it stays
            with suppress(OSError):
                (run / _LOCK).unlink(missing_ok=True)
                run.rmdir()


@contextmanager
def _locked(run: Path) -> Iterator[None]:
    lock = FileLock(run / _LOCK)
    try:
        with warnings.catch_warnings():
            # Where the file system has no locks, filelock takes the file itself and says so.
            warnings.simplefilter("ignore", UserWarning)
            lock.acquire(timeout=0)
    except Timeout:
        raise CorpusError(
            f"another train.py is at work in {run}. If it is not, remove {run / _LOCK}."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _try_out(run: Path) -> None:
    """Write, replace and rename as a save does."""
    before, after = run / ".try.tmp", run / ".tried.tmp"
    try:
        for path in (before, after):
            shutil.rmtree(path, ignore_errors=True)
        before.mkdir()
        write_text(before / "file", "1")
        write_text(before / "file", "2")
        sync_tree(before)
        before.rename(after)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS):
            raise  # told in other words
        raise CorpusError(
            f"the file system of {run} cannot hold a run ({error.strerror}): name a folder on "
            "another disk with --out."
        ) from error
    finally:
        for path in (before, after):
            shutil.rmtree(path, ignore_errors=True)


def write_run(run: Path, identity: Identity, row: Row) -> None:
    """Write `run.json`: what the run was started with, and its row on the leaderboard."""
    text = json.dumps({"options": identity, "row": row}, ensure_ascii=False, indent=1)
    write_text(run / RUN, text + "\n")


def started_on(run: Path) -> str | None:
    """Return the date on which the run in this folder was started, if there is one."""
    if not (run / RUN).exists():
        return None
    date: str = json.loads((run / RUN).read_text(encoding="utf-8"))["row"]["date"]
    return date


def _remove(run: Path) -> None:
    for path in (run / name for name in _OURS):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _check_empty(run: Path) -> None:
    others = [path.name for path in run.iterdir() if path.name not in (_LOCK, *_OURS)]
    if others:
        raise CorpusError(
            f"{run} holds no run but other files ({others[0]}): name an empty folder."
        )


def _check_identity(run: Path, identity: Identity) -> None:
    before = json.loads((run / RUN).read_text(encoding="utf-8"))["options"]
    for name, value in json.loads(json.dumps(identity)).items():
        if before.get(name) != value:
            raise CorpusError(
                f"the run in {run} was started with {name} {before.get(name)}, not {value}: give "
                "the same options to go on, another --out, or --fresh to start over."
            )
