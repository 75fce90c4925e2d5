"""The next token of each row, drawn from logits: pure functions.

No repetition penalty: it would count `<usr>`, which ends a reply. What people never do is banned
instead: a token three times in a row, the same four tokens twice in one reply.
"""

# mypy: allow-untyped-calls
# (torch leaves some of what is called here without annotations)

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Self

import torch

from corpus.chat.reply import Draw

_RUN = 4  # tokens that a reply holds once
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Which tokens a reply may hold: `banned` never, `ends` as its last."""

    banned: torch.Tensor  # (banned,) ids
    ends: torch.Tensor  # (ends,) ids

    @classmethod
    def of(cls, *, banned: Sequence[int], ends: Sequence[int], device: torch.device) -> Self:
        """Return the vocabulary for logits on a device."""
        ids = [torch.tensor(one, dtype=torch.long, device=device) for one in (banned, ends)]
        return cls(*ids)


@dataclass(frozen=True, slots=True)
class Row:
    """What has been drawn of a reply; it may end once it holds a visible character."""

    ids: Sequence[int]
    may_end: bool


@dataclass(frozen=True, slots=True)
class Drawn:
    """The next token of each row.

    Attributes:
        log_p: of the tokens, before any change.
        rivals: of each row the most probable tokens and their log-probabilities, before any change.
    """

    ids: list[int]
    log_p: list[float]
    rivals: list[list[tuple[int, float]]]


def make_chances(seed: int, ids: Sequence[int]) -> Callable[[int], list[float]]:
    """Return what gives `n` numbers from 0 to below 1: the same for the same seed and tokens."""
    digest = sha256(f"{seed}/{','.join(map(str, ids))}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
    return lambda n: torch.rand(n, generator=generator).tolist()


def next_tokens(
    logits: torch.Tensor,
    rows: Sequence[Row],
    vocabulary: Vocabulary,
    draw: Draw,
    chances: Sequence[float],
) -> Drawn:
    """Draw the next token of each row.

    Args:
        logits: (rows, vocabulary), in float32; they stay as they are.
        rows: what stands before.
        vocabulary: what is allowed.
        draw: how to draw.
        chances: a number from 0 to below 1 for each row.
    """
    log_p = logits.log_softmax(1)  # half the time of logsumexp
    rivals: list[list[tuple[int, float]]] = [[] for _ in rows]
    if draw.n_rivals:
        top = log_p.topk(draw.n_rivals, 1)
        pairs = zip(top.indices.tolist(), top.values.tolist(), strict=True)
        rivals = [list(zip(*pair, strict=True)) for pair in pairs]
    changed = allowed(biased(logits, rows, draw), rows, vocabulary)
    ids = _draw(changed, draw, torch.tensor(chances, device=logits.device))
    return Drawn(ids.tolist(), log_p.gather(1, ids[:, None])[:, 0].tolist(), rivals)


def biased(logits: torch.Tensor, rows: Sequence[Row], draw: Draw) -> torch.Tensor:
    """Return the logits with the bias and the penalties that were asked for."""
    logits = logits.clone()
    for one, bias in draw.logit_bias:
        if 0 <= one < logits.shape[1]:
            logits[:, one] += bias
    if draw.presence_penalty or draw.frequency_penalty:
        for k, row in enumerate(rows):
            for one in set(row.ids):
                times = list(row.ids).count(one)
                logits[k, one] -= draw.presence_penalty + times * draw.frequency_penalty
    return logits


def allowed(logits: torch.Tensor, rows: Sequence[Row], vocabulary: Vocabulary) -> torch.Tensor:
    """Take away, in place, what no reply may go on with; a row with nothing left may end."""
    logits.index_fill_(1, vocabulary.banned, _NEVER)
    for k, row in enumerate(rows):
        if not row.may_end:
            logits[k, vocabulary.ends] = _NEVER
        gone = repeating(row.ids)
        if gone:
            logits[k, gone] = _NEVER
        if torch.isneginf(logits[k].max()):
            logits[k, vocabulary.ends] = 0.0
    return logits


def repeating(ids: Sequence[int]) -> list[int]:
    """Return the tokens that would stand three times in a row, or end a run of four again.

    >>> repeating([5, 7, 7]), repeating([1, 2, 3, 4, 9, 1, 2, 3])
    ([7], [4])
    """
    found = [ids[-1]] if len(ids) >= 2 and ids[-1] == ids[-2] else []
    before = list(ids[-_RUN + 1 :])
    if len(before) == _RUN - 1:
        found += [
            ids[k + _RUN - 1]
            for k in range(len(ids) - _RUN + 1)
            if list(ids[k : k + _RUN - 1]) == before
        ]
    return found


def _draw(logits: torch.Tensor, draw: Draw, chances: torch.Tensor) -> torch.Tensor:
    """Return an id for each row: the most probable, or by temperature, top-k, top-p and chance."""
    if draw.temperature == 0:
        return logits.argmax(1)
    size = logits.shape[1]
    top = (logits / draw.temperature).topk(min(draw.top_k or size, size), 1)
    shares = top.values.softmax(1)
    before = shares.cumsum(1) - shares
    shares = shares.masked_fill((before >= draw.top_p) & (before > 0), 0.0)
    reached = shares.cumsum(1)
    place = torch.searchsorted(reached, (chances * reached[:, -1])[:, None], right=True)
    # The last share that is not 0, should rounding have gone past it.
    place = place.minimum((shares > 0).sum(1, keepdim=True) - 1)
    return top.indices.gather(1, place)[:, 0]
