"""The same forward pass with `torch.compile`: fewer, bigger kernels where a GPU waits for its host.

Only what lies between two calls of attention is compiled, three functions for all blocks. That
takes seconds where a whole model takes a minute, and attention stays the kernel that it is. Sizes
are dynamic: rows differ in length and nothing is compiled twice.
"""

# mypy: allow-untyped-calls
# (torch leaves some of what is called here without annotations)

from functools import cache
from typing import Any

import torch

from corpus.training.model import Pieces, as_multiplied, begin, between, finish
from corpus.training.packing import NO_TARGET

_LOGITS_AT_ONCE = 8192  # places; in bfloat16 these are 0.8 GB, and as much for their gradient


@cache
def compiled_pieces() -> Pieces:
    """Return the pieces compiled; torch compiles each at its first call."""
    return Pieces(
        torch.compile(begin, dynamic=True),
        torch.compile(between, dynamic=True),
        torch.compile(finish, dynamic=True),
        _summed_loss,
    )


def _cross_entropy(
    logits: torch.Tensor, targets: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the summed loss and its gradient by the logits (C, vocabulary), in their dtype.

    The logits are read as they are: no copy of them in float32 is ever made.
    """
    wide = logits.float()
    counts = (targets != NO_TARGET).to(wide.dtype)
    highest = wide.amax(1, keepdim=True)
    powers = (wide - highest).exp()
    total = powers.sum(1, keepdim=True)
    loss = ((highest + total.log() - wide.gather(1, targets.clamp(min=0))) * counts).sum()
    places = torch.arange(wide.shape[1], device=wide.device)
    came = places[None, :] == targets
    error = (powers / total - came.to(wide.dtype)) * counts
    return loss, error.to(logits.dtype)


@cache
def _compiled_cross_entropy() -> Any:  # noqa: ANN401 (torch's own type for it)
    return torch.compile(_cross_entropy, dynamic=True)


class _SummedLoss(torch.autograd.Function):
    """Like the one in `model`: cross entropy, summed; its gradients are made while logits exist."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch's own type for it)
        hidden: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
    ) -> torch.Tensor:
        """Return the loss and keep its gradients."""
        cross_entropy = _compiled_cross_entropy()
        chunks = -(-len(hidden) // _LOGITS_AT_ONCE) or 1
        loss = weight.new_zeros(())
        states, matrix = as_multiplied(hidden), as_multiplied(weight)
        gradients, weight_gradient = [], None
        parts = zip(states.tensor_split(chunks), targets[:, None].tensor_split(chunks), strict=True)
        for chunk, target in parts:
            part, error = cross_entropy(chunk @ matrix.T, target)
            loss += part
            gradients.append(error @ matrix)
            product = (error.T @ chunk).to(weight.dtype)
            weight_gradient = product if weight_gradient is None else weight_gradient.add_(product)
        gradient = torch.cat(gradients) if len(gradients) > 1 else gradients[0]
        ctx.save_for_backward(gradient.to(hidden.dtype), weight_gradient)
        return loss

    @staticmethod
    def backward(ctx: Any, *factors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:  # noqa: ANN401
        """Return the kept gradients, scaled."""
        gradient, weight_gradient = ctx.saved_tensors
        return gradient.mul_(factors[0]), weight_gradient.mul_(factors[0]), None


def _summed_loss(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = _SummedLoss.apply(hidden, weight, targets)
    return loss
