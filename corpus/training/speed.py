"""How fast a run is, and on a GPU how much of what the chip could do."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from transformers import GPT2LMHeadModel

from corpus.training.packing import Row

# 10^12 dense operations per second from the makers' data sheets: in bfloat16 or float16 with sums
# in float32, and in float32 (TF32 from Ampere on). A pattern matches the whole name that the driver
# gives, without "NVIDIA" or "Tesla"; a card that is not here gets no percentage.
_PEAK_TFLOPS = {
    r"B200": (2250, 1125),
    r"H200": (989, 494),
    r"H200 NVL": (835, 418),
    r"H100 (80GB HBM3|SXM5.*)": (989, 494),
    r"H100 PCIe": (756, 378),
    r"H100 NVL": (835, 418),
    r"A100-(SXM4|PCIE)-\d+GB|A100 80GB PCIe": (312, 156),
    r"A40": (150, 75),
    r"A30": (165, 82),
    r"A10": (125, 62.5),
    r"A10G": (70, 35),
    r"L40S": (362, 183),
    r"L40": (181, 90.5),
    r"L4": (121, 60),
    r"V100-SXM2-\d+GB": (125, 15.7),
    r"V100-PCIE-\d+GB": (112, 14),
    r"T4": (65, 8.1),
    r"GeForce RTX 5090": (209.5, 104.8),
    r"GeForce RTX 4090": (165.2, 82.6),
    r"GeForce RTX 4080": (97.5, 48.7),
    r"GeForce RTX 3090": (71, 35.6),
    r"GeForce RTX 3090 Ti": (80, 40),
    r"GeForce RTX 3080": (59.5, 29.8),
    r"GeForce RTX 2080 Ti": (53.8, 13.4),
}


@dataclass(frozen=True, slots=True)
class Usage:
    """What a step used: for the log, and for people."""

    numbers: dict[str, float]
    text: str


@dataclass(frozen=True, slots=True)
class Work:
    """How much a model computes for a row; its weights are counted once, not at every step."""

    everywhere: int  # weights that every place meets
    scored: int  # weights that scored places alone meet: the end of the last block, the logits
    attention: int  # layers · width

    @classmethod
    def of(cls, model: GPT2LMHeadModel) -> "Work":
        """Count the weights of a model."""
        config = model.config
        blocks: Any = model.transformer.h
        end = _size(blocks[-1].attn.c_proj) + _size(blocks[-1].mlp)
        logits = config.vocab_size * config.n_embd
        return cls(_size(blocks) - end, end + logits, config.n_layer * config.n_embd)

    def flops(self, row: Row) -> float:
        """Return the floating-point operations that a row's forward and backward pass ask for.

        Only what is done is counted: logits and the end of the last block at scored places,
        attention within each sequence.
        """
        attention = self.attention * sum(length**2 for length in row.lengths)
        return 6.0 * (self.everywhere * len(row.ids) + self.scored * len(row.scored) + attention)


def _size(module: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def usage(device: torch.device, dtype: torch.dtype, flops_per_second: float) -> Usage:
    """Return a GPU's memory and, where the chip's peak is known, the used share of it (MFU)."""
    if device.type != "cuda":
        return Usage({}, "")
    memory = torch.cuda.max_memory_allocated(device) / 2**30
    numbers, text = {"memory_gib": round(memory, 3)}, f", {memory:.1f} GiB"
    peak = _peak_of(device, dtype)
    if peak is None:
        return Usage(numbers, text)
    share = flops_per_second / peak
    return Usage({**numbers, "mfu": round(share, 4)}, f"{text}, MFU {share:.0%}")


@cache
def _peak_of(device: torch.device, dtype: torch.dtype) -> float | None:
    return peak_flops(torch.cuda.get_device_name(device), dtype)


def peak_flops(name: str, dtype: torch.dtype) -> float | None:
    """Return what a chip can do in a dtype; `None` if its name is not in the table.

    >>> peak_flops("NVIDIA A10G", torch.bfloat16), peak_flops("NVIDIA RTX A1000", torch.bfloat16)
    (70000000000000.0, None)
    """
    chip = re.sub(r"^(NVIDIA|Tesla|\s)+", "", name)
    for pattern, (half, single) in _PEAK_TFLOPS.items():
        if re.fullmatch(pattern, chip):
            return 1e12 * (single if dtype is torch.float32 else half)
    return None
