"""Write a file or a folder so that a reader finds the old one or the new one, never a torn one.

It asks for as little as Google Drive, exFAT and Windows have: renaming. Symbolic links are used
where there are any, and folders need not be synchronised where that is not possible.
"""

import errno
import os
import shutil
from pathlib import Path

_NO_SYNC = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}  # of folders, on some network file systems
_MARK = ".state"  # in a copied folder: what it is a copy of


def write_text(path: Path, text: str) -> None:
    """Replace a small file."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def show(name: Path, folder: Path, *, mark: str) -> None:
    """Let `name` show a folder: as a link to it, or where there are no links as a copy of it.

    A link moves in one step. A copy is whole before it takes its name, and is not made again if it
    has the same mark.
    """
    try:
        _point(name, folder)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EIO):
            raise
        _copy(name, folder, mark)


def _point(link: Path, target: Path) -> None:
    beside = link.with_name(f".{link.name}.tmp")
    _remove(beside)
    beside.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    if link.is_dir() and not link.is_symlink():  # a copy, from where there were no links
        shutil.rmtree(link)
    beside.replace(link)
    sync(link.parent)


def _copy(name: Path, folder: Path, mark: str) -> None:
    if (name / _MARK).is_file() and (name / _MARK).read_text(encoding="utf-8") == mark:
        return
    beside, before = name.with_name(f".{name.name}.tmp"), name.with_name(f".{name.name}.old")
    for path in (beside, before):
        _remove(path)
    shutil.copytree(folder, beside)
    (beside / _MARK).write_text(mark, encoding="utf-8")
    sync_tree(beside)
    if name.exists() or name.is_symlink():
        name.rename(before)
    beside.rename(name)
    _remove(before)
    sync(name.parent)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_tree(folder: Path) -> None:
    """Have the disk hold a folder and all in it."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Have the disk hold one file, or the names in one folder, where the system can do so."""
    if os.name == "nt" and path.is_dir():  # Windows opens no folder
        return
    descriptor = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)
