"""GPT-2 on a row of sequences end to end, and the loss at the places that are scored.

The weights and modules are those of `transformers.GPT2LMHeadModel`; only the way through them is
ours. In transformers 5.23 packed sequences stay apart only with `use_cache=False` and
`attention_mask=None`, else they silently see each other; here attention knows the sequences.

What lies between two calls of attention is one function of tensors (`Pieces`), so that
`torch.compile` can fuse it: see `compiled`.
"""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch.nn import functional
from transformers import GPT2LMHeadModel

from corpus.training.attention import attention_of
from corpus.training.packing import NO_TARGET, Row

# Places whose logits are held at once. On a CPU 256 × 51,200 of them stay near the cache.
LOGITS_CHUNK = {"cpu": 256, "cuda": 2048}


@contextmanager
def precision(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Run matrix products in `dtype`; float32 leaves everything as it is."""
    with torch.autocast(device.type, dtype=dtype, enabled=dtype is not torch.float32):
        yield


class Norm(NamedTuple):
    """A layer norm."""

    weight: torch.Tensor
    bias: torch.Tensor
    eps: float


class Block(NamedTuple):
    """The weights of a transformer block, in the order in which they are used."""

    norm_1: Norm
    attend: torch.Tensor  # width → query, key and value
    attend_bias: torch.Tensor
    project: torch.Tensor
    project_bias: torch.Tensor
    norm_2: Norm
    widen: torch.Tensor
    widen_bias: torch.Tensor
    narrow: torch.Tensor
    narrow_bias: torch.Tensor


def begin(hidden: torch.Tensor, block: Block) -> torch.Tensor:
    """Return what the first block attends with: query, key and value, (T, 3 · width)."""
    return torch.addmm(block.attend_bias, _norm(block.norm_1, hidden), block.attend)


def between(
    hidden: torch.Tensor, attended: torch.Tensor, block: Block, following: Block, dropout: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the hidden states after a block, and what the next one attends with."""
    hidden = _behind_attention(hidden, attended, block, dropout)
    return hidden, begin(hidden, following)


def finish(
    hidden: torch.Tensor, attended: torch.Tensor, block: Block, norm: Norm, dropout: float
) -> torch.Tensor:
    """Return the states after the last block and the norm behind it."""
    return _norm(norm, _behind_attention(hidden, attended, block, dropout))


def _behind_attention(
    hidden: torch.Tensor, attended: torch.Tensor, block: Block, dropout: float
) -> torch.Tensor:
    projected = torch.addmm(block.project_bias, attended, block.project)
    hidden = hidden + functional.dropout(projected, dropout)
    inner = _gelu(torch.addmm(block.widen_bias, _norm(block.norm_2, hidden), block.widen))
    narrowed = torch.addmm(block.narrow_bias, inner, block.narrow)
    return hidden + functional.dropout(narrowed, dropout)


SummedLoss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Pieces:
    """The functions that a forward pass is made of, compiled or not."""

    begin: Callable[..., torch.Tensor]
    between: Callable[..., tuple[torch.Tensor, torch.Tensor]]
    finish: Callable[..., torch.Tensor]
    summed_loss: SummedLoss  # hidden (S, width), weight (vocabulary, width), targets (S,)


def scored_states(model: GPT2LMHeadModel, row: Row, pieces: Pieces | None = None) -> torch.Tensor:
    """Return the last hidden state at every scored place, shape (S, width).

    Behind its attention the last block works at these places alone: nobody sees the others again.
    """
    pieces = pieces or PLAIN
    gpt = model.transformer
    modules: Any = gpt.h
    blocks = [_block(module) for module in modules]
    n_heads: int = modules[0].attn.num_heads
    dropout = modules[0].mlp.dropout.p if model.training else 0.0
    hidden = gpt.drop(gpt.wte(row.ids) + gpt.wpe(row.positions))
    attend = attention_of(row, _multiplied_dtype(hidden))
    attended = attend(pieces.begin(hidden, blocks[0]), n_heads)
    for block, following in pairwise(blocks):
        hidden, projected = pieces.between(hidden, attended, block, following, dropout)
        attended = attend(projected, n_heads)
    hidden = hidden.index_select(0, row.scored)
    attended = attended.index_select(0, row.scored)
    return pieces.finish(hidden, attended, blocks[-1], _norm_of(gpt.ln_f), dropout)


def summed_loss(model: GPT2LMHeadModel, row: Row, pieces: Pieces | None = None) -> torch.Tensor:
    """Return the cross entropy in nats, summed over the scored places; logits exist only there."""
    pieces = pieces or PLAIN
    hidden = scored_states(model, row, pieces)
    return pieces.summed_loss(hidden, model.lm_head.weight, row.targets)


@torch.no_grad()
def token_losses(model: GPT2LMHeadModel, row: Row) -> torch.Tensor:
    """Return the cross entropy of each scored place in nats, shape (S,), float32."""
    hidden = scored_states(model, row)
    weight = as_multiplied(model.lm_head.weight)
    losses = [
        log_p.gather(1, target).squeeze(1)
        for _, target, _, log_p in _score(as_multiplied(hidden), weight, row.targets)
    ]
    return -torch.cat([hidden.new_empty(0, dtype=torch.float32), *losses])


class _SummedLoss(torch.autograd.Function):
    """Cross entropy of `hidden @ weight.T`, summed; its gradients are made while logits exist.

    Products are of autocast's dtype, everything else is float32. torch's `linear_cross_entropy`
    does the same as fast in float32, but its loss in bfloat16 has 3 digits, and it is slower there.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 (torch's own type for it)
        hidden: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
    ) -> torch.Tensor:
        """Return the loss and keep its gradients."""
        gradient, weight_gradient = torch.empty_like(hidden), torch.zeros_like(weight)
        loss = weight.new_zeros(())
        begin, weight = 0, as_multiplied(weight)
        for chunk, target, logits, log_p in _score(as_multiplied(hidden), weight, targets):
            counts = target != NO_TARGET
            place = target.clamp(min=0)
            loss -= (log_p.gather(1, place) * counts).sum()
            # Cross entropy's gradient: what was foretold, less what came.
            log_p.exp_().scatter_add_(1, place, log_p.new_full(target.shape, -1.0))
            error = log_p if logits.dtype is log_p.dtype else logits.copy_(log_p)
            gradient[begin : begin + len(chunk)] = (error @ weight) * counts
            chunk = chunk * counts  # noqa: PLW2901 (a place without a target adds nothing below)
            begin += len(chunk)
            if error.dtype is weight_gradient.dtype:
                weight_gradient.addmm_(error.T, chunk)
            else:
                weight_gradient += error.T @ chunk
        ctx.save_for_backward(gradient, weight_gradient)
        return loss

    @staticmethod
    def backward(ctx: Any, *factors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:  # noqa: ANN401
        """Return the kept gradients, scaled."""
        gradient, weight_gradient = ctx.saved_tensors
        return gradient.mul_(factors[0]), weight_gradient.mul_(factors[0]), None


def _score(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Yield chunks of `hidden` (C, width) with targets (C, 1), logits and log p (C, vocabulary).

    The last two are the same memory every time: fresh memory costs a CPU a tenth of its speed.
    """
    size = min(LOGITS_CHUNK.get(hidden.device.type, LOGITS_CHUNK["cpu"]), len(hidden))
    logits = hidden.new_empty(size, len(weight))
    log_p = hidden.new_empty(size, len(weight), dtype=torch.float32)
    for chunk, target in zip(hidden.split(size), targets[:, None].split(size), strict=True):
        n = len(chunk)
        torch.mm(chunk, weight.T, out=logits[:n])
        torch.log_softmax(logits[:n], 1, dtype=torch.float32, out=log_p[:n])
        yield chunk, target, logits[:n], log_p[:n]


def as_multiplied(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor in the dtype of the matrix products around (see `precision`)."""
    return tensor.to(_multiplied_dtype(tensor))


def _multiplied_dtype(tensor: torch.Tensor) -> torch.dtype:
    device = tensor.device.type
    enabled = torch.is_autocast_enabled(device)
    return torch.get_autocast_dtype(device) if enabled else tensor.dtype


def _norm(norm: Norm, hidden: torch.Tensor) -> torch.Tensor:
    """Apply a layer norm; on a CPU its scale stands apart.

    The fused kernel sums the gradient of the scale per thread, so the number of threads would show
    in the weights. As a product of its own it does not, for 5 % of the speed.
    """
    shape = norm.weight.shape
    if hidden.device.type != "cpu":
        return functional.layer_norm(hidden, shape, norm.weight, norm.bias, norm.eps)
    return functional.layer_norm(hidden, shape, eps=norm.eps) * norm.weight + norm.bias


def _gelu(inner: torch.Tensor) -> torch.Tensor:
    """Apply "gelu_new"; in float32 on a CPU step by step, as transformers does.

    The fused kernel computes the last elements of each thread's share in another way, so the number
    of threads would show in the weights. Step by step it does not, for 3 % of the speed.
    """
    if inner.device.type != "cpu" or inner.dtype is not torch.float32:
        return functional.gelu(inner, approximate="tanh")
    return 0.5 * inner * (1 + torch.tanh(math.sqrt(2 / math.pi) * (inner + 0.044715 * inner**3)))


def _block(module: Any) -> Block:  # noqa: ANN401 (transformers' GPT2Block)
    attention, mlp = module.attn, module.mlp
    return Block(
        _norm_of(module.ln_1),
        attention.c_attn.weight,
        attention.c_attn.bias,
        attention.c_proj.weight,
        attention.c_proj.bias,
        _norm_of(module.ln_2),
        mlp.c_fc.weight,
        mlp.c_fc.bias,
        mlp.c_proj.weight,
        mlp.c_proj.bias,
    )


def _norm_of(layer: torch.nn.LayerNorm) -> Norm:
    return Norm(layer.weight, layer.bias, layer.eps)


def _plain_loss(hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    loss: torch.Tensor = _SummedLoss.apply(hidden, weight, targets)
    return loss


PLAIN = Pieces(begin, between, finish, _plain_loss)
