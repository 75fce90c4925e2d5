"""The sum of a gradient over all processes, beside the backward pass that makes it.

The gradient's buffer is cut into stretches. Each is sent as soon as its last weight has its
gradient, so that the network works while the backward pass goes on to the first layers. All
processes send the stretches in one order, from the end of the buffer (the last layers, whose
gradients come first) to its beginning, because such calls meet by their order alone.
"""

# mypy: allow-untyped-calls
# (torch leaves some of what is called here without annotations)

from typing import Any

import torch
from torch import distributed
from transformers import GPT2LMHeadModel

STRETCH_BYTES = 25 << 20  # as torch's DistributedDataParallel; a bigger weight is one of its own


class Exchange:
    """Sums a buffer over all processes, stretch by stretch; used for one step after the other."""

    def __init__(self, model: GPT2LMHeadModel, buffer: torch.Tensor) -> None:
        """Watch the weights of `model`, whose gradients lie in `buffer` in their order."""
        self._stretches: list[torch.Tensor] = []
        self._stretch_of: dict[torch.nn.Parameter, int] = {}
        self._armed = False
        self._missing: list[int] = []
        self._sent: list[Any] = []  # what torch gives to wait for
        end = buffer.numel()
        begin = sum(weight.numel() for weight in model.parameters())
        self._stretches.append(buffer[begin:end])  # what stands behind the gradients comes last
        members: list[torch.nn.Parameter] = []
        end = begin
        for weight in reversed([*model.parameters()]):
            begin -= weight.numel()
            members.append(weight)
            if (end - begin) * buffer.element_size() >= STRETCH_BYTES or begin == 0:
                self._stretch_of |= dict.fromkeys(members, len(self._stretches) - 1)
                self._stretches.insert(-1, buffer[begin:end])
                members, end = [], begin
        for weight in model.parameters():
            weight.register_post_accumulate_grad_hook(self._note)

    def arm(self) -> None:
        """Send what the next backward pass completes: it is the last one of the step."""
        self._armed = True
        self._missing = [0] * len(self._stretches)
        for stretch in self._stretch_of.values():
            self._missing[stretch] += 1
        self._missing[-1] = 1  # the loss and the wish to stop are ready at the end

    def finish(self) -> None:
        """Send what is still here, and wait for all of it."""
        self._armed = False
        for stretch in self._stretches[len(self._sent) :]:
            self._send(stretch)
        for sent in self._sent:
            sent.wait()
        self._sent.clear()

    def _note(self, weight: torch.nn.Parameter) -> None:
        if not self._armed:
            return
        self._missing[self._stretch_of[weight]] -= 1
        while not self._missing[len(self._sent)]:
            self._send(self._stretches[len(self._sent)])

    def _send(self, stretch: torch.Tensor) -> None:
        self._sent.append(distributed.all_reduce(stretch, async_op=True))
