"""Put the sequences of a micro-batch end to end in one row: no padding, and only scored targets."""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

from dataclasses import dataclass

import numpy as np
import torch

from corpus.training.labels import Sequences
from corpus.training.plan import Indices


@dataclass(frozen=True, slots=True)
class Row:
    """Sequences end to end: `T` tokens of `N` sequences, `S` of them scored."""

    ids: torch.Tensor  # (T,) what is fed
    positions: torch.Tensor  # (T,) counted from the start of each sequence
    bounds: torch.Tensor  # (N + 1,) int32, where each sequence begins, and T
    lengths: list[int]  # N
    scored: torch.Tensor  # (S,) the places in the row whose prediction is scored
    targets: torch.Tensor  # (S,) what should be predicted there
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
        scored=torch.from_numpy(scored),
        targets=torch.from_numpy(sequences.tokens[places[scored] + 1].astype(np.int64)),
        kinds=torch.from_numpy(kinds[scored]),
    )
