"""`show`, `verify` and `card`: commands that read a finished corpus."""

import argparse
import os
import time

from corpus.commands.arguments import add_finished, add_workers, begin_long_work
from corpus.records import CorpusError
from corpus.remote import folder_of
from corpus.verify.findings import CLASSES
from corpus.views.screen import say


def add_show(parser: argparse.ArgumentParser) -> None:
    """Add what `show` takes."""
    add_finished(parser)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument(
        "--id", type=_as_utf8, help="this dialogue, whether it was written or rejected"
    )
    chosen.add_argument("--reason", type=_as_utf8, help="what was left out for this reason")
    parser.add_argument(
        "--raw", type=folder_of, metavar="RAW", help="with --id: what each step and rule did to it"
    )
    parser.add_argument("-n", type=int, default=3, metavar="N", help="how many (default: 3)")


def run_show(args: argparse.Namespace) -> int:
    """Print dialogues of a corpus, or what was left out of it."""
    from corpus.views import show

    if args.n < 1:
        raise CorpusError(f"-n is {args.n}; it is how many dialogues to show.")
    if args.raw and args.id is None:
        raise CorpusError("--raw tells what was done to one dialogue: name it with --id.")
    if args.id is not None:
        lines = show.dialogue_lines(args.processed, args.id, raw=args.raw)
    elif args.reason is not None:
        lines = show.rejected_lines(args.processed, reason=args.reason, n=args.n)
    else:
        lines = show.sample_lines(args.processed, n=args.n)
    for line in show.unless_damaged(args.processed, lines):
        say(line)
    return 0


def _as_utf8(text: str) -> str:
    """Return a text of the command line, whatever the locale: ours are UTF-8."""
    return os.fsencode(text).decode("utf-8", "replace")


def add_verify(parser: argparse.ArgumentParser) -> None:
    """Add what `verify` takes, and its exit codes to its help."""
    add_finished(parser)
    parser.add_argument(
        "--raw", type=folder_of, metavar="RAW", help="build RAW again, aside, and compare every row"
    )
    add_workers(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "\n".join(
        (
            "exit codes (the last class that something was found of decides):",
            "   0  nothing is wrong",
            "   2  a wrong call, or no corpus in PROCESSED",
            *(f"  {code}  {kind}: {meaning}" for kind, (code, meaning) in CLASSES.items()),
        )
    )


def run_verify(args: argparse.Namespace) -> int:
    """Tell what is wrong with a corpus; the class of it is the exit code."""
    begin_long_work()
    from corpus.processed import local_copy
    from corpus.verify.checks import verify

    started = time.monotonic()
    findings = verify(local_copy(args.processed), raw=args.raw, workers=args.workers)
    for line in findings.lines():
        say(line)
    n = findings.counts.total()
    found = f"{n:,} finding{'s' if n > 1 else ''}" if n else "nothing wrong"
    say(f"Verified {args.processed} in {time.monotonic() - started:.1f} s: {found}.")
    return findings.exit_code


def add_card(parser: argparse.ArgumentParser) -> None:
    """Add what `card` takes."""
    add_finished(parser)


def run_card(args: argparse.Namespace) -> int:
    """Print the data-set card of a corpus."""
    from corpus.views.card import card_text

    for line in card_text(args.processed).splitlines():
        say(line)
    return 0
