"""GPT-2 on a row of sequences end to end, and the loss at the places that are scored.

The weights and modules are those of `transformers.GPT2LMHeadModel`; only the way through them is
ours. In transformers 5.23 packed sequences stay apart only with `use_cache=False` and
`attention_mask=None`, else they silently see each other; here attention is called per sequence.
"""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import LayerNorm, functional
from transformers import GPT2LMHeadModel

from corpus.training.packing import Row

# Places whose logits are held at once. On a CPU 256 × 51,200 of them stay near the cache.
LOGITS_CHUNK = {"cpu": 256, "cuda": 2048}


@contextmanager
def precision(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Run matrix products in `dtype`; float32 leaves everything as it is."""
    with torch.autocast(device.type, dtype=dtype, enabled=dtype is not torch.float32):
        yield


def scored_states(model: GPT2LMHeadModel, row: Row) -> torch.Tensor:
    """Return the last hidden state at every scored place, shape (S, width).

    Behind its attention the last block works at these places alone: nobody sees the others again.
    """
    gpt = model.transformer
    hidden = gpt.drop(gpt.wte(row.ids) + gpt.wpe(row.positions))
    blocks: Any = gpt.h
    for block in blocks:
        attention, mlp = block.attn, block.mlp
        attended = _attend(attention.c_attn(_norm(block.ln_1, hidden)), attention.num_heads, row)
        if block is blocks[-1]:
            hidden = hidden.index_select(0, row.scored)
            attended = attended.index_select(0, row.scored)
        hidden = hidden + attention.resid_dropout(attention.c_proj(attended))
        inner = _gelu(mlp.c_fc(_norm(block.ln_2, hidden)))
        hidden = hidden + mlp.dropout(mlp.c_proj(inner))
    return _norm(gpt.ln_f, hidden)


def summed_loss(model: GPT2LMHeadModel, row: Row) -> torch.Tensor:
    """Return the cross entropy in nats, summed over the scored places; logits exist only there."""
    hidden = scored_states(model, row)
    loss: torch.Tensor = _SummedLoss.apply(hidden, model.lm_head.weight, row.targets)
    return loss


@torch.no_grad()
def token_losses(model: GPT2LMHeadModel, row: Row) -> torch.Tensor:
    """Return the cross entropy of each scored place in nats, shape (S,), float32."""
    hidden = scored_states(model, row)
    weight = _as_multiplied(model.lm_head.weight)
    losses = [
        log_p.gather(1, target).squeeze(1)
        for _, target, _, log_p in _score(_as_multiplied(hidden), weight, row.targets)
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
        begin, weight = 0, _as_multiplied(weight)
        for chunk, target, logits, log_p in _score(_as_multiplied(hidden), weight, targets):
            loss -= log_p.gather(1, target).sum()
            # Cross entropy's gradient: what was foretold, less what came.
            log_p.exp_().scatter_add_(1, target, log_p.new_full(target.shape, -1.0))
            error = log_p if logits.dtype is log_p.dtype else logits.copy_(log_p)
            gradient[begin : begin + len(chunk)] = error @ weight
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


def _as_multiplied(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor in the dtype of the matrix products around (see `precision`)."""
    device = tensor.device.type
    enabled = torch.is_autocast_enabled(device)
    return tensor.to(torch.get_autocast_dtype(device)) if enabled else tensor


def _norm(layer: LayerNorm, hidden: torch.Tensor) -> torch.Tensor:
    """Apply a layer norm; on a CPU its scale stands apart.

    The fused kernel sums the gradient of the scale per thread, so the number of threads would show
    in the weights. As a product of its own it does not, for 5 % of the speed.
    """
    if hidden.device.type != "cpu":
        return layer(hidden)  # type: ignore[no-any-return]
    return functional.layer_norm(hidden, layer.normalized_shape, eps=layer.eps) * layer.weight + (
        layer.bias
    )


def _gelu(inner: torch.Tensor) -> torch.Tensor:
    """Apply "gelu_new"; in float32 on a CPU step by step, as transformers does.

    The fused kernel computes the last elements of each thread's share in another way, so the number
    of threads would show in the weights. Step by step it does not, for 3 % of the speed.
    """
    if inner.device.type != "cpu" or inner.dtype is not torch.float32:
        return functional.gelu(inner, approximate="tanh")
    return 0.5 * inner * (1 + torch.tanh(math.sqrt(2 / math.pi) * (inner + 0.044715 * inner**3)))


def _attend(projected: torch.Tensor, n_heads: int, row: Row) -> torch.Tensor:
    """Causal attention within each sequence: (T, 3 · width) → (T, width), without padding."""
    query, key, value = projected.unflatten(1, (3, n_heads, -1)).unbind(1)  # (T, heads, head width)
    if query.is_cuda and query.dtype in (torch.bfloat16, torch.float16):
        return _attend_flash(query, key, value, row).flatten(1)
    parts = zip(
        *(tensor.transpose(0, 1).split(row.lengths, 1) for tensor in (query, key, value)),
        strict=True,
    )
    attended = [
        functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
        for q, k, v in parts
    ]
    return torch.cat(attended, 1).transpose(0, 1).flatten(1)


def _attend_flash(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, row: Row
) -> torch.Tensor:
    """All sequences in one flash kernel; CUDA, half precision and compute capability 8 only."""
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415 (no need without CUDA)

    longest = max(row.lengths)
    attended: torch.Tensor = varlen_attn(  # type: ignore[assignment] # a tuple only with return_aux
        query.contiguous(),
        key.contiguous(),
        value.contiguous(),
        row.bounds,
        row.bounds,
        longest,
        longest,
        window_size=(-1, 0),  # causal
    )
    return attended
