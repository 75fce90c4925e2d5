"""The four labelling strategies: what a dialogue feeds the model, and which targets are scored.

A dialogue `x` feeds `x` and its targets are `x[1:] + </s>`, aligned here once: position `j` is fed
`x[j]` and scored on what comes next. So the positions *of* a `<sys>` turn, from its role token to
its last token, are those that predict its text and the token that ends it, without which a model
never learns to stop. With `shift` one more token `<s>` is fed in front.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corpus.training.shards import Dialogues
from corpus.training.strategies import Labels

# What a position predicts. The strategies are nested, so that each is a lowest kind.
START, USR, SYS, LAST_SYS = range(4)
LOWEST_KIND: dict[Labels, int] = {
    "shift": START,
    "input": USR,
    "all-sys": SYS,
    "last-sys": LAST_SYS,
}


@dataclass(frozen=True, slots=True)
class Sequences:
    """What is fed, end to end: sequence `i` is `tokens[starts[i]:starts[i + 1]]`.

    The last token of each sequence is `</s>`, which is only predicted, never fed. `kinds[p]` tells
    what `tokens[p + 1]` is to the model that was fed up to `tokens[p]`: `START` (the first token,
    after `<s>`), `USR`, `SYS` or `LAST_SYS`; it means nothing where `tokens[p]` is the last.
    """

    tokens: npt.NDArray[np.int32]
    kinds: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]  # tokens fed, which is also the number of targets

    def labelled(self, lowest_kind: int) -> npt.NDArray[np.int64]:
        """Count each sequence's targets of `lowest_kind` and above."""
        scored = self.kinds >= lowest_kind
        scored[self.starts[1:] - 1] = False
        return np.add.reduceat(scored, self.starts[:-1], dtype=np.int64)


def make_sequences(dialogues: Dialogues, *, bos: int, eos: int, shift: bool) -> Sequences:
    """Close every dialogue with `eos`, and with `shift` open it with `bos`; sort its targets."""
    lengths = np.diff(dialogues.offsets) + 1 + shift
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    tokens = np.empty(starts[-1], np.int32)
    kinds = np.empty(starts[-1], np.uint8)
    tokens[starts[1:] - 1], kinds[starts[1:] - 1] = eos, START
    inside = np.ones(len(tokens), bool)
    inside[starts[1:] - 1] = False
    if shift:
        tokens[starts[:-1]], kinds[starts[:-1]] = bos, START
        inside[starts[:-1]] = False
    tokens[inside] = dialogues.token_ids
    kinds[inside] = _kinds(dialogues)
    return Sequences(tokens, kinds, starts, lengths - 1)


def _kinds(dialogues: Dialogues) -> npt.NDArray[np.uint8]:
    """Tell for each stored token in whose turn it stands; odd turns are `<sys>`."""
    turns = np.diff(dialogues.turn_offsets)
    dialogue = np.repeat(np.arange(len(dialogues)), turns)
    number = np.arange(len(dialogue)) - dialogues.turn_offsets[dialogue]
    begins = dialogues.offsets[dialogue] + dialogues.turn_starts
    ends = np.append(begins[1:], len(dialogues.token_ids))
    kind = np.where(number % 2 == 1, SYS, USR).astype(np.uint8)
    kind[(number % 2 == 1) & (number >= turns[dialogue] - 2)] = LAST_SYS
    return np.repeat(kind, ends - begins)
