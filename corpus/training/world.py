"""The processes of a run, the device of each, and the wish to stop."""

# mypy: allow-untyped-calls
# (torch leaves some of what is called here without annotations)

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import torch
from torch import distributed

from corpus.records import CorpusError
from corpus.training.failures import explain

Result = TypeVar("Result")


class RefusedError(CorpusError):
    """A refusal that all processes know of; only the first one tells it."""


@dataclass(slots=True)
class World:
    """One process of `size`, as torchrun started them; alone it is 0 of 1."""

    rank: int
    size: int
    device: torch.device
    dtype: torch.dtype  # of matrix products
    stop_asked: bool = field(default=False)  # SIGTERM or Ctrl-C came to this process
    trains: bool = field(default=False)  # before that there is nothing to save: Ctrl-C just ends

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

    def broadcast(self, value: Result) -> Result:
        """Return the first process's value in all of them."""
        if self.size == 1:
            return value
        values: list[Any] = [value]
        distributed.broadcast_object_list(values, 0, device=self.device)
        result: Result = values[0]
        return result

    def broadcast_tensor(self, tensor: torch.Tensor) -> None:
        """Overwrite a tensor of this device with the first process's."""
        if self.size > 1:
            distributed.broadcast(tensor, 0)

    def together(self, action: Callable[[], Result]) -> Result:
        """Do something that may be refused; where one process refuses, all do.

        Raises:
            RefusedError: some process was refused; the sentence is that of the first such process.
        """
        result: Result | None = None
        sentence: str | None = None
        try:
            result = action()
        except Exception as error:
            sentence = explain(error)
            if sentence is None:
                raise
        sentences: list[str | None] = [sentence]
        if self.size > 1:
            sentences = [None] * self.size
            distributed.all_gather_object(sentences, sentence)
        for rank, told in enumerate(sentences):
            if told is not None:
                raise RefusedError(told if rank == 0 else f"{told} (in process {rank})")
        done: Any = result
        agreed: Result = done
        return agreed


@contextmanager
def join_world(device: str, precision: str, threads: int | None) -> Iterator[World]:
    """Join the other processes of a torchrun, and listen to SIGTERM and Ctrl-C.

    While a run trains, they only ask to stop: the step is finished and saved. Before that they end
    the program at once, and a second one always does.

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
        # Rows differ in length from step to step. Without it the allocator asks the driver for new
        # memory again and again. Read when CUDA is first used; torch 2.9 changed the name.
        os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
        os.environ.setdefault("PYTORCH_ALLOC_CONF", os.environ["PYTORCH_CUDA_ALLOC_CONF"])
        torch.cuda.set_device(chosen)
        torch.set_float32_matmul_precision("high")
    with _listening(world):
        try:
            if world.size > 1:
                distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
            yield world
        finally:
            if world.size > 1 and distributed.is_initialized():
                distributed.destroy_process_group()


@contextmanager
def _listening(world: World) -> Iterator[None]:
    """Take SIGTERM and Ctrl-C as a wish to stop."""
    first = 0.0

    def hear(number: int, _frame: FrameType | None) -> None:
        nonlocal first
        if not world.trains:
            raise KeyboardInterrupt
        if world.stop_asked and time.monotonic() - first > _SAME_WISH:
            os._exit(128 + number)  # asked twice; what is on the disk is whole at any moment
        if not world.stop_asked:
            first = time.monotonic()
            world.stop_asked = True
            if world.is_first:
                with suppress(OSError):  # not by sys.stderr: the bar may be writing to it just now
                    os.write(_STDERR, _STOPPING)

    before = {number: signal.signal(number, hear) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


_STDERR = 2
_STOPPING = b"\ntrain.py: stopping after this step; once more ends at once.\n"
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_SAME_WISH = 0.5  # seconds: under torchrun one Ctrl-C comes twice, from the terminal and from it


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _choose_device(name: str, local_rank: int) -> torch.device:
    if name in ("auto", "mps") and torch.backends.mps.is_available():
        return torch.device("mps")
    if name == "mps":
        raise CorpusError("--device mps: torch sees no Apple GPU here.")
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise CorpusError(f"--device {name}: torch sees no CUDA device here.{unused_gpu()}")
    if local_rank >= torch.cuda.device_count():
        raise CorpusError(
            f"torchrun started more processes than there are GPUs ({torch.cuda.device_count()})."
        )
    return torch.device("cuda", local_rank)


def unused_gpu() -> str:
    """Say why an NVIDIA GPU of this machine is not used; nothing if there is none."""
    if torch.cuda.is_available() or not (_NVIDIA.exists() or _WSL.exists()):
        return ""
    if torch.version.cuda is None:
        why = "is built without CUDA: install one from pytorch.org"
    else:
        why = (
            f"was built for CUDA {torch.version.cuda} and cannot use its driver: update the driver"
        )
    return f" This machine has an NVIDIA GPU, but torch {torch.__version__} {why}."


_NVIDIA, _WSL = Path("/proc/driver/nvidia/version"), Path("/dev/dxg")


def _choose_dtype(precision: str, device: torch.device) -> torch.dtype:
    """bfloat16 where the device multiplies it faster than float32, else float16, else float32."""
    if device.type == "cuda":
        capability = torch.cuda.get_device_capability(device)
        fast, half = capability >= (8, 0), capability >= (7, 0)
        if precision == "bf16" and not fast:
            raise CorpusError("--precision bf16: this GPU has no bfloat16; use --precision fp16.")
    elif device.type == "mps":
        if precision not in ("auto", "fp32"):
            raise CorpusError(f"--precision {precision}: on a Mac only fp32 is supported.")
        fast = half = False
    else:
        fast, half = _cpu_has_bfloat16(), False
    if precision == "bf16" or (precision == "auto" and fast):
        return torch.bfloat16
    if precision == "fp16" or (precision == "auto" and half):
        return torch.float16
    return torch.float32


def _cpu_has_bfloat16() -> bool:
    if hasattr(torch.cpu, "get_capabilities"):  # not before torch 2.11
        return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # no Linux
        return False
