"""What is written to a terminal: it may lack characters, be closed, or obey control characters."""

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from corpus.records import CorpusError

CANNOT_WRITE = "the output cannot be written"
# Control characters, those that turn the direction of a line, its separators, and what is no text.
_CONTROLS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def open_streams() -> None:
    """Let the streams of this process be such that to write to them does not fail.

    A character that a terminal lacks (cp949, ASCII) is written as its escape, and a stream that is
    closed (`>&-`) leads nowhere: else the next file to be opened would take its place.
    """
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - as long as we live
            setattr(sys, name, nowhere)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def close_streams(code: int) -> int:
    """Write what is still to be written, and return the exit code: `code`, or 2 if it fails."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has closed the pipe, as `| head` does
        leave_stdout()
    except OSError as error:
        leave_stdout()
        say(f"corpus: {CANNOT_WRITE}: {error.strerror}.", sys.stderr)
        return code or 2
    return code


def leave_stdout() -> None:
    """Let nothing more be written to stdout, nor fail when this process ends."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(line: str, stream: TextIO | None = None) -> None:
    """Print one line, as `shown` gives it, to stdout or to a stream that may be closed.

    Raises:
        BrokenPipeError: the reader of stdout has closed it.
        CorpusError: stdout cannot be written.
    """
    if stream is not None:
        with suppress(OSError):
            stream.write(f"{shown(line)}\n")
        return
    try:
        sys.stdout.write(f"{shown(line)}\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        leave_stdout()
        raise CorpusError(f"{CANNOT_WRITE}: {error.strerror}.") from error


def shown(line: str) -> str:
    r"""Return a line with its control characters as escapes.

    >>> print(shown("\x1b[31m빨강\n\u202e"))
    \x1b[31m빨강\x0a\u202e
    """
    with suppress(UnicodeError):  # a name of a file, as Python has it where the locale is C
        line = line.encode("utf-8", "surrogateescape").decode()
    return _CONTROLS.sub(_escape, line)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
