"""Processes that begin with torch and transformers loaded.

To load them costs 5 CPU-seconds, which each process that Python starts pays again. These are forks
of one process that has loaded them and has computed nothing.
"""

import multiprocessing
import os
import sys
from dataclasses import dataclass
from pathlib import Path

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["corpus.training.session"])


@dataclass
class Forked:
    """A process that calls a function in a folder; its output lies in files."""

    process: multiprocessing.Process
    out: Path
    err: Path

    @property
    def pid(self):
        return self.process.pid

    def poll(self):
        """Return its exit status; None while it runs."""
        return self.process.exitcode

    def end(self, seconds):
        """Wait for it and return what it wrote, and its exit status."""
        self.process.join(seconds)
        status = self.poll()
        if status is None:
            self.process.kill()
        return self.out.read_text(), self.err.read_text(), status


def fork(function, *arguments, folder, **environment):
    """Call a function of a module in a process of its own; what it returns is the exit status."""
    out, err = folder / "stdout", folder / "stderr"
    process = CONTEXT.Process(
        target=_call, args=(function, arguments, folder, environment, out, err), daemon=True
    )
    process.start()
    return Forked(process, out, err)


def _call(function, arguments, folder, environment, out, err):
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        with path.open("wb") as file:
            os.dup2(file.fileno(), stream.fileno())
    os.chdir(folder)
    os.environ.update(environment)
    sys.exit(function(*arguments))
