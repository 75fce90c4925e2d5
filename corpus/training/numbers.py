"""Numbers that a device computes and the host reads later, so that neither waits for the other."""

# mypy: allow-untyped-calls
# (torch leaves some of what is called here without annotations)

from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Numbers:
    """A few numbers on their way to the host."""

    host: torch.Tensor
    arrival: torch.cuda.Event | None  # None: they are there

    def read(self) -> list[float]:
        """Return them, as soon as they have arrived."""
        if self.arrival is not None:
            self.arrival.synchronize()
        values: list[float] = self.host.tolist()
        return values


def send(numbers: torch.Tensor) -> Numbers:
    """Send numbers to the host without waiting for them."""
    if numbers.device.type != "cuda":
        return Numbers(numbers.cpu(), None)
    host = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
    host.copy_(numbers, non_blocking=True)
    arrival = torch.cuda.Event()
    arrival.record()
    return Numbers(host, arrival)
