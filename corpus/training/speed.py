"""How fast a run is, and on a GPU how much of what the chip could do."""

from typing import Any

import torch
from transformers import GPT2LMHeadModel

from corpus.training.packing import Row

# Dense bfloat16 operations per second, from the maker's data sheets; the first name that is part
# of the device's decides.
_PEAK_FLOPS = {
    "H200": 989e12,
    "H100 PCIe": 756e12,
    "H100": 989e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L40": 181e12,
    "L4": 121e12,
    "A10": 125e12,
    "RTX 4090": 165e12,
    "RTX 3090": 71e12,
}


def step_flops(model: GPT2LMHeadModel, row: Row) -> float:
    """Return the floating-point operations that a row's forward and backward pass ask for.

    Only what is done is counted: logits and the end of the last block at scored places, attention
    within each sequence.
    """
    config = model.config
    blocks: Any = model.transformer.h
    end = _size(blocks[-1].attn.c_proj) + _size(blocks[-1].mlp)
    attention = config.n_layer * config.n_embd * sum(length**2 for length in row.lengths)
    everywhere, scored = _size(blocks) - end, end + config.vocab_size * config.n_embd
    return 6.0 * (everywhere * len(row.ids) + scored * len(row.scored) + attention)


def _size(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def gpu_use(device: torch.device, flops_per_second: float) -> str:
    """Return a GPU's memory and, where the chip's peak is known, the used share of it (MFU)."""
    if device.type != "cuda":
        return ""
    name = torch.cuda.get_device_name(device)
    memory = f", {torch.cuda.max_memory_allocated(device) / 2**30:.1f} GiB"
    peak = next((peak for chip, peak in _PEAK_FLOPS.items() if chip in name), None)
    return memory if peak is None else f"{memory}, MFU {flops_per_second / peak:.0%}"
