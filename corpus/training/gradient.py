"""The gradient of a step: a sum over micro-batches and processes in an order that never changes.

All gradients are views of one flat buffer, so that clearing, summing, clipping and the exchange
between processes are one call each. The sum is a tree over the step's micro-batches and a process
holds a whole branch of it, so that one process and two come to the same bits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from transformers import GPT2LMHeadModel

from corpus.training.exchange import Exchange
from corpus.training.world import World

# The norm is taken of blocks and then of their norms, so that no number of threads shows in it.
_NORM_BLOCK = 65536
_LEAF = 2  # micro-batches at a leaf of the tree


@dataclass(frozen=True, slots=True)
class Gradient:
    """The gradients of a model's parameters, end to end; the loss and the wish to stop behind them.

    They travel with the gradient, since all processes need them at the same moment.
    """

    buffer: torch.Tensor

    @property
    def weights(self) -> torch.Tensor:
        """The gradient proper, filled up with zeros."""
        return self.buffer[:-2]

    @property
    def loss(self) -> torch.Tensor:
        """The summed loss of the step, a view of one number."""
        return self.buffer[-2]

    @property
    def stop(self) -> torch.Tensor:
        """More than 0 if any process was asked to stop, a view of one number."""
        return self.buffer[-1]


def attach_gradient(model: GPT2LMHeadModel) -> Gradient:
    """Make every parameter's `.grad` a view of one buffer."""
    parameters = list(model.parameters())
    blocks = -(-sum(parameter.numel() for parameter in parameters) // _NORM_BLOCK)
    buffer = torch.zeros(blocks * _NORM_BLOCK + 2, device=parameters[0].device)
    place = 0
    for parameter in parameters:
        parameter.grad = buffer[place : place + parameter.numel()].view_as(parameter)
        place += parameter.numel()
    return Gradient(buffer)


def sum_gradient(
    gradient: Gradient,
    units: range,
    add: Callable[[int], None],
    world: World,
    exchange: Exchange | None = None,
) -> None:
    """Fill `gradient` with the sum over all units of the step, those of other processes included.

    `units` are the numbers of this process's micro-batches, a power of two of them; `add` adds the
    gradient and the loss of one. A process that is asked to stop leaves the rest of its units out
    and tells the others: `gradient.stop` is then above 0 in all, and the gradient worth nothing.
    With an `exchange` a process of one or two units sends its sum during the last backward pass;
    with more units the sum is a tree, and is sent after that pass.
    """

    def add_last(unit: int) -> None:
        if exchange is not None and unit == units[-1] and len(units) <= _LEAF:
            exchange.arm()
        add(unit)

    gradient.buffer.zero_()
    _add_branch(gradient.buffer, units, add_last, world)
    gradient.stop.fill_(float(world.stop_asked))
    if exchange is None:
        world.add_up(gradient.buffer)
    else:
        exchange.finish()


def _add_branch(
    buffer: torch.Tensor, units: range, add: Callable[[int], None], world: World
) -> None:
    if len(units) <= _LEAF:  # autograd adds the second to the first
        for unit in units:
            if not world.stop_asked:
                add(unit)
        return
    half = len(units) // 2
    _add_branch(buffer, units[:half], add, world)
    left = buffer.clone()
    buffer.zero_()
    _add_branch(buffer, units[half:], add, world)
    buffer.add_(left)


def measure_gradient(gradient: Gradient) -> torch.Tensor:
    """Return the summed loss, the gradient's norm and the wish to stop: three numbers.

    They stay on the device, so that nobody waits. A CPU sums in float64, on one thread per block. A
    GPU sums each block in float32 and the blocks in float64: a float64 copy of all would take twice
    the memory of the gradient itself.
    """
    blocks = gradient.weights.view(-1, _NORM_BLOCK)
    if gradient.buffer.device.type == "cpu":
        norms = torch.linalg.vector_norm(blocks, dim=1, dtype=torch.float64)
    else:
        norms = torch.linalg.vector_norm(blocks, dim=1)
    exact = torch.float32 if gradient.buffer.device.type == "mps" else torch.float64
    norm = torch.linalg.vector_norm(norms.to(exact))
    return torch.stack([gradient.loss.to(exact), norm, gradient.stop.to(exact)])
