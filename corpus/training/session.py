"""From the command line to finished runs: the order of everything that `train.py` does."""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import argparse
import os
import sys
from contextlib import ExitStack, suppress
from dataclasses import asdict
from pathlib import Path

from transformers import GPT2LMHeadModel
from transformers.utils import logging as transformers_logging

from corpus.records import CorpusError
from corpus.training.base import load_model
from corpus.training.card import model_card
from corpus.training.chatbot import check_installed, evaluate_runs
from corpus.training.checkpoint import best_model, find_state, save_state
from corpus.training.curve import write_curve
from corpus.training.evaluate import Losses, evaluate
from corpus.training.export import write_chat, write_model
from corpus.training.failures import explain
from corpus.training.leaderboard import run_row, write_leaderboard
from corpus.training.lineage import Ancestor, read_lineage, write_lineage
from corpus.training.log import read_log
from corpus.training.material import Judged, Material, read_material
from corpus.training.optimiser import optimiser_tensors
from corpus.training.progress import Evaluation
from corpus.training.run import Run
from corpus.training.run_folder import Identity, open_run, run_name, write_run
from corpus.training.samples import draw_samples, write_samples
from corpus.training.shards import open_corpus
from corpus.training.start import first_model, prepare, share_model
from corpus.training.step import DivergedError, check_finite, take_step
from corpus.training.strategies import STRATEGIES, Labels
from corpus.training.tell import conclude, describe, losses_text, say, verdict
from corpus.training.world import World, join_world

STOPPED = 130  # exit status after SIGTERM or Ctrl-C, with everything saved


def run_all(options: argparse.Namespace) -> int:
    """Do what the command line says; return the exit status."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    speaker = os.environ.get("LOCAL_RANK", "0") == "0"  # prints what is refused before they meet
    try:
        if options.eval:
            check_installed()  # now, not after a day of training
        with join_world(options.device, options.precision, options.threads) as world:
            speaker = world.is_first
            folders = []
            for labels in STRATEGIES if options.grid else (options.labels,):
                folder = train_run(options, labels, world)
                if folder is None:
                    return STOPPED
                folders.append(folder)
        if options.eval and speaker and not evaluate_runs(folders, options):
            return STOPPED
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        # Refusals come to all processes alike; a full disk or memory is one process's own.
        if speaker or not isinstance(error, CorpusError):
            sys.stderr.write(f"train.py: {sentence}\n")
        return 2
    return 0


def train_run(options: argparse.Namespace, labels: Labels, world: World) -> Path | None:
    """Make one run or go on with it; return its folder, None if asked to stop before its end."""
    material = world.together(lambda: read(options, labels))
    agree_on_corpus(material, world)
    lineage = world.broadcast(read_lineage(options.model))
    identity = identify(options, material, world)
    folder = options.out or Path("runs") / run_name(lineage.name, identity)
    if options.grid and options.out:
        folder = options.out.with_name(f"{options.out.name}-{labels}")
    say(world, describe(options, material, folder, world))
    new = options.fresh or options.eval_only or not world.is_first  # it alone has the run's disk
    state = None if new else find_state(folder)
    model = world.together(
        lambda: first_model(options, material, state) if world.is_first else None
    )
    if options.dry_run:
        return folder
    if options.eval_only:
        scored = score(share_model(model, world), splits_of(material), world)
        for name, losses in (scored or {}).items():
            say(world, f"{name}: {losses_text(losses)}")
        return None if scored is None else folder
    with ExitStack() as stack:
        opened = open_run(folder, identity, fresh=options.fresh)
        world.together(lambda: stack.enter_context(opened) if world.is_first else None)
        run = prepare(options, material, identity, lineage, folder, world, model)
        del model
        stack.callback(run.close)
        write_row(run, run.ending or "Running")
        if run.ending and not unscored(run):
            say(world, "This run is finished; --epochs or --patience raised goes on with it, "
                "--fresh starts it over.")  # fmt: skip
        try:
            finished = train(run)
        except BaseException as error:
            states = {DivergedError: "Diverged", KeyboardInterrupt: "Interrupted"}
            with suppress(OSError):  # it may be a full disk that ended the run
                write_row(run, states.get(type(error), "Failed"))
            raise
        write_row(run, run.ending or "Interrupted")
    say(world, conclude(run))
    return folder if finished else None


def read(options: argparse.Namespace, labels: Labels) -> Material:
    """Read the corpus as the options say."""
    corpus = open_corpus(options.processed)
    sources, mix, n_judged = options.sources, options.mix, options.eval_dialogues
    return read_material(corpus, labels, sources, mix=mix, eval_dialogues=n_judged)


def agree_on_corpus(material: Material, world: World) -> None:
    """Check that all processes read the same corpus: on several machines each has its own disk."""
    first = world.broadcast(material.corpus.corpus_hash)

    def check() -> None:
        if material.corpus.corpus_hash != first:
            raise CorpusError(f"{material.corpus.folder} is not the corpus of the first process.")

    world.together(check)


def identify(options: argparse.Namespace, material: Material, world: World) -> Identity:
    """Return all that a run's result depends on, but for its length."""
    names = ("model", "batch_tokens", "mix", "lr", "schedule", "min_lr", "warmup", "cooldown",
             "weight_decay", "beta2", "clip", "dropout", "eval_dialogues", "seed")  # fmt: skip
    return {
        "corpus": material.corpus.corpus_hash,
        "labels": material.labels,
        "sources": material.sources,
        "precision": str(world.dtype).removeprefix("torch."),
        **{name: getattr(options, name) for name in names},
    }


