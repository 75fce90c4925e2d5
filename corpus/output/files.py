"""Files that stand under their names whole or not at all, and our JSON."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import orjson

from corpus.records import CorpusError
from corpus.remote import Folder, Remote

NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
NO_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}  # of folders, on some network file systems
_WRITER = token_hex(4)  # processes of several machines that share a folder may have the same number


def write_file(path: Folder, content: bytes) -> None:
    """Write a file so that it stands under its name whole or not at all, even after a power cut."""
    if isinstance(path, Remote):
        path.write_bytes(content)
        return
    temporary = temporary_of(path)
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)  # on a full disk it would be in the way
        raise
    sync_folder(path.parent)


def temporary_of(path: Path) -> Path:
    """Return the name under which this process alone writes a file before it is whole."""
    return path.with_name(f"{path.name}.{_WRITER}-{os.getpid()}.tmp")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can do so."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folder
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in NO_SYNC:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a folder that is removed again; nothing else is to be written while it is there.

    Raises:
        CorpusError: there is no room for what is written.
    """
    try:
        with TemporaryDirectory(prefix="corpus-") as folder:
            yield Path(folder)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise CorpusError(
                f"the folder for temporary files, {gettempdir()}, is full: make room there, or "
                "let TMPDIR name another one."
            ) from error
        raise


def write_json(path: Folder, value: Any) -> None:  # noqa: ANN401 - JSON is what it is
    """Write `value` as `json_bytes` gives it."""
    write_file(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:  # noqa: ANN401
    """Return `value` as readable JSON, keys in order, for people and for equal bytes."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def read_json(path: Folder) -> Any:  # noqa: ANN401
    """Read a JSON file of ours.

    Raises:
        CorpusError: somebody or something has damaged it.
    """
    try:
        return orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise CorpusError(f"{path} is damaged ({error}): remove it and build again.") from error
