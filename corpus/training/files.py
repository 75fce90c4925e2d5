"""Write a file or a folder so that a reader finds the old one or the new one, never a torn one."""

import os
from pathlib import Path


def write_text(path: Path, text: str) -> None:
    """Replace a small file."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def point(link: Path, target: Path) -> None:
    """Let the symbolic link `link` point to `target`, in one step from the old target."""
    beside = link.with_name(f".{link.name}.tmp")
    beside.unlink(missing_ok=True)
    beside.symlink_to(os.path.relpath(target, link.parent))
    beside.replace(link)
    sync(link.parent)


def sync_tree(folder: Path) -> None:
    """Have the disk hold a folder and all in it."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Have the disk hold one file, or the names in one folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
