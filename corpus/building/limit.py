"""A time limit for work that this process does itself, so that no other process ends it."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from corpus.records import CorpusError

_T = TypeVar("_T")


class TooLongError(BaseException):
    """The limit is over. No `except Exception` on the way may take this for an error of its own."""


@contextmanager
def at_most(seconds: float | None) -> Iterator[None]:
    """Raise TooLongError in the block once it has run for so long.

    The alarm of the operating system does it, which Windows lacks and which reaches the main thread
    alone; elsewhere, and where somebody else has set the alarm, there is no limit.
    """
    can = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds is None or not can or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def attempt(act: Callable[[], _T], seconds: float | None) -> _T | str:
    """Return what `act` returns, or in words why it failed or took too long.

    Raises:
        CorpusError: nothing can be done any more.
        OSError: the disk is full or broken.
    """
    try:
        with at_most(seconds):
            return act()
    except (OSError, CorpusError):
        raise
    except TooLongError:
        return too_long(seconds or 0)
    except Exception as error:  # noqa: BLE001 - whatever it is, what else there is to do is done
        return f"{type(error).__name__}: {error}"


def too_long(seconds: float) -> str:
    """Return why something was ended."""
    return f"it took longer than --item-timeout, {seconds:g} s"
