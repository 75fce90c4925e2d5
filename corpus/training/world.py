"""The processes of a run, the device of each, and the wish to stop."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import torch
from torch import distributed

from corpus.records import CorpusError


@dataclass(slots=True)
class World:
    """One process of `size`, as torchrun started them; alone it is 0 of 1."""

    rank: int
    size: int
    device: torch.device
    dtype: torch.dtype  # of matrix products
    stop_asked: bool = field(default=False)  # SIGTERM or Ctrl-C came to this process

    @property
    def is_first(self) -> bool:
        """Whether this process is the one that writes and prints."""
        return self.rank == 0

    def add_up(self, tensor: torch.Tensor) -> None:
        """Sum a tensor over all processes, in place."""
        if self.size > 1:
            distributed.all_reduce(tensor)

    def any(self, flag: bool) -> bool:  # noqa: FBT001 (a fact, not an option)
        """Tell whether the flag is up in any process."""
        if self.size == 1:
            return flag
        flags = torch.tensor(float(flag), device=self.device)
        distributed.all_reduce(flags)
        return flags.item() > 0


@contextmanager
def join_world(device: str, precision: str, threads: int | None) -> Iterator[World]:
    """Join the other processes of a torchrun; SIGTERM and Ctrl-C then only ask to stop.

    Raises:
        CorpusError: the device or the precision is not to be had here.
    """
    local_rank = int(os.environ.get("LOCAL_RANK", "0"))
    local_size = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    chosen = _choose_device(device, local_rank)
    world = World(
        int(os.environ.get("RANK", "0")),
        int(os.environ.get("WORLD_SIZE", "1")),
        chosen,
        _choose_dtype(precision, chosen),
    )
    torch.set_num_threads(threads or max(1, _cores() // local_size))
    # Without it MKL splits the inner sum of some products (5 to 11 rows, say) among its threads,
    # whose number then shows in the weights. Read before the first product; no slower here.
    os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
        torch.set_float32_matmul_precision("high")

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        world.stop_asked = True

    before = {number: signal.signal(number, ask_to_stop) for number in _STOP_SIGNALS}
    try:
        if world.size > 1:
            distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
        yield world
    finally:
        if world.size > 1 and distributed.is_initialized():
            distributed.destroy_process_group()
        for number, handler in before.items():
            signal.signal(number, handler)


_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _choose_device(name: str, local_rank: int) -> torch.device:
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise CorpusError(f"--device {name}: torch sees no CUDA device here.")
    if local_rank >= torch.cuda.device_count():
        raise CorpusError(
            f"torchrun started more processes than there are GPUs ({torch.cuda.device_count()})."
        )
    return torch.device("cuda", local_rank)


def _choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies it faster than float32, else float32."""
    if device.type == "cuda":
        fast = torch.cuda.get_device_capability(device) >= (8, 0)
        if precision == "bf16" and not fast:
            raise CorpusError("--precision bf16: this GPU has no bfloat16; use --precision fp32.")
    else:
        fast = bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    if precision == "bf16" or (precision == "auto" and fast):
        return torch.bfloat16
    return torch.float32
