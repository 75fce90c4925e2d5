"""Fine-tune KoGPT2 on a finished corpus.

    python train.py processed/                         one GPU, or the CPU
    torchrun --nproc_per_node 2 train.py processed/    two GPUs
    python train.py processed/ --model tiny            a small GPT-2 from scratch, offline

The same command goes on where a run was stopped. A run leaves in its folder `last/` and `best/`
(for `from_pretrained`), `log.jsonl`, `curve.svg` and `samples.md`, and in the folder above it the
leaderboard of all runs.
"""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import argparse
import math
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import torch
from torch.optim import AdamW
from tqdm import tqdm
from transformers import GPT2LMHeadModel
from transformers.utils import logging as transformers_logging

from corpus.records import CorpusError
from corpus.training.base import check_length, load_base, load_model
from corpus.training.card import model_card
from corpus.training.checkpoint import find_state, save_state, settle
from corpus.training.curve import write_curve
from corpus.training.evaluate import evaluate, perplexity
from corpus.training.export import write_chat, write_model
from corpus.training.failures import explain
from corpus.training.gradient import (
    Gradient,
    attach_gradient,
    clip_gradient,
    read_gradient,
    sum_gradient,
)
from corpus.training.labels import STRATEGIES, Labels
from corpus.training.leaderboard import run_row, write_leaderboard
from corpus.training.log import Log, read_log
from corpus.training.material import Material, read_material
from corpus.training.memory import is_out_of_memory, units_that_fit
from corpus.training.model import precision, summed_loss
from corpus.training.optimiser import (
    learning_rate,
    make_optimiser,
    optimiser_tensors,
    restore_optimiser,
    set_learning_rate,
)
from corpus.training.options import parse_options
from corpus.training.packing import pack
from corpus.training.plan import Indices, count_units, cut_step, unit_seed
from corpus.training.progress import Evaluation, Progress
from corpus.training.run_folder import Identity, open_run, run_name, started_on, write_run
from corpus.training.samples import Prompt, draw_samples, make_prompts, write_samples
from corpus.training.shards import open_corpus
from corpus.training.speed import gpu_use, step_flops
from corpus.training.world import World, join_world

