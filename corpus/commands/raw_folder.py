"""`sample` writes an invented RAW; `check` says what is in RAW."""

import argparse
import sys
from pathlib import Path

from corpus.commands.arguments import (
    add_item_timeout,
    add_tokenizer,
    add_workers,
    begin_long_work,
)
from corpus.remote import folder_of
from corpus.views.screen import say


def add_sample(parser: argparse.ArgumentParser) -> None:
    """Add what `sample` takes."""
    parser.add_argument("raw", type=Path, metavar="RAW", help="new or empty folder")
    parser.add_argument(
        "--dialogues", type=int, default=400, metavar="N", help="about how many (default: 400)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all that is drawn (default: 0)")


def run_sample(args: argparse.Namespace) -> int:
    """Write invented dialogues, and tell how many of each kind."""
    from corpus.sample.write import write_sample

    counts = write_sample(args.raw, dialogues=args.dialogues, seed=args.seed)
    say(f"Wrote invented dialogues to {args.raw}, with the irregularities of the true sets:")
    for name, n in sorted(counts.items()):
        say(f"  {n:>8,} {name.replace('_', ' ')}")
    return 0


def add_check(parser: argparse.ArgumentParser) -> None:
    """Add what `check` takes."""
    parser.add_argument("raw", type=folder_of, metavar="RAW", help="folder of the AIHub downloads")
    add_tokenizer(parser)
    add_workers(parser)
    add_item_timeout(
        parser,
        "seconds for some 2 MB of a document, and for a part of the sample that is built; what "
        "takes longer is named and left (default: %(default)g)",
    )


def run_check(args: argparse.Namespace) -> int:
    """Tell what is in RAW, and what a build of it would give."""
    begin_long_work()
    from corpus.views.check import check_lines

    for line in check_lines(
        args.raw,
        tokenizer=args.tokenizer,
        workers=args.workers,
        item_timeout=args.item_timeout,
        progress=sys.stderr.isatty(),
    ):
        say(line)
    return 0
