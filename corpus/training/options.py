"""The command line of `train.py`."""

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus.records import SOURCES
from corpus.remote import folder_of
from corpus.training.base import TINY
from corpus.training.labels import STRATEGIES

KOGPT2 = "skt/kogpt2-base-v2"


def parse_options(arguments: Sequence[str] | None, description: str | None) -> argparse.Namespace:
    """Read the command line; a wrong one prints the usage and exits with 2."""
    parser = argparse.ArgumentParser(
        prog="train.py",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("processed", type=folder_of, help="the folder, or URL, that `python -m corpus build` wrote")
    add("--model", default=KOGPT2, help="a hub name, a folder, or tiny (default: %(default)s)")
    text = (
        "what is learnt: every reply (all-sys, the default), the last one (last-sys), every turn "
        "(input), or every turn behind a <s> (shift)"
    )
    add("--labels", choices=STRATEGIES, default="all-sys", help=text)
    add("--grid", action="store_true", help="run all four labelling strategies, one by one")
    add("--sources", nargs="+", choices=SOURCES, default=[], help="use only these sources")
    add("--out", type=_named, help="the run's folder (default: runs/ and a name from the options)")
    add("--fresh", action="store_true", help="start over instead of going on")
    add("--comment", default="", help="for the leaderboard")
    add("--dry-run", action="store_true", help="print plan, tokens and steps, and stop")

    group = parser.add_argument_group("schedule")
    add = group.add_argument
    add("--epochs", type=_at_least(1), default=5, help="at most (default: %(default)s)")
    text = "stop after so many validations without a better <sys> loss; 0: never (default: 2)"
    add("--patience", type=_at_least(0), default=2, help=text)
    text = "tokens of a step, over all processes (default: 8192, for tiny 2048)"
    add("--batch-tokens", type=_at_least(1), help=text)
    text = "most tokens at once; never changes the steps (default: 16384, on a CPU 2048)"
    add("--micro-tokens", type=_at_least(1), help=text)
    add("--eval-every", type=_at_least(1), help="validate after so many steps, too")
    text = "save after so many steps, too (default: %(default)s)"
    add("--save-every", type=_at_least(1), default=1000, help=text)

    group = parser.add_argument_group("learning")
    add = group.add_argument
    add("--lr", type=_share(math.inf), help="highest learning rate (default: 5e-5, for tiny 1e-3)")
    text = "share of the steps in which the rate rises, before it falls (default: %(default)s)"
    add("--warmup", type=_share(1), default=0.05, help=text)
    add("--weight-decay", type=_share(math.inf), default=0.01, help="(default: %(default)s)")
    text = "highest norm of a gradient (default: %(default)s)"
    add("--clip", type=_share(math.inf), default=1.0, help=text)
    add("--dropout", type=_share(1), help="(default: the model's own; always 0 in attention)")
    add("--seed", type=_at_least(0), default=0, help="of order, dropout and tiny's weights")

    group = parser.add_argument_group("machine")
    add = group.add_argument
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    text = "auto: bfloat16 where the device is fast at it"
    add("--precision", choices=("auto", "bf16", "fp32"), default="auto", help=text)
    add("--threads", type=_at_least(1), help="per process (default: its share of the cores)")

    options = parser.parse_args(arguments)
    if options.lr is None:
        options.lr = 1e-3 if options.model == TINY else 5e-5
    if options.batch_tokens is None:
        options.batch_tokens = 2048 if options.model == TINY else 8192
    return options


def _named(text: str) -> Path:
    """Return a folder under a name of its own: that of a run on the leaderboard.

    >>> _named("runs/a"), _named(".") == Path.cwd()
    (PosixPath('runs/a'), True)
    """
    folder = Path(text)
    return folder if folder.name.strip(".") else folder.resolve()


def _share(below: float) -> Callable[[str], float]:
    def number(text: str) -> float:
        value = float(text)
        if not 0 <= value < below:
            raise argparse.ArgumentTypeError(f"{text} is not from 0 to below {below}")
        return value

    return number


def _at_least(least: int) -> Callable[[str], int]:
    def whole_number(text: str) -> int:
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{number} is less than {least}")
        return number

    return whole_number
