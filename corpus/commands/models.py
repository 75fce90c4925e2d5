"""`train`, `chat` and `eval`: commands on models, whose options stand in the folder of each."""

import argparse
from collections.abc import Sequence

TRAIN, EVAL = "train", "eval"


def run_train(words: Sequence[str]) -> int:
    """Train: it has a command line, and messages, of its own."""
    from corpus.training.command import main

    return main(words, prog=f"python -m corpus {TRAIN}")


def add_chat(parser: argparse.ArgumentParser) -> None:
    """Add what `chat` takes."""
    from corpus.chat.options import add_options

    add_options(parser)


def run_chat(args: argparse.Namespace) -> int:
    """Talk to a model."""
    from corpus.chat.command import chat

    return chat(args)


def add_eval(parser: argparse.ArgumentParser) -> None:
    """Add what `eval` takes."""
    from corpus.evaluation.options import add_options

    add_options(parser)


def run_eval(args: argparse.Namespace) -> int:
    """Measure a model, and write the leaderboard of its runs again if it lies among runs."""
    from corpus.evaluation.command import evaluate_run

    run = evaluate_run(args)
    if run is not None:
        from corpus.training.leaderboard import write_leaderboard  # loads torch

        write_leaderboard(run.absolute().parent)
    return 0
