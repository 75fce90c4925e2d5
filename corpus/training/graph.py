"""A micro-batch as one CUDA graph: the host launches its thousand kernels with one call.

At 8,192 tokens a GPU of today is faster than the Python that feeds it. A graph is recorded once
for each shape of micro-batch and played again with other tokens, so rows are padded to few shapes;
padding changes neither loss nor gradient (`packing.pad`).
"""

# mypy: allow-untyped-calls
# (torch leaves some of what is called here without annotations)

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch

from corpus.training.packing import Row, Shape, pad, padding

# Adds the gradient and the loss of a row to those of the step, divided by a number of targets.
Add = Callable[[Row, torch.Tensor], None]


@dataclass(frozen=True, slots=True)
class Recording:
    """A graph and the memory that it reads."""

    shape: Shape
    graph: torch.cuda.CUDAGraph
    numbers: torch.Tensor  # int64: ids, positions, scored, targets and bounds, end to end
    n_labelled: torch.Tensor

    def play(self, row: Row, n_labelled: int) -> None:
        """Run a row through the graph, when the device is done with the row before."""
        self.numbers.copy_(_join(pad(row, self.shape)).pin_memory(), non_blocking=True)
        self.n_labelled.fill_(n_labelled)
        self.graph.replay()


class Graphs:
    """The recordings of a run, one for each shape. They share their memory."""

    def __init__(self, add: Add, device: torch.device) -> None:
        """Prepare to record `add` on a CUDA device."""
        self._add = add
        self._device = device
        self._recordings: dict[Shape, Recording] = {}

    def record(self, shapes: Iterable[Shape]) -> None:
        """Record these shapes, if one of them is new, and forget the others.

        The gradient is worth nothing afterwards.
        """
        wanted = {*shapes}
        if wanted <= self._recordings.keys():
            return
        ordered = sorted(wanted, reverse=True)  # the biggest first: the others fit into its memory
        self._recordings.clear()  # all lie in one piece of memory, which is given back with them
        torch.cuda.empty_cache()
        stream = torch.cuda.Stream(self._device)
        fresh = [self._prepare(shape) for shape in ordered]
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            for one in fresh:  # kernels are compiled and chosen now: that cannot be recorded
                self._add(_part(one.numbers, one.shape), one.n_labelled)
        torch.cuda.current_stream(self._device).wait_stream(stream)
        pool = torch.cuda.graph_pool_handle()
        for one in fresh:
            with torch.cuda.graph(one.graph, pool=pool, stream=stream):
                self._add(_part(one.numbers, one.shape), one.n_labelled)
            self._recordings[one.shape] = one

    def play(self, row: Row, shape: Shape, n_labelled: int) -> None:
        """Add a row's gradient and loss, as `add` would."""
        self._recordings[shape].play(row, n_labelled)

    def _prepare(self, shape: Shape) -> Recording:
        numbers = _join(padding(shape)).to(self._device)
        n_labelled = torch.ones((), device=self._device)
        return Recording(shape, torch.cuda.CUDAGraph(), numbers, n_labelled)


def _join(row: Row) -> torch.Tensor:
    """Put the numbers of a row end to end, so that they travel in one piece."""
    return torch.cat([row.ids, row.positions, row.scored, row.targets, row.bounds.long()])


def _part(numbers: torch.Tensor, shape: Shape) -> Row:
    """Undo `_join`; what a graph reads of a row is in these tensors and in the shape."""
    sizes = [shape.tokens, shape.tokens, shape.scored, shape.scored, shape.sequences + 1]
    ids, positions, scored, targets, bounds = numbers.split(sizes)
    return Row(
        ids=ids,
        positions=positions,
        bounds=bounds.int(),
        lengths=[],
        longest=shape.longest,
        scored=scored,
        targets=targets,
        kinds=targets,
    )