STOPPED = 130  # exit status after SIGTERM or Ctrl-C, with everything saved
MICRO_TOKENS = {"cpu": 2048, "cuda": 16384}


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says; return the exit status."""
    options = parse_options(arguments, __doc__)
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    try:
        with join_world(options.device, options.precision, options.threads) as world:
            for labels in STRATEGIES if options.grid else (options.labels,):
                if not train_run(options, labels, world):
                    return STOPPED
    except Exception as error:
        sentence = explain(error)
        if sentence is None:
            raise
        sys.stderr.write(f"train.py: {sentence}\n")
        return 2
    return 0


def train_run(options: argparse.Namespace, labels: Labels, world: World) -> bool:
    """Make one run or go on with it; return False if asked to stop before its end."""
    material = read_material(open_corpus(options.processed), labels, options.sources)
    identity = identify(options, material, world)
    folder = options.out or Path("runs") / run_name(identity)
    if options.grid and options.out:
        folder = options.out.with_name(f"{options.out.name}-{labels}")
    say(world, describe(options, material, folder, world))
    if options.dry_run:
        return True
    with ExitStack() as stack:
        refusal: CorpusError | None = None
        if world.is_first:
            try:
                stack.enter_context(open_run(folder, identity, fresh=options.fresh))
            except CorpusError as error:
                refusal = error
        if world.any(refusal is not None):  # all wait here, and none goes on alone
            raise refusal or CorpusError("the first process refused.")
        run = prepare(options, material, identity, folder, world)
        stack.callback(run.close)
        write_row(run, run.ending or "Running")
        try:
            finished = train(run)
        except BaseException:
            with suppress(OSError):  # it may be a full disk that ended the run
                write_row(run, "Failed")
            raise
        write_row(run, run.ending or "Interrupted")
    say(world, conclude(run))
    return finished


@dataclass(slots=True)
class Run:
    """What a run works with; beside weights and moments only `progress` changes."""

    options: argparse.Namespace
    world: World
    material: Material
    identity: Identity
    folder: Path
    date: str
    prompts: list[Prompt]
    model: GPT2LMHeadModel
    optimiser: AdamW
    gradient: Gradient
    progress: Progress
    log: Log | None  # the first process alone writes
    bar: "tqdm[NoReturn] | None"
    steps_per_epoch: int
    plan: list[Indices] = field(default_factory=list)
    planned_epoch: int = -1

    @property
    def steps(self) -> int:
        """Steps of the whole run, on which the learning rate depends."""
        epochs: int = self.options.epochs
        return self.steps_per_epoch * epochs

    @property
    def ending(self) -> str:
        """How the run ends; nothing while it goes on."""
        if 0 < self.options.patience <= self.progress.waited:
            return "Stopped early"
        return "Done" if self.progress.step == self.steps else ""

    @property
    def must_validate(self) -> bool:
        """Whether the present weights are still to be validated."""
        step, every = self.progress.step, self.options.eval_every
        due = step % self.steps_per_epoch == 0 or (every is not None and step % every == 0)
        return step > 0 and due and not self.progress.is_evaluated

    @property
    def must_save(self) -> bool:
        """Whether the present state is worth saving; before a validation it is not yet."""
        at_mark = self.progress.step % self.options.save_every == 0
        return self.progress.is_evaluated or (at_mark and not self.must_validate)

    def close(self) -> None:
        """Close the log and the bar."""
        if self.bar is not None:
            self.bar.close()
        if self.log is not None:
            self.log.close()


def train(run: Run) -> bool:
    """Train to the end; return False if asked to stop before it. Either way all is saved."""
    while True:
        if run.must_validate:
            goes_on = validate(run)
        elif run.ending:
            return True
        else:
            goes_on = take_step(run)
        if not goes_on or run.must_save:
            save(run)
        if not goes_on:
            return False


def take_step(run: Run) -> bool:
    """Train on one step of the plan; return False, with nothing changed, if asked to stop."""
    began = time.perf_counter()
    options, progress, material, world = run.options, run.progress, run.material, run.world
    epoch, number = divmod(progress.step, run.steps_per_epoch)
    if run.planned_epoch != epoch:
        run.planned_epoch = epoch
        run.plan = material.plan(seed=options.seed, epoch=epoch, batch_tokens=options.batch_tokens)
    step = run.plan[number]
    units = cut_step(step, material.training.lengths, progress.units)
    n_tokens = int(material.training.lengths[step].sum())
    n_labelled = int(material.labelled[step].sum())
    flops = 0.0

    def add(unit: int) -> None:
        nonlocal flops
        torch.manual_seed(unit_seed(options.seed, progress.step, unit))
        flops += add_unit(run, units[unit], n_labelled)

    share = progress.units // world.size
    mine = range(world.rank * share, (world.rank + 1) * share)
    sum_gradient(run.gradient, mine, add, world)
    loss, norm, stop = read_gradient(run.gradient)
    if stop:
        return False
    check_finite(run, loss + norm, progress.step + 1)
    clip_gradient(run.gradient, norm, options.clip)
    rate = learning_rate(progress.step, total=run.steps, warmup=options.warmup, peak=options.lr)
    set_learning_rate(run.optimiser, rate)
    run.optimiser.step()

    seconds = time.perf_counter() - began
    progress.count_step(tokens=n_tokens, labelled=n_labelled, loss=loss, seconds=seconds)
    if number + 1 == run.steps_per_epoch:
        progress.close_epoch()
    if run.log is not None and run.bar is not None:
        loss, speed = loss / n_labelled, n_tokens / seconds
        numbers = {"loss": loss, "lr": rate, "norm": norm, "tokens_per_second": speed}
        run.log.write(progress.step, **numbers, tokens=n_tokens, labelled=n_labelled)
        use = gpu_use(world.device, flops / seconds)
        run.bar.set_postfix_str(f"loss {loss:.3f}, {speed:,.0f} tokens/s{use}", refresh=False)
        run.bar.update()
    return True


def check_finite(run: Run, loss: float, step: int) -> None:
    """Check that the run has not run away.

    Raises:
        CorpusError: the loss is infinite or no number at all.
    """
    if not math.isfinite(loss):
        raise CorpusError(
            f"the loss is no finite number any more at step {step}, with a highest learning rate "
            f"of {run.options.lr:g}: try a lower --lr."
        )


def add_unit(run: Run, unit: Indices, n_labelled: int) -> float:
    """Add a micro-batch's gradient and loss; return the floating-point operations it took."""
    if not len(unit):
        return 0.0
    row = pack(run.material.training, unit, run.material.lowest_kind).to(run.world.device)
    with precision(run.world.device, run.world.dtype):
        loss = summed_loss(run.model, row)
    (loss / n_labelled).backward()
    run.gradient.loss.add_(loss.detach())
    return step_flops(run.model, row)


