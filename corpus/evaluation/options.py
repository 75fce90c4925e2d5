"""The options of `python -m corpus eval`: told once, and checked before anything is loaded."""

import argparse
from pathlib import Path

from corpus.records import CorpusError
from corpus.remote import folder_of

PROMPTS = 200
FEWEST = 10  # prompts: below that no percentage says anything
PRECISIONS = ("float32", "bfloat16")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `eval` to its parser."""
    add = parser.add_argument
    add("folder", type=Path, metavar="RUN", help="folder of a run, or of a model")
    text = "the corpus whose validation dialogues are the prompts: a folder, or the URL of one"
    add("processed", type=folder_of, metavar="PROCESSED", help=text)
    text = "dialogues of validation to reply in, always the same ones (default: %(default)s)"
    add("--n", type=int, default=PROMPTS, metavar="N", help=text)
    add("--seed", type=int, default=0, help="of what is drawn (default: %(default)s)")
    text = 'replies from elsewhere, a line each: {"id": ..., "reply": ...}, with the ids of the '
    text += "replies.jsonl that this verb writes; several files are several rows"
    add("--replies", type=Path, nargs="+", default=[], metavar="FILE.jsonl", help=text)
    add("--out", type=Path, metavar="DIR", help="folder of the results (default: RUN/eval)")

    group = parser.add_argument_group("machine")
    add = group.add_argument
    text = "another precision gives other last bits, and now and then another reply "
    text += "(default: %(default)s)"
    add("--precision", choices=PRECISIONS, default="float32", help=text)
    add("--threads", type=int, metavar="N", help="on a CPU (default: 1 for a small model)")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(default: %(default)s)")


def check_options(args: argparse.Namespace) -> None:
    """Check the options.

    Raises:
        CorpusError: the first that is wrong.
    """
    if args.n < FEWEST:
        raise CorpusError(f"--n is {args.n}; it may be {FEWEST} or more.")
    if not 0 <= args.seed < 2**63:
        raise CorpusError(f"--seed is {args.seed}; it may be 0 to {2**63 - 1}.")
    if args.threads is not None and args.threads < 1:
        raise CorpusError(f"--threads is {args.threads}; it may be 1 or more.")
