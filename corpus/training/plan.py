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


def n_steps(lengths: Indices, *, batch_tokens: int) -> int:
    """Return the steps of an epoch, the same for every epoch.

    Raises:
        CorpusError: `batch_tokens` is less than twice the longest sequence. Above that every
            step holds a dialogue.
    """
    longest = int(lengths.max())
    if batch_tokens < 2 * longest:
        raise CorpusError(
            f"--batch-tokens {batch_tokens} is too small: it must be at least {2 * longest}, "
            "twice the longest dialogue."
        )
    return -(-int(lengths.sum()) // batch_tokens)


def plan_epoch(lengths: Indices, *, seed: int, epoch: int, batch_tokens: int) -> list[Indices]:
    """Return for each step of the epoch the sequences it trains on.

    Every sequence is in exactly one step, and a step has `batch_tokens` tokens on average, give or
    take a dialogue: where a sequence begins in the shuffled row of all tokens says in which step.
    """
    steps = n_steps(lengths, batch_tokens=batch_tokens)
    # RandomState's stream is frozen (NEP 19), Generator's may change with a release of numpy, and
    # a run must be able to go on after an upgrade.
    order = np.random.RandomState([seed, epoch]).permutation(len(lengths))
    ends = np.cumsum(lengths[order])
    step = (ends - lengths[order]) * steps // ends[-1]
    return np.split(order, np.searchsorted(step, np.arange(1, steps)))


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


def count_units(*, batch_tokens: int, micro_tokens: int, processes: int) -> int:
    """Return into how many micro-batches a step is cut: 2, 4, 8 ..., a multiple of `processes`.

    At least two, so that one process and two cut a step alike and come to the same bits.
    """
    units = max(2, processes)
    while batch_tokens > units * micro_tokens:
        units *= 2
    return units


def unit_seed(seed: int, step: int, unit: int) -> int:
    """Return what the dropout masks of one micro-batch are drawn from.

    Since it depends on nothing else, a resumed run and a run of more processes draw the same masks,
    and there is no generator's state to save.
    """
    return int.from_bytes(sha256(f"{seed}/{step}/{unit}".encode()).digest()[:8], "big") >> 1
