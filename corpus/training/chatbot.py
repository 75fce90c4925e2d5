"""Is what was trained a good chatbot: `--eval` has `corpus.evaluation` say so, once all is done."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from corpus.evaluation.command import check_installed, evaluate_and_write
from corpus.training.leaderboard import write_leaderboard

__all__ = ["check_installed", "evaluate_runs"]


def evaluate_runs(folders: Sequence[Path], options: argparse.Namespace) -> bool:
    """Evaluate the best models of some runs, in one process; return False if asked to stop.

    Raises:
        CorpusError: the corpus has too few dialogues to validate on, say.
    """
    for folder in folders:
        try:
            evaluate_and_write(
                folder, options.processed, device=options.device, threads=options.threads
            )
        except KeyboardInterrupt:
            sys.stderr.write(
                "\ntrain.py: trained and saved, but the evaluation was stopped: `python -m corpus "
                f"eval {folder} {options.processed}` makes it.\n"
            )
            return False
        write_leaderboard(folder.parent)
    return True