def validate(run: Run) -> bool:
    """Score the validation split and draw the pictures; return False if asked to stop."""
    progress, material = run.progress, run.material
    losses = evaluate(run.model, material.validation, material.rows, run.world)
    if losses is None:
        return False
    check_finite(run, losses.all, progress.step)
    progress.evaluations.append(Evaluation(progress.step, losses))
    if run.log is None:
        return True
    run.log.write(progress.step, validation=asdict(losses))
    if progress.step % run.steps_per_epoch == 0:
        seed = run.options.seed
        samples = draw_samples(run.model, material.vocabulary, run.prompts, seed=seed)
        run.log.write(progress.step, samples=samples)
    entries = read_log(run.folder)
    write_samples(run.folder / "samples.md", entries)
    write_curve(run.folder / "curve.svg", entries, labels=material.labels, total=run.steps)
    verdict = "the best so far" if progress.is_best else f"not better for {progress.waited}"
    say(
        run.world,
        f"step {progress.step:,}: validation loss on <sys> {losses.sys:.4f} (perplexity "
        f"{perplexity(losses.sys):,.1f}), last <sys> {losses.last_sys:.4f}, all {losses.all:.4f}; "
        f"{verdict}",
    )
    return True


def save(run: Run) -> None:
    """Save weights, moments and progress, and bring the leaderboard up to date."""
    if run.log is None:
        return
    run.progress.log_bytes = run.log.sync()
    material = run.material
    card = model_card(
        base=run.options.model,
        base_licence=getattr(run.model.config, "license", None),
        sources=material.sources,
        corpus_hash=material.corpus.corpus_hash,
        labels=material.labels,
        seed=run.options.seed,
        progress=run.progress,
    )

    def write(folder: Path) -> None:
        tokenizer_file = material.corpus.tokenizer_file
        write_model(folder, run.model, material.vocabulary, tokenizer_file, card)
        write_chat(folder, material.corpus, material.labels)

    save_state(run.folder, write, optimiser_tensors(run.model, run.optimiser), run.progress)
    write_row(run, run.ending or "Running")


def write_row(run: Run, state: str) -> None:
    """Bring the run's row and the leaderboard of all runs up to date."""
    if run.log is None:
        return
    row = run_row(
        run=run.folder.name,
        model=run.options.model,
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


def prepare(
    options: argparse.Namespace, material: Material, identity: Identity, folder: Path, world: World
) -> Run:
    """Load the model, new or as it was saved, and find micro-batches that fit into memory."""
    vocabulary, tokenizer_file = material.vocabulary, material.corpus.tokenizer_file
    state = find_state(folder)
    if state is None:
        dropout, seed = options.dropout, options.seed
        model = load_base(options.model, vocabulary, tokenizer_file, dropout=dropout, seed=seed)
    else:
        model = load_model(state.model, vocabulary, dropout=options.dropout)
    check_length(model, material.longest)
    torch.nn.Module.to(model, world.device)
    model.train()
    optimiser = make_optimiser(model, weight_decay=options.weight_decay)
    progress = Progress()
    if state is not None:
        progress = state.progress
        restore_optimiser(model, optimiser, state.moments)
    log = None
    if world.is_first:
        if state is not None:
            settle(folder, progress)
        log = Log(folder, log_bytes=progress.log_bytes, step=progress.step)
    run = Run(
        options=options,
        world=world,
        material=material,
        identity=identity,
        folder=folder,
        date=started_on(folder) or f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M:%S}",
        prompts=make_prompts(vocabulary, material.validation, shift=material.labels == "shift"),
        model=model,
        optimiser=optimiser,
        gradient=attach_gradient(model),
        progress=progress,
        log=log,
        bar=None,
        steps_per_epoch=material.steps_per_epoch(options.batch_tokens),
    )
    if run.ending:
        say(world, "This run is finished; --fresh starts it over.")
        return run
    if state is not None:
        say(world, f"going on after step {progress.step:,}")
    progress.units = choose_units(run)
    if world.is_first:
        run.bar = tqdm(total=run.steps, initial=progress.step, unit="step", leave=False)
    return run


