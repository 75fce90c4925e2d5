"""The command line: `python -m corpus VERB ...`; every verb imports what it needs when it runs."""

import argparse
import errno
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from corpus import __version__
from corpus.building.process import Ending, tune_process
from corpus.commands import builds, finished, models, raw_folder
from corpus.records import CorpusError
from corpus.views.screen import close_streams, leave_stdout, open_streams, say

DESCRIPTION = (
    "Turn AIHub's Korean dialogues (543 topic, 117 summary, 114 sns, 544 task) into a chat corpus."
)
EPILOG = "python -m corpus VERB --help tells the options of a verb."
KEEPING = {"build", "commit"}  # verbs that keep what is done
NO_ROOM = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


class Verb(NamedTuple):
    """A verb: one line of help, what adds its arguments, and what runs it."""

    help: str
    add: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


VERBS = {
    "build": Verb("build the corpus of RAW into PROCESSED", builds.add_build, builds.run_build),
    "commit": Verb(
        "turn what all shards have left in PROCESSED into the corpus",
        builds.add_commit,
        builds.run_commit,
    ),
    "sample": Verb(
        "write invented dialogues in the true AIHub shapes",
        raw_folder.add_sample,
        raw_folder.run_sample,
    ),
    "check": Verb(
        "say what is in RAW and what a build would give; build nothing",
        raw_folder.add_check,
        raw_folder.run_check,
    ),
    "show": Verb(
        "show dialogues of PROCESSED as people read them, or why one is not there",
        finished.add_show,
        finished.run_show,
    ),
    "verify": Verb(
        "say what is wrong with PROCESSED, and where", finished.add_verify, finished.run_verify
    ),
    "chat": Verb(
        "talk to what was trained, in the terminal or the browser",
        models.add_chat,
        models.run_chat,
    ),
    models.EVAL: Verb(
        "measure how good a chatbot a model is, and show it", models.add_eval, models.run_eval
    ),
    "card": Verb("print the data-set card of PROCESSED", finished.add_card, finished.run_card),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code.

    0 done, 1 raw/ was broken somewhere (--strict), 2 a wrong call; `verify` has more of its own.
    """
    words = sys.argv[1:] if argv is None else [*argv]
    if words[:1] == [models.TRAIN]:
        return models.run_train(words[1:])
    keeps = not KEEPING.isdisjoint(words[:1])
    try:
        args = parser_of(*(word for word in words if word in VERBS)).parse_args(words)
        run: Callable[[argparse.Namespace], int] = args.run
        return run(args)
    except CorpusError as error:
        sentence = str(error)
    except KeyboardInterrupt:
        with suppress(OSError):
            goes_on = " The same command goes on from here." if keeps else ""
            print(f"\nStopped.{goes_on}", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader has closed the pipe, as `| head` does
        leave_stdout()
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sentence = f"{where}{error.strerror or error}."
        if error.errno in NO_ROOM:
            goes_on = "; the same command then goes on from here" if keeps else ""
            sentence = f"the disk is full. Make room{goes_on}."
    say(f"corpus: {sentence}", sys.stderr)
    return 2


def parser_of(*verbs: str) -> argparse.ArgumentParser:
    """Return the command line, with the arguments of these verbs alone: it starts sooner."""
    parser = argparse.ArgumentParser("python -m corpus", description=DESCRIPTION, epilog=EPILOG)
    parser.add_argument("--version", action="version", version=__version__)
    found = parser.add_subparsers(metavar="VERB", required=True)
    for name, (text, add, run) in VERBS.items():
        verb = found.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        verb.set_defaults(run=run)
        if name in verbs:
            add(verb)
    found.add_parser(
        models.TRAIN, help="fine-tune KoGPT2 on PROCESSED: the same program as train.py"
    )
    return parser


if __name__ == "__main__":
    ending = Ending()
    if sys.argv[1:2] not in ([models.TRAIN], [models.EVAL]):  # transformers looks for pandas
        tune_process()
    open_streams()
    ending.code = close_streams(main())
    sys.exit(ending.code)
