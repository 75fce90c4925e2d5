"""Settings of a process that only builds: the command line, or a worker.

Never called when somebody imports `corpus`, because it changes the whole process.
"""

import atexit
import gc
import os
import sys
from contextlib import suppress


def tune_process() -> None:
    """Hide pandas from pyarrow, and collect garbage less often.

    pyarrow imports pandas, if it is installed, to ask whether a value is a Series; a build passes
    none. Hiding pandas saves 0.4 CPU-seconds and 30 MB. Python searches for cycles after every 700
    new objects; a build makes millions of objects and no cycles (a test holds that what is broken
    makes none). Searching less often saves half a second for 20,000 dialogues.
    """
    sys.meta_path.insert(0, _WithoutPandas)
    gc.set_threshold(500_000, 10, 10)


class Ending:
    """Ends this process without taking Python and its libraries down.

    That would take 0.2 s behind a build, and once in some hundred calls a thread of Arrow's that
    still runs ends the process by SIGABRT then. Exit functions run as ever: this one is registered
    first, and so it is called last.

    Attributes:
        code: the exit code; None: the process ends as usual.
    """

    def __init__(self) -> None:
        """Be called when Python ends."""
        self.code: int | None = None
        atexit.register(self._end)

    def _end(self) -> None:
        if self.code is not None:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(self.code)


class _WithoutPandas:
    """An import hook (`sys.meta_path`) that reports pandas as not installed."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
