"""The command line: `python -m corpus VERB ...`; every verb imports what it needs when it runs."""

import argparse
import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from corpus import __version__
from corpus.building.process import tune_process
from corpus.chat.options import add_options as add_chat_options
from corpus.evaluation.options import add_options as add_eval_options
from corpus.options import DEFAULT_TOKENIZER, OPTIONS, Option
from corpus.records import CorpusError
from corpus.remote import folder_of
from corpus.verify.findings import CLASSES
from corpus.views.terminal import close_streams, leave_stdout, open_streams, say

DESCRIPTION = (
    "Turn AIHub's Korean dialogues (543 topic, 117 summary, 114 sns, 544 task) into a chat corpus."
)
EPILOG = "python -m corpus VERB --help tells the options of a verb."
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
# Beside the options.
HOW = ("tokenizer", "update", "fresh", "workers", "item_timeout", "engine", "address")
TOLD = 8  # files whose number of dialogues is not what they say
TRAIN = "train"
NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code.

    0 done, 1 raw/ was broken somewhere (--strict), 2 a wrong call; `verify` has more of its own.
    """
    words = sys.argv[1:] if argv is None else [*argv]
    if words[:1] == [TRAIN]:  # it has a command line, and messages, of its own
        return _train(words[1:])
    try:
        args = _parser().parse_args(words)
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except CorpusError as error:
        sentence = str(error)
    except KeyboardInterrupt:
        with suppress(OSError):
            print("\nStopped. The same command goes on from here.", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head`: whoever read has read enough
        leave_stdout()
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sentence = f"{where}{error.strerror or error}."
        if error.errno in NO_ROOM:
            sentence = "the disk is full. Make room; the same command then goes on from here."
    say(f"corpus: {sentence}", sys.stderr)
    return 2


def _build(args: argparse.Namespace) -> int:
    # Before pyarrow is loaded, here and in workers: its own allocator keeps 80 MB more of 320.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends a build like Ctrl-C
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


def _commit(args: argparse.Namespace) -> int:
    # Before pyarrow is loaded, as for a build.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
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
    """Tell what became of everything, and return the exit code."""
    from corpus.records import REPORT
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


def _sample(args: argparse.Namespace) -> int:
    from corpus.sample.write import write_sample

    counts = write_sample(args.raw, dialogues=args.dialogues, seed=args.seed)
    say(f"Wrote invented dialogues to {args.raw}, with the irregularities of the true sets:")
    for name, n in sorted(counts.items()):
        say(f"  {n:>8,} {name.replace('_', ' ')}")
    return 0


def _check(args: argparse.Namespace) -> int:
    # Before pyarrow is loaded, as for a build.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
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


def _show(args: argparse.Namespace) -> int:
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


def _verify(args: argparse.Namespace) -> int:
    # Before pyarrow is loaded, as for a build.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
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


def _train(words: Sequence[str]) -> int:
    from corpus.training.command import main as train

    return train(words, prog=f"python -m corpus {TRAIN}")


def _chat(args: argparse.Namespace) -> int:
    from corpus.chat.command import chat

    return chat(args)


def _eval(args: argparse.Namespace) -> int:
    from corpus.evaluation.command import evaluate_run

    run = evaluate_run(args)
    if run is not None:
        from corpus.training.leaderboard import write_leaderboard  # loads torch

        write_leaderboard(run.absolute().parent)
    return 0


def _card(args: argparse.Namespace) -> int:
    from corpus.views.card import card_text

    for line in card_text(args.processed).splitlines():
        say(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m corpus", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=__version__)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for add in (
        _add_build,
        _add_commit,
        _add_sample,
        _add_check,
        _add_show,
        _add_verify,
        _add_chat,
        _add_card,
    ):
        add(verbs)
    verbs.add_parser(TRAIN, help="fine-tune KoGPT2 on PROCESSED: the same program as train.py")
    return parser


def _add_build(verbs: Verbs) -> None:
    build = _verb(verbs, "build", _build, "build the corpus of RAW into PROCESSED")
    build.add_argument(
        "raw", type=folder_of, metavar="RAW", help="folder of the AIHub downloads, as they are"
    )
    build.add_argument(
        "processed", type=folder_of, metavar="PROCESSED", help="folder of the corpus"
    )
    _add_tokenizer(build)
    for option in OPTIONS:
        _add_option(build, option)
    _add_workers(build)
    _add_item_timeout(
        build,
        "seconds for one item of the plan, some 8 MB; one that takes longer in each of three "
        "tries is rejected as an item (default: %(default)g)",
    )
    build.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="build items in processes of this machine, or as tasks of Ray (default: local)",
    )
    build.add_argument(
        "--address",
        metavar="A",
        help="with --engine ray: of a Ray cluster, or `auto` (default: start Ray here)",
    )
    build.add_argument(
        "--shard",
        metavar="I/N",
        help="build the I-th of N shares of the items alone, on one of several machines that all "
        "see PROCESSED; `commit` ends such a build",
    )
    _add_strict(build)
    build.add_argument(
        "--update",
        action="store_true",
        help="build again if files of RAW are new, changed or gone; the corpus that stands stays "
        "until the new one is complete",
    )
    build.add_argument(
        "--fresh", action="store_true", help="replace another build in PROCESSED in the same way"
    )


def _add_item_timeout(verb: argparse.ArgumentParser, text: str) -> None:
    verb.add_argument("--item-timeout", type=float, default=600.0, metavar="S", help=text)


def _add_commit(verbs: Verbs) -> None:
    commit = _verb(
        verbs, "commit", _commit, "turn what all shards have left in PROCESSED into the corpus"
    )
    commit.add_argument(
        "processed",
        type=folder_of,
        metavar="PROCESSED",
        help="folder that the shards were built into",
    )
    commit.add_argument(
        "--raw",
        type=folder_of,
        metavar="RAW",
        help="where RAW lies here, if not where it lay for the shards",
    )
    _add_workers(commit)
    _add_strict(commit)


def _add_sample(verbs: Verbs) -> None:
    sample = _verb(verbs, "sample", _sample, "write invented dialogues in the true AIHub shapes")
    sample.add_argument("raw", type=Path, metavar="RAW", help="new or empty folder")
    sample.add_argument(
        "--dialogues", type=int, default=400, metavar="N", help="about how many (default: 400)"
    )
    sample.add_argument("--seed", type=int, default=0, help="of all that is drawn (default: 0)")


def _add_check(verbs: Verbs) -> None:
    check = _verb(
        verbs, "check", _check, "say what is in RAW and what a build would give; build nothing"
    )
    check.add_argument("raw", type=folder_of, metavar="RAW", help="folder of the AIHub downloads")
    _add_tokenizer(check)
    _add_workers(check)
    _add_item_timeout(
        check,
        "seconds for some 2 MB of a document, and for a part of the sample that is built; what "
        "takes longer is named and left (default: %(default)g)",
    )


def _add_show(verbs: Verbs) -> None:
    show = _verb(
        verbs,
        "show",
        _show,
        "show dialogues of PROCESSED as people read them, or why one is not there",
    )
    show.add_argument(
        "processed", type=folder_of, metavar="PROCESSED", help="folder of a finished build"
    )
    chosen = show.add_mutually_exclusive_group()
    chosen.add_argument(
        "--id", type=_as_utf8, help="this dialogue, whether it was written or rejected"
    )
    chosen.add_argument("--reason", type=_as_utf8, help="what was left out for this reason")
    show.add_argument(
        "--raw", type=folder_of, metavar="RAW", help="with --id: what each step and rule did to it"
    )
    show.add_argument("-n", type=int, default=3, metavar="N", help="how many (default: 3)")


def _as_utf8(text: str) -> str:
    """Return a text of the command line, whatever the locale: ours are UTF-8."""
    return os.fsencode(text).decode("utf-8", "replace")


def _add_verify(verbs: Verbs) -> None:
    verify = _verb(verbs, "verify", _verify, "say what is wrong with PROCESSED, and where")
    verify.add_argument(
        "processed", type=folder_of, metavar="PROCESSED", help="folder of a finished build"
    )
    verify.add_argument(
        "--raw", type=folder_of, metavar="RAW", help="build RAW again, aside, and compare every row"
    )
    _add_workers(verify)
    verify.formatter_class = argparse.RawDescriptionHelpFormatter
    verify.epilog = "\n".join(
        (
            "exit codes (the last class that something was found of decides):",
            "   0  nothing is wrong",
            "   2  a wrong call, or no corpus in PROCESSED",
            *(f"  {code}  {kind}: {meaning}" for kind, (code, meaning) in CLASSES.items()),
        )
    )


def _add_chat(verbs: Verbs) -> None:
    chat = _verb(verbs, "chat", _chat, "talk to what was trained, in the terminal or the browser")
    add_chat_options(chat)


def _add_card(verbs: Verbs) -> None:
    evaluation = _verb(verbs, "eval", _eval, "measure how good a chatbot a model is, and show it")
    add_eval_options(evaluation)

    card = _verb(verbs, "card", _card, "print the data-set card of PROCESSED")
    card.add_argument(
        "processed", type=folder_of, metavar="PROCESSED", help="folder of a finished build"
    )


def _verb(
    verbs: Verbs,
    name: str,
    run: Callable[[argparse.Namespace], int],
    text: str,
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    parser.set_defaults(run=run)
    return parser


def _add_option(parser: argparse.ArgumentParser, option: Option) -> None:
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


def _add_tokenizer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tokenizer",
        default=DEFAULT_TOKENIZER,
        metavar="T",
        help="hub name, folder, tokenizer.json, or `builtin`, a small stand-in for trying things "
        "out without a network (default: %(default)s)",
    )


def _add_strict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 if something in RAW was broken"
    )


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="processes at most (default: the cores, %(default)s)",
    )


if __name__ == "__main__":
    if sys.argv[1:2] not in ([TRAIN], ["eval"]):  # transformers must find an installed pandas
        tune_process()
    open_streams()
    sys.exit(close_streams(main()))
