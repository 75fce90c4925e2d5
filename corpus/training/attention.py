"""Causal attention within each sequence of a row, in three ways that give the same result.

- `_attend_each`: one call per sequence. A CPU is fastest with it.
- `_attend_flash`: one call for the whole row, by the flash kernel for sequences of unequal length.
  It needs CUDA, half precision and compute capability 8 (Ampere) or newer.
- `_attend_padded`: sequences of similar length are padded to the longest of their group, one call
  per group. For GPUs without that kernel (T4, V100, RTX 20), for float32 on a GPU, and for Macs.
"""

# mypy: allow-untyped-calls
# (torch leaves some of what is called here without annotations)

import inspect
from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from torch.nn import functional

from corpus.training.packing import Row

Attend = Callable[[torch.Tensor, int], torch.Tensor]  # (T, 3 · width), heads → (T, width)

# A group of sequences goes on while the padding is at most this share of what is computed.
_MOST_PADDING = 0.2


def attention_of(row: Row, dtype: torch.dtype) -> Attend:
    """Choose how the sequences of a row attend, from where the row lies and from the dtype."""
    if row.ids.device.type == "cpu":
        return lambda projected, n_heads: _attend_each(projected, n_heads, row)
    if has_flash(row.ids.device, dtype):
        return lambda projected, n_heads: _attend_flash(projected, n_heads, row)
    groups = padded_groups(row)
    return lambda projected, n_heads: _attend_padded(projected, n_heads, groups)


def has_flash(device: torch.device, dtype: torch.dtype) -> bool:
    """Tell whether one flash call can serve a whole row in this dtype."""
    half = dtype in (torch.bfloat16, torch.float16)
    return half and device.type == "cuda" and _flash_runs_on(device)


@cache
def _flash_runs_on(device: torch.device) -> bool:
    ampere = torch.cuda.get_device_capability(device) >= (8, 0)
    return ampere and torch.backends.cuda.is_flash_attention_available()


def _heads(projected: torch.Tensor, n_heads: int) -> tuple[torch.Tensor, ...]:
    """Return queries, keys and values, each (T, heads, head width)."""
    parts: tuple[torch.Tensor, ...] = projected.unflatten(-1, (3, n_heads, -1)).unbind(-3)
    return parts


def _attend_each(projected: torch.Tensor, n_heads: int, row: Row) -> torch.Tensor:
    parts = zip(
        *(one.transpose(0, 1).split(row.lengths, 1) for one in _heads(projected, n_heads)),
        strict=True,
    )
    attended = [
        functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
        for q, k, v in parts
    ]
    return torch.cat(attended, 1).transpose(0, 1).flatten(1)


def _attend_flash(projected: torch.Tensor, n_heads: int, row: Row) -> torch.Tensor:
    query, key, value = _heads(projected, n_heads)
    return _flash()(query, key, value, row.bounds, row.longest).flatten(1)


Flash = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor, int], torch.Tensor]


@cache
def _flash() -> Flash:
    """Return the kernel by its private name, or by the public one if that is gone.

    The public `varlen_attn` gives the same bits, wants contiguous tensors and costs the host three
    times as much (926 instead of 290 µs, forward and backward, on an H100 with torch 2.11).
    """
    if hasattr(torch.ops.aten, "_flash_attention_forward"):
        return _private_flash
    return _public_flash


def _private_flash(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bounds: torch.Tensor, longest: int
) -> torch.Tensor:
    kernel = torch.ops.aten._flash_attention_forward  # noqa: SLF001 (see `_flash`)
    # Without dropout, causal, without a debug mask. The same positions in torch 2.6 to 2.13.
    output: torch.Tensor = kernel(
        query,
        key,
        value,
        bounds,
        bounds,
        longest,
        longest,
        0.0,
        True,  # noqa: FBT003
        False,  # noqa: FBT003
    )[0]
    return output


def _public_flash(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bounds: torch.Tensor, longest: int
) -> torch.Tensor:
    from torch.nn.attention.varlen import varlen_attn  # noqa: PLC0415 (not in torch 2.6 to 2.9)

    names = inspect.signature(varlen_attn).parameters
    causal = {"window_size": (-1, 0)} if "window_size" in names else {"is_causal": True}
    output: torch.Tensor = varlen_attn(  # type: ignore[assignment] # a tuple only if asked for
        query.contiguous(),
        key.contiguous(),
        value.contiguous(),
        bounds,
        bounds,
        longest,
        longest,
        **causal,
    )
    return output


class Group:
    """Neighbouring sequences of a row that are padded to one length."""

    __slots__ = ("inside", "length", "places")

    def __init__(self, places: torch.Tensor, inside: torch.Tensor, length: int) -> None:
        self.places = places  # (N · length,) where in the row each place of the padded batch is
        self.inside = inside  # (tokens,) the places of the padded batch that are no padding
        self.length = length


def padded_groups(row: Row) -> list[Group]:
    """Cut a row into groups of neighbours whose padding is at most `_MOST_PADDING`.

    `cut_step` sorts a micro-batch by length, so that neighbours are of similar length.
    """
    groups: list[list[int]] = []
    for number, length in enumerate(row.lengths):
        if groups:
            lengths = [row.lengths[one] for one in groups[-1]]
            longest = max(*lengths, length)
            if sum(lengths) + length >= (1 - _MOST_PADDING) * longest * (len(lengths) + 1):
                groups[-1].append(number)
                continue
        groups.append([number])
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(row.lengths)])
    return [_group(bounds, np.array(group), row) for group in groups]


def _group(bounds: np.ndarray, members: np.ndarray, row: Row) -> Group:
    lengths = bounds[members + 1] - bounds[members]
    longest = int(lengths.max())
    offsets = np.arange(longest)
    # Padding reads the last token of its sequence. It stands behind the real tokens, so that causal
    # attention never lets them see it, and its results are dropped.
    places = bounds[members][:, None] + np.minimum(offsets, lengths[:, None] - 1)
    inside = np.flatnonzero(offsets < lengths[:, None])
    device = row.ids.device
    return Group(
        torch.from_numpy(places.ravel()).to(device), torch.from_numpy(inside).to(device), longest
    )


def _attend_padded(projected: torch.Tensor, n_heads: int, groups: list[Group]) -> torch.Tensor:
    attended = []
    for group in groups:
        padded = projected.index_select(0, group.places).unflatten(0, (-1, group.length))
        q, k, v = (one.transpose(1, 2) for one in _heads(padded, n_heads))
        output = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        attended.append(
            output.transpose(1, 2).flatten(2).flatten(0, 1).index_select(0, group.inside)
        )
    return torch.cat(attended)
