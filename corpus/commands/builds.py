"""`build` and `commit`: build PROCESSED from RAW, on one machine or on several."""

import argparse
import sys
import time
from collections.abc import Mapping
from typing import Any

from corpus.commands.arguments import (
    add_item_timeout,
    add_option,
    add_strict,
    add_tokenizer,
    add_workers,
    begin_long_work,
)
from corpus.options import ENGINES, OPTIONS
from corpus.records import REPORT
from corpus.remote import folder_of
from corpus.views.screen import say

# Keywords of `corpus.build` that are no rows of the table of options.
HOW = ("tokenizer", "update", "fresh", "workers", "item_timeout", "engine", "address")
TOLD = 8  # files whose number of dialogues is not what they say


def add_build(parser: argparse.ArgumentParser) -> None:
    """Add what `build` takes."""
    parser.add_argument(
        "raw", type=folder_of, metavar="RAW", help="folder of the AIHub downloads, as they are"
    )
    parser.add_argument(
        "processed", type=folder_of, metavar="PROCESSED", help="folder of the corpus"
    )
    add_tokenizer(parser)
    for option in OPTIONS:
        add_option(parser, option)
    add_workers(parser)
    add_item_timeout(
        parser,
        "seconds for one item of the plan, some 8 MB; one that takes longer in each of three "
        "tries is rejected as an item (default: %(default)g)",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default=ENGINES[0],
        help="build items in processes of this machine, or as tasks of Ray (default: %(default)s)",
    )
    parser.add_argument(
        "--address",
        metavar="A",
        help="with --engine ray: of a Ray cluster, or `auto` (default: start Ray here)",
    )
    parser.add_argument(
        "--shard",
        metavar="I/N",
        help="build the I-th of N shares of the items alone, on one of several machines that all "
        "see PROCESSED; `commit` ends such a build",
    )
    add_strict(parser)
    parser.add_argument(
        "--update",
        action="store_true",
        help="build again if files of RAW are new, changed or gone; the corpus that stands stays "
        "until the new one is complete",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="replace another build in PROCESSED in the same way"
    )


def run_build(args: argparse.Namespace) -> int:
    """Build a corpus, or one share of it, and tell what came of it."""
    begin_long_work()
    from corpus.building.run import build
    from corpus.building.shares import build_share
    from corpus.processed import has_manifest, read_manifest

    started = time.monotonic()
    stood = has_manifest(args.processed) and not args.fresh
    before = read_manifest(args.processed) if stood else None
    names = (*HOW, *(option.name for option in OPTIONS))
    options: dict[str, Any] = {name: getattr(args, name) for name in names}
    options["progress"] = sys.stderr.isatty()
    if args.shard is None:
        manifest = build(args.raw, args.processed, **options)
        return _close(args, manifest, started, is_old=manifest == before)
    share = build_share(args.raw, args.processed, args.shard, **options)
    if share is None:
        return _close(args, read_manifest(args.processed), started, is_old=True)
    say(
        f"Built --shard {args.shard}: {share.n_items:,} items, {share.counts['read'].total():,} "
        f"dialogues read, in {time.monotonic() - started:.1f} s. Once all shards are built: "
        f"python -m corpus commit {args.processed}"
    )
    return _warn(args, share.counts["broken"])


def add_commit(parser: argparse.ArgumentParser) -> None:
    """Add what `commit` takes."""
    parser.add_argument(
        "processed",
        type=folder_of,
        metavar="PROCESSED",
        help="folder that the shards were built into",
    )
    parser.add_argument(
        "--raw",
        type=folder_of,
        metavar="RAW",
        help="where RAW lies here, if not where it lay for the shards",
    )
    add_workers(parser)
    add_strict(parser)


def run_commit(args: argparse.Namespace) -> int:
    """Turn the shares that are built into the corpus, and tell what came of it."""
    begin_long_work()
    from corpus.building.shares import commit_shares
    from corpus.processed import has_manifest, read_manifest

    started = time.monotonic()
    before = read_manifest(args.processed) if has_manifest(args.processed) else None
    manifest = commit_shares(
        args.processed, raw=args.raw, workers=args.workers, progress=sys.stderr.isatty()
    )
    return _close(args, manifest, started, is_old=manifest == before)


def _close(
    args: argparse.Namespace, manifest: dict[str, Any], started: float, *, is_old: bool
) -> int:
    """Tell what a build gave and what it left out, and return the exit code."""
    from corpus.report.remarks import no_row_line, problem_lines
    from corpus.views.closing import closing_lines

    if is_old:
        say(f"{args.processed} is this build already, finished; nothing to do.")
    else:
        say(f"Built {args.processed} in {time.monotonic() - started:.1f} s.")
    for line in closing_lines(manifest):
        say(line)
    say(f"Look at it: {args.processed / REPORT}")
    wrong = list(manifest["wrong_counts"].items())
    for raw_file, n in wrong[:TOLD]:
        say(
            f"Warning: numberOfItems of {raw_file} says {n['declared']:,}, {n['found']:,} were "
            "found; is the download complete?",
            sys.stderr,
        )
    if wrong[TOLD:]:
        more = len(wrong) - TOLD + manifest["other_wrong_counts"]
        say(f"Warning: so it is with {more:,} more files.", sys.stderr)
    for line in problem_lines(manifest):
        say(f"Warning: {line}", sys.stderr)
    code = _warn(args, manifest["broken"]) or int(args.strict and bool(manifest["problems"]))
    if not sum(manifest["rows"].values()):
        say(f"corpus: {no_row_line(manifest)}", sys.stderr)
        return 2
    return code


def _warn(args: argparse.Namespace, broken: Mapping[str, int]) -> int:
    """Tell what was broken in raw/, if anything, and return the exit code."""
    if broken:
        reasons = ", ".join(f"{n:,} {reason}" for reason, n in sorted(broken.items()))
        say(
            f"Warning: something in {args.raw or 'RAW'} was broken and left out: {reasons}. "
            f"`python -m corpus show {args.processed} --reason REASON` lists them.",
            sys.stderr,
        )
    return 1 if broken and args.strict else 0
