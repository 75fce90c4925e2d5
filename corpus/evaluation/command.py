"""`python -m corpus eval`: evaluates a model, writes the files, and says where they are."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.evaluation.options import PROMPTS, check_options
from corpus.records import CorpusError
from corpus.remote import Folder

if TYPE_CHECKING:
    from corpus.evaluation.results import Result

_NEEDED = ("torch", "transformers", "safetensors", "sacrebleu")
_RUN = "run.json"
_FOLDER = "eval"  # of a run: the leaderboard and `train.py --fresh` know it


def evaluate_run(args: argparse.Namespace) -> Path | None:
    """Do what the command line says; return the run whose place on the leaderboard is to be told.

    Raises:
        CorpusError: one sentence that says what is wrong with the call, the model or the corpus.
    """
    check_options(args)
    evaluate_and_write(
        args.folder,
        args.processed,
        n=args.n,
        seed=args.seed,
        replies=args.replies,
        precision=args.precision,
        device=args.device,
        threads=args.threads,
        out=args.out,
    )
    run = _home(args.folder)
    return run if args.out is None and (run / _RUN).is_file() else None


def evaluate_and_write(
    folder: Path,
    processed: Folder,
    *,
    n: int = PROMPTS,
    seed: int = 0,
    replies: Sequence[Path] = (),
    precision: str = "float32",
    device: str = "auto",
    threads: int | None = None,
    out: Path | None = None,
) -> None:
    """Evaluate a run or a model, write its files and print what was found.

    Raises:
        CorpusError: one sentence that says what is wrong with the model or the corpus.
    """
    check_installed()
    # Before torch is loaded: the same products whatever the number of threads.
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
    from corpus.chat.reply import Draw  # noqa: PLC0415 - all of these load torch
    from corpus.evaluation.run import Settings, evaluate  # noqa: PLC0415

    settings = Settings(n, Draw(seed=seed), precision, tuple(replies))
    result = evaluate(folder, processed, settings, device=device, threads=threads, say=_say)
    home = out or _home(folder) / _FOLDER
    _write(home, result)
    _tell(home, result)


def check_installed() -> None:
    """Check that what an evaluation needs is there.

    Raises:
        CorpusError: the first library that is not.
    """
    for library in _NEEDED:
        if find_spec(library) is None:
            raise CorpusError(f'eval needs {library}: pip install -e ".[eval]".')


def _home(folder: Path) -> Path:
    """Return where the results belong: in the run's folder, also if its best/ was named."""
    above = folder.absolute().parent
    return above if (above / _RUN).is_file() else folder


def _write(folder: Path, result: "Result") -> None:
    from corpus.evaluation.picture import picture  # noqa: PLC0415 - loads torch
    from corpus.evaluation.report import report  # noqa: PLC0415
    from corpus.evaluation.results import reply_lines, summary_of  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {
        "replies.jsonl": "".join(f"{line}\n" for line in reply_lines(result)),
        "eval.md": report(result),
        "eval.svg": picture(result),
        "speed.json": json.dumps(result.speed, indent=1) + "\n",
        "eval.json": json.dumps(summary_of(result), ensure_ascii=False, indent=1) + "\n",
    }.items():
        beside = folder / f".{name}.{os.getpid()}.tmp"
        beside.write_text(text, encoding="utf-8")
        beside.replace(folder / name)


def _tell(folder: Path, result: "Result") -> None:
    rows = [row for row in result.rows if row.rows.kind in ("model", "file")]
    lines = [
        f"{'':12}{'hits@1':>8}{'chrF':>7}{'distinct-2':>12}{'words':>7}  more than people have"
    ]
    for row in result.rows:
        values = row.numbers.values
        hits = "" if values["hits_at_1"] is None else f"{100 * values['hits_at_1']:.1f}%"
        more = ", ".join(
            f"{flag} {100 * (values[flag] or 0):.0f}%" for flag in row.conspicuous if row in rows
        )
        numbers = f"{hits:>8}{values['chrf']:>7.1f}{values['distinct_2']:>12.3f}"
        lines.append(f"{row.name:12}{numbers}{values['words']:>7.1f}  {more}".rstrip())
    for name, one in result.speed.items():
        seconds = max(one["cpu_seconds"], 1e-3)
        replies = 1000 * one["seconds"] / len(result.prompts)
        lines.append(
            f"{name}: {replies:,.0f} ms a reply, {one['tokens'] / seconds:,.0f} tokens a CPU-second"
        )
    lines.append(f"Read it: {folder / 'eval.md'}")
    sys.stdout.write("\n".join(lines) + "\n")


def _say(sentence: str) -> None:
    sys.stderr.write(f"corpus: {sentence}\n")
