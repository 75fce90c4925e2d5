"""Failures of disk, memory, device or network, in one sentence each; others are our faults."""

import errno

from safetensors import SafetensorError

from corpus.records import CorpusError
from corpus.training.memory import is_out_of_memory

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def explain(error: Exception) -> str | None:
    """Return what to tell the user; `None` for what is no failure we know."""
    if isinstance(error, CorpusError):
        return str(error)
    if isinstance(error, OSError) and error.errno in _FORBIDDEN:
        return f"{error.filename} cannot be written: {error.strerror}."
    if _is_disk_full(error):
        return (
            "the disk is full: what was saved before is whole; free some space and give the same "
            "command, it goes on from there."
        )
    if is_out_of_memory(error):
        return (
            "out of memory: free some or halve --micro-tokens (the result stays the same) and give "
            "the same command, it goes on from the last save."
        )
    return None


def in_short(error: Exception) -> str:
    r"""Return the kind of an error and the first line of what it says, for a message in one line.

    >>> in_short(RuntimeError(" no Triton here\nTraceback ...")), in_short(ValueError())
    ('RuntimeError: no Triton here', 'ValueError: ')
    """
    first = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first[:200]}"


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, SafetensorError):  # it has no errno
        return any(f"os error {number}" in str(error) for number in _DISK_FULL)
    return isinstance(error, OSError) and error.errno in _DISK_FULL