def choose_units(run: Run) -> int:
    """Return into how many micro-batches a step is cut: as before, or as many as memory asks."""
    options, world, lengths = run.options, run.world, run.material.training.lengths
    most = options.micro_tokens or MICRO_TOKENS[world.device.type]
    n_units = count_units(
        batch_tokens=options.batch_tokens, micro_tokens=most, processes=world.size
    )
    if options.micro_tokens is None and run.progress.units % world.size == 0:
        n_units = max(n_units, run.progress.units)

    def fits(unit: Indices) -> bool:
        out_of_memory = False
        try:
            # The optimizer's moments and a branch of the sum come to lie beside it.
            room = [torch.empty_like(run.gradient.buffer) for _ in range(3)]
            add_unit(run, unit, 1)
            run.gradient.loss.item()  # an error of a GPU shows when one waits for it
            del room
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            out_of_memory = True
        if world.device.type == "cuda":
            torch.cuda.empty_cache()
        return not world.any(out_of_memory)

    return units_that_fit(n_units, lengths, fits, batch_tokens=options.batch_tokens)


def identify(options: argparse.Namespace, material: Material, world: World) -> Identity:
    """Return all that a run's result depends on."""
    names = ("model", "epochs", "batch_tokens", "lr", "warmup", "weight_decay", "clip", "dropout",
             "patience", "eval_every", "seed")  # fmt: skip
    return {
        "corpus": material.corpus.corpus_hash,
        "labels": material.labels,
        "sources": material.sources,
        "precision": str(world.dtype).removeprefix("torch."),
        **{name: getattr(options, name) for name in names},
    }


def describe(options: argparse.Namespace, material: Material, folder: Path, world: World) -> str:
    """Say what is going to happen."""
    training, used = material.training, material.used
    steps = material.steps_per_epoch(options.batch_tokens)
    n_tokens, n_labelled = training.lengths[used].sum(), material.labelled.sum()
    left_out = len(training.lengths) - len(used)
    lines = {
        "corpus": f"{options.processed} ({material.sources}): {len(used):,} dialogues, "
        f"{n_tokens:,} tokens to train on, {len(material.validation.lengths):,} dialogues to "
        "validate on" + (f"; {left_out:,} without a label left out" if left_out else ""),
        "labels": f"{material.labels}: {n_labelled:,} tokens are labelled "
        f"({n_labelled / n_tokens:.0%})",
        "model": f"{options.model}, on {world.size} × {world.device.type} in "
        f"{str(world.dtype).removeprefix('torch.')}",
        "plan": f"{steps:,} steps an epoch, of about {n_tokens // steps:,} tokens; epochs: at most "
        f"{options.epochs}; learning rate up to {options.lr:g}",
        "run": f"{folder}",
    }
    return "\n".join(f"{name:8}{line}" for name, line in lines.items())


def conclude(run: Run) -> str:
    """Say how a run ended and where its fruits are."""
    best, folder = run.progress.best, run.folder
    if not run.ending:
        return f"Stopped and saved after step {run.progress.step:,}: the same command goes on."
    judged = "" if best is None else (
        f" Best <sys> loss {best.losses.sys:.4f} (perplexity {perplexity(best.losses.sys):,.1f}) "
        f"after step {best.step:,}."
    )  # fmt: skip
    return (
        f"{run.ending}.{judged}\nThe best model is {folder / 'best'}, all runs are compared in "
        f"{folder.parent / 'leaderboard.md'}."
    )


def say(world: World, text: str) -> None:
    """Print for people, above the bar, once for all processes."""
    if world.is_first:
        tqdm.write(text)


if __name__ == "__main__":
    sys.exit(main())
