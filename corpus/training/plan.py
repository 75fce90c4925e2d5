"""Which dialogues a step trains on: a pure function of the lengths, the seed and the epoch.

The plan is made for the whole job. How many processes share a step, and into how many micro-batches
it is cut, is decided after it and changes neither the steps nor the learning rates. To resume, the
number of the step is enough.
"""

from hashlib import sha256

import numpy as np
import numpy.typing as npt

from corpus.records import CorpusError

Indices = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float64]  # how often an epoch takes each sequence


def n_steps(lengths: Indices, *, batch_tokens: int, weights: Weights | None = None) -> int:
    """Return the steps of an epoch, the same for every epoch.

    Raises:
        CorpusError: `batch_tokens` is less than twice the longest sequence (above that every step
            holds a dialogue), or the weights leave nothing.
    """
    longest = int(lengths.max())
    if batch_tokens < 2 * longest:
        raise CorpusError(
            f"--batch-tokens {batch_tokens} is too small: it must be at least {2 * longest}, "
            "twice the longest dialogue."
        )
    tokens = int(lengths.sum()) if weights is None else _most_tokens(lengths, weights)
    if not tokens:
        raise CorpusError("--mix leaves no dialogue to train on: give a source more weight.")
    return -(-tokens // batch_tokens)


def plan_epoch(
    lengths: Indices, *, seed: int, epoch: int, batch_tokens: int, weights: Weights | None = None
) -> list[Indices]:
    """Return for each step of the epoch the sequences it trains on.

    Every sequence is in exactly one step, and a step has `batch_tokens` tokens on average, give or
    take a dialogue: where a sequence begins in the shuffled row of all tokens says in which step.
    With `weights` a sequence of weight 2.5 is in two steps or three, drawn anew for every epoch.
    """
    steps = n_steps(lengths, batch_tokens=batch_tokens, weights=weights)
    # RandomState's stream is frozen (NEP 19), Generator's may change with a release of numpy, and
    # a run must be able to go on after an upgrade.
    draw = np.random.RandomState([seed, epoch])
    if weights is None:
        order = draw.permutation(len(lengths))
    else:
        order = draw.permutation(_drawn(weights, draw))
    ends = np.cumsum(lengths[order])
    step = (ends - lengths[order]) * steps // ends[-1]
    return np.split(order, np.searchsorted(step, np.arange(1, steps)))


def _drawn(weights: Weights, draw: np.random.RandomState) -> Indices:
    """Return each sequence as often as its weight says, fractions by chance.

    Of the sequences of one weight the same number is drawn in every epoch.
    """
    chosen = []
    for weight in np.unique(weights):
        members = np.flatnonzero(weights == weight)
        whole = int(weight)
        extra = draw.permutation(members)[: round(len(members) * (weight - whole))]
        chosen += [members] * whole + [extra]
    return np.concatenate(chosen)


def _most_tokens(lengths: Indices, weights: Weights) -> int:
    """Return the tokens of the fullest epoch that `_drawn` can draw."""
    most = 0
    for weight in np.unique(weights):
        longest_first = -np.sort(-lengths[weights == weight])
        whole = int(weight)
        extra = round(len(longest_first) * (weight - whole))
        most += whole * int(longest_first.sum()) + int(longest_first[:extra].sum())
    return most


def cut_step(step: Indices, lengths: Indices, n_units: int) -> list[Indices]:
    """Cut a step into `n_units` micro-batches of about equally many tokens, longest first.

    The order within a step does not matter to the sum over it; sorted by length, dialogues of one
    length stand together. A micro-batch may be empty where a step has few dialogues.
    """
    order = step[np.argsort(-lengths[step], kind="stable")]
    ends = np.cumsum(lengths[order])
    middle = ends - lengths[order] / 2
    unit = np.minimum(middle * n_units // ends[-1], n_units - 1)
    return np.split(order, np.searchsorted(unit, np.arange(1, n_units)))


def count_units(*, batch_tokens: int, micro_tokens: int, processes: int, least: int = 2) -> int:
    """Return into how many micro-batches a step is cut: 2, 4, 8 ..., a multiple of `processes`.

    At least two, so that one process and two cut a step alike and come to the same bits. On a GPU,
    where they do not anyway, `least` is 1: two halves of a step take longer than the whole.
    """
    units = max(least, processes)
    while batch_tokens > units * micro_tokens:
        units *= 2
    return units


def unit_seed(seed: int, step: int, unit: int) -> int:
    """Return what the dropout masks of one micro-batch are drawn from.

    Since it depends on nothing else, a resumed run and a run of more processes draw the same masks,
    and there is no generator's state to save.
    """
    return int.from_bytes(sha256(f"{seed}/{step}/{unit}".encode()).digest()[:8], "big") >> 1
