"""One step of a run: launch it, and read what became of it.

On a GPU the numbers of a step are read when the next one is launched. The device then always has
work, and the host never waits for it. What depends on a step (validation, saving, the end of an
epoch) waits until all steps are read.
"""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import math
import time

import torch

from corpus.records import CorpusError
from corpus.training.failures import in_short
from corpus.training.gradient import measure_gradient, sum_gradient
from corpus.training.model import precision, summed_loss
from corpus.training.numbers import send
from corpus.training.optimiser import has_diverged, set_learning_rate, update_weights
from corpus.training.packing import Row, pack, shapes_of
from corpus.training.plan import Indices, cut_step, unit_seed
from corpus.training.run import Launched, Run
from corpus.training.speed import usage
from corpus.training.tell import say


class DivergedError(CorpusError):
    """The run has come apart: its loss is no finite number, or worse than knowing nothing."""


def take_step(run: Run) -> bool:
    """Train on one step of the plan; return False, with nothing changed, if asked to stop."""
    launch_step(run)
    done = run.progress.step + len(run.launched)
    due = run.is_judged(done) or run.is_saved(done)
    unread = 1 if reads_late(run) and not due else 0
    while len(run.launched) > unread:
        if not read_step(run, run.launched.popleft()):
            # The wish to stop stays in the gradient of every later step: they changed nothing.
            run.launched.clear()
            return False
    return True


def reads_late(run: Run) -> bool:
    """Tell whether the numbers of a step are read one step later."""
    return run.world.device.type == "cuda" and not run.options.wait


def launch_step(run: Run) -> None:
    """Let the device compute a step and change the weights."""
    options, progress, material, world = run.options, run.progress, run.material, run.world
    number = progress.step + len(run.launched)
    epoch, place = divmod(number, run.steps_per_epoch)
    if run.planned_epoch != epoch:
        run.planned_epoch = epoch
        run.plan = material.plan(seed=options.seed, epoch=epoch, batch_tokens=options.batch_tokens)
        record_epoch(run)
    step = run.plan[place]
    units = cut_step(step, material.training.lengths, progress.units)
    n_labelled = int(material.labelled[step].sum())
    flops = 0.0

    def add(unit: int) -> None:
        nonlocal flops
        torch.manual_seed(unit_seed(options.seed, number, unit))
        flops += add_unit(run, units[unit], n_labelled)

    share = progress.units // world.size
    own = range(world.rank * share, (world.rank + 1) * share)
    sum_gradient(run.gradient, own, add, world, run.exchange)
    rate = run.schedule.rate(number, [end * run.steps_per_epoch for end in progress.ends])
    set_learning_rate(run.optimiser, rate)
    numbers = update_weights(
        run.optimiser,
        run.gradient,
        measure_gradient(run.gradient),
        clip=options.clip,
        scale=run.scale,
    )
    n_tokens = int(material.training.lengths[step].sum())
    run.launched.append(Launched(n_tokens, n_labelled, rate, flops, send(numbers)))


def read_step(run: Run, step: Launched) -> bool:
    """Count and log a step; return False if it was not taken because a process must stop."""
    loss, norm, stop, scale = step.numbers.read()
    if stop:
        return False
    progress = run.progress
    overflow = run.scale is not None and math.isfinite(loss) and not math.isfinite(norm)
    if overflow and not has_diverged(scale):
        progress.skipped += 1
    else:
        check_finite(run, loss + norm, progress.step + 1)
    now = time.perf_counter()
    seconds, run.clock = now - run.clock, now
    progress.count_step(tokens=step.n_tokens, labelled=step.n_labelled, loss=loss, seconds=seconds)
    if progress.step % run.steps_per_epoch == 0:
        progress.close_epoch()
    if run.log is not None and run.bar is not None:
        loss, speed = loss / step.n_labelled, step.n_tokens / seconds
        used = usage(run.world.device, run.world.dtype, step.flops / seconds)
        numbers = {"loss": loss, "lr": step.rate, "tokens_per_second": speed, **used.numbers}
        numbers |= {"skipped": 1.0} if overflow else {"norm": norm}
        run.log.write(progress.step, **numbers, tokens=step.n_tokens, labelled=step.n_labelled)
        text = f"loss {loss:.3f}, {speed:,.0f} tokens/s{used.text}"
        run.bar.set_postfix_str(text, refresh=False)
        run.bar.update()
    return True


def check_finite(run: Run, loss: float, step: int) -> None:
    """Check that the loss is a number.

    Raises:
        DivergedError: it is infinite or no number at all.
    """
    if not math.isfinite(loss):
        raise DivergedError(
            f"the loss is no finite number any more at step {step}, with a highest learning rate "
            f"of {run.options.lr:g}: try a lower --lr."
        )


def record_epoch(run: Run) -> None:
    """Record a CUDA graph for every shape of micro-batch in the planned epoch, if there are any."""
    if run.graphs is None:
        return
    sizes = [
        unit_size(run, unit)
        for step in run.plan
        for unit in cut_step(step, run.material.training.lengths, run.progress.units)
        if len(unit)
    ]
    run.shapes = dict(zip(sizes, shapes_of(sizes, run.material.longest), strict=True))
    try:
        run.graphs.record(run.shapes.values())
    except Exception as error:  # torch raises many kinds # noqa: BLE001
        run.graphs = None
        torch.cuda.empty_cache()
        told = f"CUDA graphs do not work here ({in_short(error)}): training without, slower."
        say(run.world, told)
    run.restart_clock()


def unit_size(run: Run, unit: Indices) -> tuple[int, int, int]:
    """Return a micro-batch's tokens, scored places and sequences."""
    training = run.material.training
    return int(training.lengths[unit].sum()), int(run.material.labelled[unit].sum()), len(unit)


def add_unit(run: Run, unit: Indices, n_labelled: int) -> float:
    """Add a micro-batch's gradient and loss; return the floating-point operations it took."""
    if not len(unit):
        return 0.0
    row = pack(run.material.training, unit, run.material.lowest_kind)
    if run.graphs is None:
        add_row(run, row.to(run.world.device), n_labelled)
    else:
        run.graphs.play(row, run.shapes[unit_size(run, unit)], n_labelled)
    return run.work.flops(row)


def add_row(run: Run, row: Row, n_labelled: int | torch.Tensor) -> None:
    """Add the gradient and the loss of a row that lies on the device."""
    with precision(run.world.device, run.world.dtype):
        loss = summed_loss(run.model, row, run.pieces)
    mean = loss / n_labelled
    (mean if run.scale is None else mean * run.scale.scale).backward()
    run.gradient.loss.add_(loss.detach())
