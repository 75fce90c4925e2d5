"""`sample` writes an invented RAW; `check` says what is in RAW."""

import argparse
import sys
from pathlib import Path

from corpus.commands.arguments import add_item_timeout, add_tokenizer
from corpus.remote import folder_of
from corpus.views.terminal import say


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
    add_item_timeout(
        parser,
        "seconds for some 2 MB of a document, and for a part of the sample that is built; what "
        "takes longer is named and left (default: %(default)g)",
    )


def run_check(args: argparse.Namespace) -> int:
    """Tell what is in RAW, and what a build of it would give."""
    from corpus.options import options_of
    from corpus.output.work import check_how
    from corpus.reading.decode import sniff
    from corpus.reading.documents import find_documents
    from corpus.tokens.encoder import Encoder
    from corpus.tokens.find import UnreachableTokenizerError, find_tokenizer
    from corpus.views.check import check_lines, estimate_lines

    check_how(workers=1, item_timeout=args.item_timeout)
    found = find_documents(args.raw, sniff=sniff)
    timeout = args.item_timeout
    for line in check_lines(args.raw, found, item_timeout=timeout, progress=sys.stderr.isatty()):
        say(line)
    try:
        encoder = Encoder(find_tokenizer(args.tokenizer).json)
    except UnreachableTokenizerError as error:
        say(f"What a build would give is not estimated. {error}")
        return 0
    for line in estimate_lines(args.raw, found, encoder, options_of(), item_timeout=timeout):
        say(line)
    return 0
