"""Processes that begin with torch and transformers loaded.

To load them costs 5 CPU-seconds, which each process that Python starts pays again. These are forks
of one process that has loaded them and has computed nothing; it is asked by a socket.
"""

import atexit
import gc
import importlib
import os
import pickle
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

LOADED = ("corpus.training.session", "corpus.chat.engine", "corpus.chat.terminal")
PATIENCE = 1800  # seconds: on a busy machine what is slow takes minutes
WORD = 16  # bytes of a number that is told


@dataclass
class Forked:
    """A process that was forked, much like a `subprocess.Popen`."""

    pid: int
    folder: Path
    _told: int  # its exit status comes by this descriptor
    returncode: int | None = field(default=None, init=False)

    def poll(self):
        """Return its exit status; None while it runs."""
        return self.wait(0)

    def wait(self, seconds=PATIENCE):
        """Wait for it and return its exit status; None if it still runs."""
        if self.returncode is None and select.select([self._told], [], [], seconds)[0]:
            self.returncode = int(os.read(self._told, WORD))
            os.close(self._told)
        return self.returncode

    def send_signal(self, number):
        if self.poll() is None:
            os.kill(self.pid, number)

    def end(self, seconds=PATIENCE):
        """Wait for it and return what it wrote, and its exit status."""
        if self.wait(seconds) is None:
            self.send_signal(signal.SIGKILL)
        return *(self.written(name).decode() for name in ("stdout", "stderr")), self.returncode

    def written(self, stream):
        """Return what it has written so far, to `stdout` or to `stderr`."""
        return (self.folder / stream).read_bytes()


def fork(function, *arguments, folder, given=b"", terminal=None, **environment):
    """Call a function of a module in a process of its own; what it returns is the exit status.

    Args:
        function: what to call; `run_module` and `run_script` run programs.
        arguments: of the function.
        folder: the process runs here, and what it writes lies here as `stdout` and `stderr`.
        given: what it reads.
        terminal: a descriptor; instead of files the process has this terminal, as its own.
        environment: more variables.
    """
    files = [_opened(folder, name) for name in ("stdin", "stdout", "stderr")]
    os.write(files[0], given)
    os.lseek(files[0], 0, os.SEEK_SET)
    call = (function, arguments, str(folder), dict(os.environ) | environment, terminal is not None)
    content = pickle.dumps((sys.path, pickle.dumps(call)))
    told, tell = os.pipe()
    server = _server()
    server.sendall(len(content).to_bytes(WORD) + content)
    streams = files if terminal is None else [terminal] * 3
    socket.send_fds(server, [b"!"], [tell, *streams])
    for one in (tell, *files):
        os.close(one)
    return Forked(int(os.read(told, WORD)), folder, told)


def run_module(name, *words):
    """Run a module as `python -m` does."""
    sys.argv = [name, *words]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def run_script(path, *words):
    """Run a script as `python` does."""
    sys.argv = [path, *words]
    runpy.run_path(path, run_name="__main__")


def _opened(folder, name):
    return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC)


@cache
def _server():
    ours, theirs = socket.socketpair()
    with theirs:
        subprocess.Popen(
            [sys.executable, __file__, *LOADED],
            stdin=theirs,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,  # Ctrl-C does not end it: it ends when nobody can ask it
        )
    return ours


def _serve(modules):
    """Load modules and fork whenever it is asked; in a fork, return what it shall do."""
    for one in modules:
        with suppress(ImportError):  # of an extra that is not installed
            importlib.import_module(one)
    gc.collect()
    gc.freeze()  # so that forks do not copy what they look through
    asked = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's `&`
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    while length := asked.recv(WORD, socket.MSG_WAITALL):
        content = asked.recv(int.from_bytes(length), socket.MSG_WAITALL)
        _, descriptors, *_ = socket.recv_fds(asked, 1, 4)
        if os.fork() == 0:
            asked.close()
            return _begin(content, *descriptors)
        for one in descriptors:
            os.close(one)
    os._exit(0)


def _begin(content, tell, *streams):
    """Fork once more: one process waits for the other, which returns what it shall do."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child:
        os.write(tell, f"{child:{WORD}}".encode())
        for one in (0, *streams):
            os.close(one)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(BrokenPipeError):
            os.write(tell, f"{status:{WORD}}".encode())
        os._exit(0)
    os.close(tell)
    sys.path[:], call = pickle.loads(content)
    function, arguments, folder, environment, is_terminal = pickle.loads(call)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    _take_over(streams, is_terminal=is_terminal)
    random.seed()
    return lambda: _end(function, arguments)


def _end(function, arguments):
    """Call a function and end as Python does, which takes all modules down: half a second."""
    try:
        status = function(*arguments)
    except SystemExit as stop:
        status = stop.code
    except BaseException:  # noqa: BLE001 - it is told
        traceback.print_exc()
        status = 1
    if isinstance(status, str):
        print(status, file=sys.stderr)
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(status or 0)


def _take_over(streams, *, is_terminal):
    """Let the process read and write by these descriptors."""
    for number, one in enumerate(streams):
        os.dup2(one, number)
    for one in set(streams):
        os.close(one)
    if is_terminal:
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    encoding, _, errors = os.environ.get("PYTHONIOENCODING", "utf-8").partition(":")
    modes = {"stdin": ("r", errors or "strict"), "stdout": ("w", errors or "strict"),
             "stderr": ("w", "backslashreplace")}  # fmt: skip
    for number, (name, (mode, on_error)) in enumerate(modes.items()):
        lines = 1 if is_terminal or name == "stderr" else -1
        stream = open(number, mode, lines, encoding, on_error, closefd=False)  # noqa: SIM115
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


if __name__ == "__main__":
    _serve(sys.argv[1:])()
