"""Get a run ready: its model, new or as it was saved, its optimiser, and what fits into memory."""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import argparse
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.optim import AdamW
from tqdm import tqdm
from transformers import GPT2Config, GPT2LMHeadModel

from corpus.training.attention import has_flash
from corpus.training.base import check_length, load_base, load_model
from corpus.training.checkpoint import State, find_state, settle
from corpus.training.compiled import compiled_pieces
from corpus.training.exchange import Exchange
from corpus.training.failures import in_short
from corpus.training.gradient import attach_gradient
from corpus.training.graph import Graphs
from corpus.training.lineage import Lineage
from corpus.training.log import Log
from corpus.training.material import Material
from corpus.training.memory import is_out_of_memory, units_that_fit
from corpus.training.model import PLAIN
from corpus.training.optimiser import (
    LossScale,
    empty_moments,
    make_optimiser,
    optimiser_tensors,
    restore_optimiser,
)
from corpus.training.plan import Indices, count_units
from corpus.training.progress import Progress, read_progress
from corpus.training.run import Run
from corpus.training.run_folder import Identity, started_on
from corpus.training.samples import make_prompts
from corpus.training.schedule import Schedule
from corpus.training.speed import Work
from corpus.training.step import add_row, add_unit
from corpus.training.tell import say
from corpus.training.world import RefusedError, World

MICRO_TOKENS = {"cpu": 2048, "mps": 8192}


def micro_tokens(device: torch.device) -> int:
    """Return how many tokens are computed at once, if they fit.

    On an H100 a step of 65,536 tokens of KoGPT2 took 143 ms in micro-batches of 16,384, and 128 ms
    and 25 GiB in one.
    """
    if device.type != "cuda":
        return MICRO_TOKENS[device.type]
    memory = torch.cuda.get_device_properties(device).total_memory / 2**30
    return 65536 if memory > 60 else 32768 if memory > 30 else 16384


def first_model(
    options: argparse.Namespace, material: Material, state: State | None
) -> GPT2LMHeadModel:
    """Load the model that the run starts from or goes on with, on the CPU.

    Raises:
        CorpusError: it is not to be had, or it does not fit the corpus.
    """
    vocabulary, tokenizer_file = material.vocabulary, material.corpus.tokenizer_file
    if state is None:
        dropout, seed = options.dropout, options.seed
        model = load_base(options.model, vocabulary, tokenizer_file, dropout=dropout, seed=seed)
    else:
        model = load_model(state.model, vocabulary, dropout=options.dropout)
    check_length(model, material.longest)
    return model


def prepare(
    options: argparse.Namespace,
    material: Material,
    identity: Identity,
    lineage: Lineage,
    folder: Path,
    world: World,
    model: GPT2LMHeadModel | None,
) -> Run:
    """Make the first process's model and state those of all, and find micro-batches that fit.

    The other processes read nothing of the run: on another machine they have another disk.
    """
    state = find_state(folder) if world.is_first else None
    model = share_model(model, world)
    optimiser = make_optimiser(model, weight_decay=options.weight_decay, beta2=options.beta2)
    progress = _share_progress(model, optimiser, state, world)
    _plan_epochs(progress, options, folder)
    log = None
    if world.is_first:
        if state is not None:
            settle(folder)
        project = options.wandb and {"project": options.wandb, "config": identity}
        log = Log(folder, log_bytes=progress.log_bytes, step=progress.step, wandb=project)
    gradient = attach_gradient(model)
    beside = world.size > 1 and not options.wait
    half = world.dtype is torch.float16
    shift = material.labels == "shift"
    run = Run(
        options=options,
        world=world,
        material=material,
        identity=identity,
        lineage=lineage,
        folder=folder,
        date=started_on(folder) or f"{datetime.now(UTC).astimezone():%Y-%m-%d %H:%M:%S}",
        schedule=Schedule(
            options.schedule, options.lr, options.min_lr, options.warmup, options.cooldown
        ),
        prompts=make_prompts(material.vocabulary, material.validation.sequences, shift=shift),
        model=model,
        pieces=PLAIN,
        optimiser=optimiser,
        gradient=gradient,
        exchange=Exchange(model, gradient.buffer) if beside else None,
        work=Work.of(model),
        scale=LossScale(world.device, progress.loss_scale, progress.scale_steps) if half else None,
        progress=progress,
        log=log,
        steps_per_epoch=material.steps_per_epoch(options.batch_tokens),
    )
    if not run.ending:
        if state is not None:
            say(world, f"going on after step {progress.step:,}")
        choose_pieces(run)
        choose_graphs(run)
        if world.device.type == "cuda":
            torch.cuda.reset_peak_memory_stats()  # what was tried is not what a run needs
        if world.is_first:
            run.bar = tqdm(total=run.steps, initial=progress.step, unit="step", leave=False)
        run.restart_clock()
    return run


