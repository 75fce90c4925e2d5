"""The command line of `train.py`. It imports neither torch nor numpy, so that --help is instant."""

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from corpus.records import KOGPT2, SOURCES
from corpus.remote import folder_of
from corpus.training.schedule import SHAPES
from corpus.training.strategies import STRATEGIES, TINY


def parse_options(
    arguments: Sequence[str] | None, description: str | None, *, prog: str = "train.py"
) -> argparse.Namespace:
    """Read the command line; a wrong one prints the usage and exits with 2."""
    parser = argparse.ArgumentParser(
        prog=prog,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_main(parser)
    _add_schedule(parser.add_argument_group("schedule"))
    _add_learning(parser.add_argument_group("learning"))
    _add_machine(parser.add_argument_group("machine"))
    options = parser.parse_args(arguments)
    _give_back_folder(options)
    try:
        _settle(options)
    except ValueError as error:
        parser.error(str(error))
    return options


def _add_main(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    text = "the folder, or URL, that `python -m corpus build` wrote"
    add("processed", nargs="?", type=folder_of, help=text)
    text = (
        "a hub name, a folder, a run to go on from on this corpus, or tiny (default: %(default)s)"
    )
    add("--model", default=KOGPT2, help=text)
    text = (
        "what is learnt: every reply (all-sys, the default), the last one (last-sys), every turn "
        "(input), or every turn behind a <s> (shift)"
    )
    add("--labels", choices=STRATEGIES, help=text)
    add("--grid", action="store_true", help="run all four labelling strategies, one by one")
    text = f"use only these sources: {' '.join(SOURCES)}"
    add("--sources", nargs="+", metavar="SOURCE", default=[], help=text)
    text = (
        "how often an epoch takes each source's dialogues: topic=1 summary=0.5 takes a half of "
        "summary, drawn anew every epoch, and the others as they are; 0 takes none"
    )
    add("--mix", nargs="+", metavar="SOURCE=X", default=[], help=text)
    add("--out", type=_named, help="the run's folder (default: runs/ and a name from the options)")
    add("--fresh", action="store_true", help="start over instead of going on")
    add("--comment", default="", help="for the leaderboard")
    text = "at the end let the best model reply, and measure: `python -m corpus eval` on it"
    add("--eval", action="store_true", help=text)
    add("--dry-run", action="store_true", help="print plan, tokens and steps, and stop")
    add("--eval-only", action="store_true", help="print the losses of --model, train nothing")
    add("--wandb", metavar="PROJECT", help="send the log to Weights & Biases, too")


def _add_schedule(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    text = "at most; may be raised later, then the run goes on (default: %(default)s)"
    add("--epochs", type=_at_least(1), default=5, help=text)
    text = "stop after so many validations without a better <sys> loss; 0: never (default: 2)"
    add("--patience", type=_at_least(0), default=2, help=text)
    text = "tokens of a step, over all processes (default: 8192, for tiny 2048)"
    add("--batch-tokens", type=_at_least(1), help=text)
    text = "most tokens at once; never changes the steps (default: 16384 to 65536, on a CPU 2048)"
    add("--micro-tokens", type=_at_least(1), help=text)
    add("--eval-every", type=_at_least(1), help="validate after so many steps, too")
    text = "validate on so many dialogues, evenly spaced; all of them count at the end"
    add("--eval-dialogues", type=_at_least(1), help=text)
    text = "save after so many steps, too (default: %(default)s)"
    add("--save-every", type=_at_least(1), default=1000, help=text)


def _add_learning(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    add("--lr", type=_share(math.inf), help="highest learning rate (default: 5e-5, for tiny 1e-3)")
    text = "how the rate falls: cosine (default), linear, or wsd: not before the --cooldown"
    add("--schedule", choices=SHAPES, default="cosine", help=text)
    add("--min-lr", type=_share(math.inf), default=0.0, help="where it falls to (default: 0)")
    text = "share of the steps in which the rate rises, before it falls (default: %(default)s)"
    add("--warmup", type=_share(1), default=0.05, help=text)
    text = "share of the steps at the end in which wsd falls (default: %(default)s)"
    add("--cooldown", type=_share(1), default=0.2, help=text)
    add("--weight-decay", type=_share(math.inf), default=0.01, help="(default: %(default)s)")
    add("--beta2", type=_share(1), default=0.999, help="of AdamW (default: %(default)s)")
    text = "highest norm of a gradient (default: %(default)s)"
    add("--clip", type=_share(math.inf), default=1.0, help=text)
    add("--dropout", type=_share(1), help="(default: the model's own; always 0 in attention)")
    add("--seed", type=_at_least(0), default=0, help="of order, dropout and tiny's weights")


def _add_machine(group: "argparse._ArgumentGroup") -> None:
    add = group.add_argument
    add("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto")
    text = "auto: bfloat16 where the device is fast at it, else float16 on a GPU, else float32"
    add("--precision", choices=("auto", "bf16", "fp16", "fp32"), default="auto", help=text)
    text = "torch.compile; auto: on an NVIDIA GPU, if Triton is there"
    add("--compile", choices=("auto", "on", "off"), default="auto", help=text)
    text = "auto: CUDA graphs, on one NVIDIA GPU from Ampere on, in half precision"
    add("--graph", choices=("auto", "off"), default="auto", help=text)
    text = "let nothing overlap: read a GPU's loss at once, send gradients after the backward pass"
    add("--wait", action="store_true", help=text)
    add("--threads", type=_at_least(1), help="per process (default: its share of the cores)")


def _give_back_folder(options: argparse.Namespace) -> None:
    """Take the corpus's folder out of a list before it: `--sources topic processed/`."""
    for values in (options.sources, options.mix):
        if options.processed is None and len(values) > 1 and _is_no_item(values[-1]):
            options.processed = folder_of(values.pop())


def _is_no_item(text: str) -> bool:
    return text.partition("=")[0] not in SOURCES


def _settle(options: argparse.Namespace) -> None:
    """Fill in what depends on other options, and refuse what contradicts itself."""
    if options.processed is None:
        raise ValueError("name the folder of the corpus, such as processed/")
    for source in options.sources:
        if source not in SOURCES:
            raise ValueError(f"--sources: {source!r} is none of {', '.join(SOURCES)}")
    options.mix = _read_mix(options.mix)
    if options.grid and options.labels:
        raise ValueError("--grid runs all four strategies: leave --labels out")
    if options.eval and (options.dry_run or options.eval_only):
        raise ValueError("--eval follows a training: leave --dry-run and --eval-only out")
    if options.grid and options.eval_only:
        raise ValueError("--eval-only scores one model: leave --grid out")
    options.labels = options.labels or "all-sys"
    tiny = options.model == TINY
    if options.lr is None:
        options.lr = 1e-3 if tiny else 5e-5
    if options.min_lr > options.lr:
        raise ValueError(f"--min-lr {options.min_lr:g} is above --lr {options.lr:g}")
    if options.schedule == "wsd" and options.warmup + options.cooldown > 1:
        raise ValueError("--warmup and --cooldown are more than all steps together")
    if options.batch_tokens is None:
        options.batch_tokens = 2048 if tiny else 8192


def _read_mix(items: Sequence[str]) -> dict[str, float]:
    mix: dict[str, float] = {}
    for item in items:
        source, _, number = item.partition("=")
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if source not in SOURCES or not 0 <= weight < math.inf:
            raise ValueError(
                f"--mix: {item!r} is no source and number, such as {SOURCES[0]}=0.5 "
                f"(sources: {', '.join(SOURCES)})"
            )
        mix[source] = weight
    return {source: mix[source] for source in SOURCES if source in mix}


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
