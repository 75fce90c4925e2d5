"""Settings of a process that only builds: the command line, or a worker.

Never called when somebody imports `corpus`, because it changes the whole process.
"""

import gc
import sys


def tune_process() -> None:
    """Hide pandas from pyarrow, and collect garbage less often.

    pyarrow imports pandas, if it is installed, to ask whether a value is a Series; a build passes
    none. Hiding pandas saves 0.4 CPU-seconds and 30 MB. Python searches for cycles after every 700
    new objects; a build makes millions of objects and no cycles. Searching less often saves half a
    second for 20,000 dialogues.
    """
    sys.meta_path.insert(0, _WithoutPandas)
    gc.set_threshold(50_000, 10, 10)


def end_without_search() -> None:
    """Let Python end without its last search for cycles, which takes 0.2 s behind a build."""
    gc.freeze()


class _WithoutPandas:
    """An import hook (`sys.meta_path`) that reports pandas as not installed."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
