"""Put the sequences of a micro-batch end to end in one row: no padding, and only scored targets."""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from corpus.training.labels import Sequences
from corpus.training.plan import Indices

NO_TARGET = -1  # counts for nothing, neither in the loss nor in a gradient


@dataclass(frozen=True, slots=True)
class Row:
    """Sequences end to end: `T` tokens of `N` sequences, `S` of them scored."""

    ids: torch.Tensor  # (T,) what is fed
    positions: torch.Tensor  # (T,) counted from the start of each sequence
    bounds: torch.Tensor  # (N + 1,) int32, where each sequence begins, and T
    lengths: list[int]  # N; empty sequences, which a padded row has, are left out
    longest: int  # no sequence is longer
    scored: torch.Tensor  # (S,) the places in the row whose prediction is scored
    targets: torch.Tensor  # (S,) what should be predicted there; NO_TARGET in padding
    kinds: torch.Tensor  # (S,) in whose turn the place stands (`labels`)

    def to(self, device: torch.device) -> "Row":
        """Copy the row to a device, without waiting for it."""
        if device.type == "cpu":
            return self
        move = lambda tensor: tensor.pin_memory().to(device, non_blocking=True)  # noqa: E731
        return Row(
            ids=move(self.ids),
            positions=move(self.positions),
            bounds=move(self.bounds),
            lengths=self.lengths,
            longest=self.longest,
            scored=move(self.scored),
            targets=move(self.targets),
            kinds=move(self.kinds),
        )


def pack(sequences: Sequences, indices: Indices, lowest_kind: int) -> Row:
    """Join the chosen sequences; targets of a kind below `lowest_kind` are not scored."""
    lengths = sequences.lengths[indices]
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    positions = np.arange(bounds[-1]) - np.repeat(bounds[:-1], lengths)
    places = np.repeat(sequences.starts[indices], lengths) + positions
    kinds = sequences.kinds[places]
    scored = np.flatnonzero(kinds >= lowest_kind)
    return Row(
        ids=torch.from_numpy(sequences.tokens[places].astype(np.int64)),
        positions=torch.from_numpy(positions),
        bounds=torch.from_numpy(bounds.astype(np.int32)),
        lengths=lengths.tolist(),
        longest=int(lengths.max(initial=0)),
        scored=torch.from_numpy(scored),
        targets=torch.from_numpy(sequences.tokens[places[scored] + 1].astype(np.int64)),
        kinds=torch.from_numpy(kinds[scored]),
    )


class Shape(NamedTuple):
    """How big a padded row is, so that rows of one shape can run through one CUDA graph."""

    tokens: int
    scored: int
    sequences: int
    longest: int


def pad(row: Row, shape: Shape) -> Row:
    """Fill a row up to a shape, with sequences that nobody sees and places without a target.

    Loss and gradients stay what they are: padding adds zeros to them.

    Raises:
        ValueError: the row does not fit.
    """
    n_tokens, n_scored = len(row.ids), len(row.scored)
    more = _sequence_lengths(shape.tokens - n_tokens, shape.longest)
    empty = shape.sequences - len(row.lengths) - len(more)
    room = (shape.tokens - n_tokens, shape.scored - n_scored, empty, shape.longest - row.longest)
    if min(room) < 0:
        raise ValueError(f"a row does not fit into {shape}")
    ends = n_tokens + np.cumsum(more)
    bounds = np.concatenate([row.bounds.numpy(), ends, np.full(empty, shape.tokens)])
    positions = [row.positions, *(torch.arange(length) for length in more)]
    return Row(
        ids=_fill_up(row.ids, shape.tokens, 0),
        positions=torch.cat(positions),
        bounds=torch.from_numpy(bounds.astype(np.int32)),
        lengths=row.lengths + more,
        longest=shape.longest,
        scored=_fill_up(row.scored, shape.scored, 0),
        targets=_fill_up(row.targets, shape.scored, NO_TARGET),
        kinds=_fill_up(row.kinds, shape.scored, 0),
    )


def padding(shape: Shape) -> Row:
    """Return a row of a shape that is padding alone."""
    nothing = torch.zeros(0, dtype=torch.int64)
    bounds = torch.zeros(1, dtype=torch.int32)
    return pad(Row(nothing, nothing, bounds, [], 0, nothing, nothing, nothing), shape)


def shapes_of(sizes: Sequence[tuple[int, int, int]], longest: int) -> list[Shape]:
    """Return for each row of `sizes` (tokens, scored places, sequences) what it is padded to.

    These are few shapes: tokens and places are rounded up to a thirty-second of the biggest row.
    """
    most = max(tokens for tokens, _, _ in sizes)
    grain = 1 << max(0, (most - 1).bit_length() - 5)
    n_sequences = max(n for _, _, n in sizes) + -(-grain // longest)
    n_sequences = _round_up(n_sequences, 16)
    return [
        Shape(_round_up(tokens, grain), _round_up(scored, grain), n_sequences, longest)
        for tokens, scored, _ in sizes
    ]


def _round_up(number: int, grain: int) -> int:
    return -(-number // grain) * grain


def _sequence_lengths(n_tokens: int, longest: int) -> list[int]:
    whole, rest = divmod(n_tokens, longest)
    return [longest] * whole + [rest] * (rest > 0)


def _fill_up(tensor: torch.Tensor, size: int, value: int) -> torch.Tensor:
    return torch.cat([tensor, tensor.new_full((size - len(tensor),), value)])