def share_model(model: GPT2LMHeadModel | None, world: World) -> GPT2LMHeadModel:
    """Bring the first process's model to all, on their devices."""
    config: dict[str, Any] | None = world.broadcast(
        None if model is None else model.config.to_dict()
    )
    if model is None:
        model = GPT2LMHeadModel(GPT2Config.from_dict(config or {}))
    torch.nn.Module.to(model, world.device)
    model.train()
    for parameter in model.parameters():
        world.broadcast_tensor(parameter.data)
    return model


def _share_progress(
    model: GPT2LMHeadModel, optimiser: AdamW, state: State | None, world: World
) -> Progress:
    text = world.broadcast(None if state is None else state.progress.to_json())
    has_moments = world.broadcast(state is not None and state.has_moments)
    if has_moments:
        restore_optimiser(
            model, optimiser, empty_moments(model) if state is None else state.moments()
        )
        for tensor in optimiser_tensors(model, optimiser).values():
            world.broadcast_tensor(tensor)
    return Progress() if text is None else read_progress(text)


def _plan_epochs(progress: Progress, options: argparse.Namespace, folder: Path) -> None:
    """Plan the epochs of a new run, or those that were added to an old one."""
    if progress.ends and options.epochs < progress.ends[-1]:
        raise RefusedError(
            f"the run in {folder} was planned for {progress.ends[-1]} epochs: --epochs may be "
            "raised, not lowered; Ctrl-C stops a run at any step."
        )
    if not progress.ends or options.epochs > progress.ends[-1]:
        progress.ends.append(options.epochs)
        progress.final.clear()  # of the best model: another one may become the best


class CompileError(Exception):
    """torch.compile does not work here."""


def choose_pieces(run: Run) -> None:
    """Compile what can be compiled, or say in one line why it is not; find what fits into memory.

    Compiled kernels suit the sizes that they are first called with, so that the first row they see
    is a big one.
    """
    wish, world = run.options.compile, run.world
    if wish == "on" or (wish == "auto" and world.device.type == "cuda"):
        say(world, "compiling: up to a minute at the first start, less with torch's cache")
        run.pieces = compiled_pieces()
        try:
            run.progress.units = choose_units(run)
        except CompileError as error:
            say(world, f"torch.compile does not work here ({error}): training without it, slower.")
            run.pieces = PLAIN
        else:
            return
    run.progress.units = choose_units(run)


GRAPH_TOKENS = 32768  # above that many tokens at once a host is faster than its GPU anyway


def choose_graphs(run: Run) -> None:
    """Let micro-batches run as CUDA graphs, where that is faster and attention allows it.

    Several processes go without: they send gradients while the backward pass makes them. Without
    the flash kernel attention depends on the lengths of the sequences, so that no graph fits.
    """
    world = run.world
    is_small = run.options.batch_tokens <= GRAPH_TOKENS * run.progress.units
    is_able = world.size == 1 and has_flash(world.device, world.dtype)
    if run.options.graph == "auto" and is_small and is_able:
        run.graphs = Graphs(partial(add_row, run), world.device)


def choose_units(run: Run) -> int:
    """Return into how many micro-batches a step is cut: as before, or as many as memory asks."""
    options, world, lengths = run.options, run.world, run.material.training.lengths
    n_units = count_units(
        batch_tokens=options.batch_tokens,
        micro_tokens=options.micro_tokens or micro_tokens(world.device),
        processes=world.size,
        least=2 if world.device.type == "cpu" else 1,
    )
    if options.micro_tokens is None and run.progress.units % world.size == 0:
        n_units = max(n_units, run.progress.units)
    return units_that_fit(
        n_units, lengths, lambda unit: _fits(run, unit), batch_tokens=options.batch_tokens
    )


def _fits(run: Run, unit: Indices) -> bool:
    """Try a micro-batch.

    Raises:
        CompileError: it cannot be compiled, in some process.
    """
    world = run.world
    out_of_memory, reason = False, ""
    try:
        # The optimizer's moments and a branch of the sum come to lie beside it.
        room = [torch.empty_like(run.gradient.buffer) for _ in range(3)]
        add_unit(run, unit, 1)
        run.gradient.loss.item()  # an error of a GPU shows when one waits for it
        del room
    except Exception as error:  # torch.compile raises many kinds
        out_of_memory = is_out_of_memory(error)
        if not out_of_memory and run.pieces is PLAIN:
            raise
        reason = in_short(error)
    if world.device.type == "cuda":
        torch.cuda.empty_cache()
    if world.any(bool(reason) and not out_of_memory):
        raise CompileError(reason or "in another process")
    return not world.any(out_of_memory)
