"""Arguments that several commands take, and the options of a build from their table."""

import argparse
import os
import signal
from typing import Any

from corpus.options import DEFAULT_TOKENIZER, ITEM_TIMEOUT, Option
from corpus.remote import folder_of


def add_option(parser: argparse.ArgumentParser, option: Option) -> None:
    """Add one row of the table of options."""
    default = "all" if option.takes_several else option.default
    told = f"{default:g}" if isinstance(default, float) else str(default)
    more: dict[str, Any] = {"choices": option.choices} if option.choices else {}
    if option.takes_several:
        more["nargs"] = "+"
    elif not option.choices:
        more |= {"type": type(option.default), "metavar": option.metavar}
    parser.add_argument(
        option.flag, default=option.default, help=f"{option.help} (default: {told})", **more
    )


def add_finished(parser: argparse.ArgumentParser) -> None:
    """Add PROCESSED, a corpus that is finished."""
    parser.add_argument(
        "processed", type=folder_of, metavar="PROCESSED", help="folder of a finished build"
    )


def add_tokenizer(parser: argparse.ArgumentParser) -> None:
    """Add --tokenizer."""
    parser.add_argument(
        "--tokenizer",
        default=DEFAULT_TOKENIZER,
        metavar="T",
        help="hub name, folder, tokenizer.json, or `builtin`, a small stand-in for trying things "
        "out without a network (default: %(default)s)",
    )


def add_strict(parser: argparse.ArgumentParser) -> None:
    """Add --strict."""
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 if something in RAW was broken"
    )


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Add --workers."""
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes at most (default: the cores, %(default)s)",
    )


def add_item_timeout(parser: argparse.ArgumentParser, text: str) -> None:
    """Add --item-timeout, with its help."""
    parser.add_argument("--item-timeout", type=float, default=ITEM_TIMEOUT, metavar="S", help=text)


def begin_long_work() -> None:
    """Let SIGTERM end this process like Ctrl-C, so that what lies aside is removed.

    And set what numpy and pyarrow, which are not loaded yet, read when they are, here and in
    workers: pyarrow's own allocator keeps 80 MB more of 320; OpenBLAS, which numpy brings and no
    build calls, starts a thread for each core, 50 ms of CPU on two cores.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
