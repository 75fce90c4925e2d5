"""Locks of the folder of a build: one build at a time, or any number of its shards.

`.work/locks/build.lock` is held by a build as long as it runs, and by a shard while it begins: it
then holds a lock of its own, for which a build looks. The locks end with their process, however
that ends. A network file system may not tell other machines of them, and a store has none.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from corpus.output.work import LOCKS, WORK
from corpus.records import CorpusError
from corpus.remote import Folder, Remote

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it says so where the system has no locks
    from filelock import BaseFileLock, FileLock, Timeout

PATIENCE = 2.0  # seconds: shards that begin hold the lock of the build for a moment


@contextmanager
def locked(processed: Folder, *, shared: bool = False) -> Iterator[None]:
    """Hold the build folder for one build at a time, or for any number of its shards.

    Raises:
        CorpusError: another build holds it.
    """
    if isinstance(processed, Remote):
        yield
        return
    folder = processed / WORK / LOCKS
    folder.mkdir(parents=True, exist_ok=True)
    build = _lock(folder / "build.lock")
    shard = _lock(folder / f"{token_hex(8)}.shard")
    try:
        _acquire(build, PATIENCE)
        if shared:
            _acquire(shard, 0)
            build.release()
        else:
            for path in folder.glob("*.shard"):
                other = _lock(path)
                _acquire(other, 0)
                other.release()
                path.unlink(missing_ok=True)  # its shard has ended
        yield
    except Timeout:
        raise CorpusError(f"{processed} is being built by another process.") from None
    finally:
        build.release()
        shard.release()
        Path(shard.lock_file).unlink(missing_ok=True)


def _lock(path: Path) -> BaseFileLock:
    """Return a lock; where the file system has none, the file itself is the lock."""
    return FileLock(path)


def _acquire(lock: BaseFileLock, seconds: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # filelock says that it takes the file instead
        lock.acquire(timeout=seconds)
