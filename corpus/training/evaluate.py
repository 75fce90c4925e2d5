"""Per-token losses on the validation split, the same three for every labelling strategy."""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import GPT2LMHeadModel

from corpus.training.labels import LAST_SYS, SYS, USR, Sequences
from corpus.training.model import precision, token_losses
from corpus.training.packing import pack
from corpus.training.plan import Indices
from corpus.training.strategies import Labels
from corpus.training.world import World

# Fixed, whatever the batches of training: the same places then stand in the same row, and the
# losses come out to the last bit whatever the number of processes.
ROW_TOKENS = 4096


@dataclass(frozen=True, slots=True)
class Losses:
    """Nats per token over all of `x[1:] + </s>`, over every `<sys>` turn, over the last one.

    A `<sys>` turn counts with the token that ends it.
    """

    all: float
    sys: float
    last_sys: float

    def of(self, labels: Labels) -> float:
        """Return the loss over what a strategy trains on."""
        return {"all-sys": self.sys, "last-sys": self.last_sys}.get(labels, self.all)


def perplexity(loss: float) -> float:
    """Return e^loss; beyond all bounds for a loss beyond reason."""
    return math.exp(min(loss, 700.0))


def plan_evaluation(sequences: Sequences, chosen: Indices | None = None) -> list[Indices]:
    """Cut the split, or the chosen part of it, into rows of about `ROW_TOKENS`.

    Sequences of similar length come together.
    """
    if chosen is None:
        chosen = np.arange(len(sequences.lengths))
    order = chosen[np.argsort(-sequences.lengths[chosen], kind="stable")]
    row = (np.cumsum(sequences.lengths[order]) - 1) // ROW_TOKENS
    return np.split(order, np.flatnonzero(np.diff(row)) + 1)


def evaluate(
    model: GPT2LMHeadModel, sequences: Sequences, rows: Sequence[Indices], world: World
) -> Losses | None:
    """Score the split; `None` if a process was asked to stop meanwhile.

    The target that follows a `shift` model's `<s>` is not scored, so that all strategies are
    judged on the same tokens.
    """
    kinds = (USR, SYS, LAST_SYS)
    sums = torch.zeros(len(rows), 2 * len(kinds), dtype=torch.float64)
    model.eval()
    for number in range(world.rank, len(rows), world.size):
        if world.stop_asked:
            break
        row = pack(sequences, rows[number], USR).to(world.device)
        with precision(world.device, world.dtype):
            losses = token_losses(model, row).double()
        for column, kind in enumerate(kinds):
            chosen = losses[row.kinds >= kind]
            sums[number, 2 * column] = chosen.sum().item()
            sums[number, 2 * column + 1] = len(chosen)
    model.train()
    if world.any(world.stop_asked):
        return None
    sums = sums.to(world.device)
    world.add_up(sums)  # each row is one process's and 0 in the others: nothing is rounded
    totals = [math.fsum(column) for column in sums.T.tolist()]
    return Losses(*(totals[place] / max(totals[place + 1], 1) for place in (0, 2, 4)))
