"""What people are told before, during and after a run."""

import argparse
from pathlib import Path

from tqdm import tqdm

from corpus.training.evaluate import Losses, perplexity
from corpus.training.material import Material
from corpus.training.run import Run
from corpus.training.world import World, unused_gpu


def say(world: World, text: str) -> None:
    """Print for people, above the bar, once for all processes."""
    if world.is_first:
        tqdm.write(text)


def describe(options: argparse.Namespace, material: Material, folder: Path, world: World) -> str:
    """Say what is going to happen."""
    training, used = material.training, material.used
    steps = material.steps_per_epoch(options.batch_tokens)
    n_tokens, n_labelled = training.lengths[used].sum(), material.labelled[used].sum()
    left_out = len(training.lengths) - len(used)
    mix = " ".join(f"{source}={weight:g}" for source, weight in options.mix.items())
    lines = {
        "corpus": f"{options.processed} ({material.sources}): {len(used):,} dialogues, "
        f"{n_tokens:,} tokens to train on, {len(material.validation.sequences.lengths):,} "
        "dialogues to validate on"
        + (f"; {left_out:,} without a label or a weight left out" if left_out else "")
        + (f"; mixed {mix}" if mix else ""),
        "labels": f"{material.labels}: {n_labelled:,} tokens are labelled "
        f"({n_labelled / n_tokens:.0%})",
        "model": f"{options.model}, on {world.size} × {world.device.type} in "
        f"{str(world.dtype).removeprefix('torch.')}",
        "plan": f"{steps:,} steps an epoch, of about {n_tokens // steps:,} tokens; epochs: at most "
        f"{options.epochs}; learning rate up to {options.lr:g}",
        "run": f"{folder}",
    }
    text = "\n".join(f"{name:8}{line}" for name, line in lines.items())
    return text + (
        f"\nnote   {unused_gpu()}" if world.device.type == "cpu" and unused_gpu() else ""
    )


def losses_text(losses: Losses) -> str:
    """Write the three losses of a split."""
    return (
        f"loss on <sys> {losses.sys:.4f} (perplexity {perplexity(losses.sys):,.1f}), last <sys> "
        f"{losses.last_sys:.4f}, all {losses.all:.4f}"
    )


def verdict(run: Run) -> str:
    """Say how the latest validation compares."""
    progress = run.progress
    if not progress.step:
        return "before any training"
    return "the best so far" if progress.is_best else f"not better for {progress.waited}"


def conclude(run: Run) -> str:
    """Say how a run ended and where its results are."""
    progress, folder = run.progress, run.folder
    if not run.ending:
        return f"Stopped and saved after step {progress.step:,}: the same command goes on."
    lines = [f"{run.ending}."]
    best = progress.best
    if best is not None:
        lines[0] += (
            f" Best <sys> loss {best.losses.sys:.4f} "
            f"(perplexity {perplexity(best.losses.sys):,.1f}) after step {best.step:,}"
        )
        if progress.before is not None:
            lines[0] += f"; before training it was {progress.before.losses.sys:.4f}"
        lines[0] += "."
    if progress.skipped:
        lines.append(f"{progress.skipped:,} steps were skipped: their float16 gradient overflowed.")
    lines += [f"{split}: {losses_text(losses)}" for split, losses in progress.final.items()]
    lines.append(
        f"The best model is {folder / 'best'}, all runs are compared in "
        f"{folder.parent / 'leaderboard.md'}."
    )
    return "\n".join(lines)
