"""Out of memory: found before the first step, and answered with smaller micro-batches."""

from collections.abc import Callable

import numpy as np
import torch

from corpus.records import CorpusError
from corpus.training.plan import Indices


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether torch found no memory; on a CPU it says so in a plain RuntimeError."""
    return isinstance(error, torch.OutOfMemoryError) or (
        isinstance(error, RuntimeError) and "can't allocate memory" in str(error)
    )


def heaviest_unit(lengths: Indices, *, batch_tokens: int, n_units: int) -> Indices:
    """Return the longest sequences, at least as many tokens as any micro-batch can have.

    A step exceeds `batch_tokens` by less than a sequence, and a micro-batch its share by less than
    another one.
    """
    longest = int(lengths.max())
    most = -(-(batch_tokens + longest) // n_units) + longest
    order = np.argsort(-lengths, kind="stable")
    return order[: np.searchsorted(np.cumsum(lengths[order]), most) + 1]


def units_that_fit(
    n_units: int, lengths: Indices, fits: Callable[[Indices], bool], *, batch_tokens: int
) -> int:
    """Double the micro-batches of a step until the heaviest one fits; the steps stay what they are.

    Raises:
        CorpusError: not even one dialogue fits.
    """
    while not fits(unit := heaviest_unit(lengths, batch_tokens=batch_tokens, n_units=n_units)):
        if len(unit) <= 2:  # the bound is a share of the step and one sequence more
            raise CorpusError("out of memory: not even one dialogue fits beside the model.")
        n_units *= 2
    return n_units
