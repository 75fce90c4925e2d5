"""GPT-2 on a row of sequences end to end, and the loss at the places that are scored.

The weights and modules are those of `transformers.GPT2LMHeadModel`; only the way through them is
ours. In transformers 5.23 packed sequences stay apart only with `use_cache=False` and
`attention_mask=None`, else they silently see each other; here attention is called per sequence.
"""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import LayerNorm, LinearCrossEntropyOptions, functional
from transformers import GPT2LMHeadModel

from corpus.training.packing import Row

# Rows of logits held at once. 256 × 51,200 floats stay near the cache: 709 scored tokens a
# CPU-second against 345 for all logits at once and 593 for 64 (256 wide, one core).
LOGITS_CHUNK = {"cpu": 256, "cuda": 2048}


@contextmanager
def precision(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Run matrix products in `dtype`; float32 leaves everything as it is."""
    with torch.autocast(device.type, dtype=dtype, enabled=dtype is not torch.float32):
        yield


def hidden_states(model: GPT2LMHeadModel, row: Row) -> torch.Tensor:
    """Return the last hidden state of every token of the row, shape (T, width)."""
    gpt = model.transformer
    hidden = gpt.drop(gpt.wte(row.ids) + gpt.wpe(row.positions))
    blocks: Iterable[Any] = gpt.h
    for block in blocks:
        attention, mlp = block.attn, block.mlp
        projected = attention.c_attn(_norm(block.ln_1, hidden))
        attended = _attend(projected, attention.num_heads, row)
        hidden = hidden + attention.resid_dropout(attention.c_proj(attended))
        # The same function as transformers' "gelu_new", in one kernel where that has eight.
        inner = functional.gelu(mlp.c_fc(_norm(block.ln_2, hidden)), approximate="tanh")
        hidden = hidden + mlp.dropout(mlp.c_proj(inner))
    return _norm(gpt.ln_f, hidden)


def summed_loss(model: GPT2LMHeadModel, row: Row) -> torch.Tensor:
    """Return the cross entropy in nats, summed over the scored places; logits exist only there."""
    hidden = hidden_states(model, row)[row.scored]
    return _cross_entropy(hidden, model.lm_head.weight, row.targets, "sum")


@torch.no_grad()
def token_losses(model: GPT2LMHeadModel, row: Row) -> torch.Tensor:
    """Return the cross entropy of each scored place in nats, shape (S,)."""
    hidden = hidden_states(model, row)[row.scored]
    return _cross_entropy(hidden, model.lm_head.weight, row.targets, "none")


def _cross_entropy(
    hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, reduction: str
) -> torch.Tensor:
    """Project and score in chunks. Autocast does not reach into the chunked kernel: cast here."""
    device = hidden.device.type
    if torch.is_autocast_enabled(device):
        dtype = torch.get_autocast_dtype(device)
        hidden, weight = hidden.to(dtype), weight.to(dtype)
    # With acc_policy "auto" bfloat16 products are summed in float32.
    options = LinearCrossEntropyOptions(
        batch_chunk_size=LOGITS_CHUNK.get(device, LOGITS_CHUNK["cpu"]), chunking_method=None
    )
    with torch.autocast(device, enabled=False):
        return functional.linear_cross_entropy(
            hidden, weight, targets, reduction=reduction, options=options
        )


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