def train(run: Run) -> bool:
    """Train to the end; return False if asked to stop before it. Either way all is saved."""
    while True:
        if run.must_validate:
            goes_on = validate(run)
        elif run.ending:
            return finish(run)
        else:
            run.world.trains = True
            goes_on = take_step(run)
        if (not goes_on and run.progress.step) or run.must_save:
            save(run)
        if not goes_on:
            return False


def validate(run: Run) -> bool:
    """Score the validation split and draw the pictures; return False if asked to stop."""
    progress, material = run.progress, run.material
    losses = evaluate(run.model, material.frequent.sequences, material.frequent.rows, run.world)
    if losses is None:
        return False
    check_finite(run, losses.all, progress.step)
    progress.evaluations.append(Evaluation(progress.step, losses))
    if run.log is not None:
        run.log.write(progress.step, validation=asdict(losses))
        if progress.step % run.steps_per_epoch == 0:
            seed = run.options.seed
            samples = draw_samples(run.model, material.vocabulary, run.prompts, seed=seed)
            run.log.write(progress.step, samples=samples)
        entries = read_log(run.folder)
        write_samples(run.folder / "samples.md", entries)
        write_curve(run.folder / "curve.svg", entries, labels=material.labels, total=run.steps)
    say(run.world, f"step {progress.step:,}: validation {losses_text(losses)}; {verdict(run)}")
    if progress.step and material.diverged(losses.sys):
        raise DivergedError(
            f"the validation loss of {losses.sys:.1f} at step {progress.step} is worse than that "
            f"of a model that knows nothing: try a lower --lr than {run.options.lr:g}."
        )
    run.restart_clock()
    return True


def unscored(run: Run) -> dict[str, Judged]:
    """Return the splits that the best model is still to be scored on, whole, when a run ends."""
    material = run.material
    splits = splits_of(material)
    if material.frequent is material.validation:
        del splits["validation"]
    return {name: one for name, one in splits.items() if name not in run.progress.final}


def splits_of(material: Material) -> dict[str, Judged]:
    """Return the splits that models are scored on."""
    splits = {"validation": material.validation}
    return splits if material.test is None else {**splits, "test": material.test}


def finish(run: Run) -> bool:
    """Score the best model once on the test split; return False if asked to stop."""
    splits, progress = unscored(run), run.progress
    if not splits:
        return True
    model = run.model
    if not progress.is_best:
        vocabulary, folder = run.material.vocabulary, run.folder
        first = run.world.is_first
        loaded = load_model(best_model(folder), vocabulary, dropout=0.0) if first else None
        model = share_model(loaded, run.world)
    scored = score(model, splits, run.world)
    if scored is None:
        return False
    progress.final |= scored
    save(run)
    return True


def score(
    model: GPT2LMHeadModel, splits: dict[str, Judged], world: World
) -> dict[str, Losses] | None:
    """Score a model on whole splits; `None` if asked to stop."""
    scored = {}
    for name, judged in splits.items():
        losses = evaluate(model, judged.sequences, judged.rows, world)
        if losses is None:
            return None
        scored[name] = losses
    return scored


def save(run: Run) -> None:
    """Save weights, moments and progress, and bring the leaderboard up to date."""
    if run.log is None:
        return
    run.progress.log_bytes = run.log.sync()
    if run.scale is not None:
        run.progress.loss_scale, run.progress.scale_steps = run.scale.state()
    material = run.material
    corpus, labels = material.corpus, material.labels
    lineage = run.lineage.after(
        Ancestor(run.folder.name, corpus.corpus_hash, material.sources, labels, run.progress.step)
    )
    card = model_card(
        lineage=lineage,
        base_licence=getattr(run.model.config, "license", None),
        sources=material.sources,
        corpus_hash=corpus.corpus_hash,
        labels=labels,
        seed=run.options.seed,
        progress=run.progress,
    )

    def write(folder: Path) -> None:
        write_model(folder, run.model, material.vocabulary, corpus.tokenizer_file, card)
        write_chat(folder, corpus, labels)
        write_lineage(folder, lineage)

    save_state(run.folder, write, optimiser_tensors(run.model, run.optimiser), run.progress)
    write_row(run, run.ending or "Running")
    run.restart_clock()


def write_row(run: Run, state: str) -> None:
    """Bring the run's row and the leaderboard of all runs up to date."""
    if run.log is None:
        return
    row = run_row(
        run=run.folder.name,
        model=run.lineage.base if run.lineage.runs else run.options.model,
        sources=run.material.sources,
        state=state,
        date=run.date,
        labels=run.material.labels,
        comment=run.options.comment,
        seed=run.options.seed,
        corpus_hash=run.material.corpus.corpus_hash,
        progress=run.progress,
        steps_per_epoch=run.steps_per_epoch,
    )
    write_run(run.folder, run.identity, row)
    write_leaderboard(run.folder.parent)
