"""What a run trains on and is judged by: the corpus under one labelling strategy."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from corpus.records import SOURCES, CorpusError
from corpus.training.evaluate import plan_evaluation
from corpus.training.labels import LOWEST_KIND, SYS, Sequences, make_sequences
from corpus.training.plan import Indices, Weights, n_steps, plan_epoch
from corpus.training.shards import Corpus, read_split
from corpus.training.strategies import Labels
from corpus.training.vocabulary import Vocabulary, load_vocabulary


@dataclass(frozen=True, slots=True)
class Judged:
    """A split that models are scored on."""

    sequences: Sequences
    rows: list[Indices]  # that are scored together


@dataclass(frozen=True, slots=True)
class Material:
    """The splits as sequences. Only training dialogues that have a target are trained on."""

    corpus: Corpus
    vocabulary: Vocabulary
    labels: Labels
    sources: str  # topic+summary
    training: Sequences
    labelled: Indices  # targets of each training sequence
    used: Indices  # training sequences that have any, and a weight above 0
    weights: Weights | None  # of `used`; None: each is taken once
    validation: Judged
    frequent: Judged  # the part of it that is scored during the run
    test: Judged | None

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence that is ever fed."""
        judged = [self.validation] if self.test is None else [self.validation, self.test]
        splits = [self.training, *(one.sequences for one in judged)]
        return int(max(one.lengths.max() for one in splits))

    @property
    def lowest_kind(self) -> int:
        """The lowest kind of target that is trained on."""
        return LOWEST_KIND[self.labels]

    def steps_per_epoch(self, batch_tokens: int) -> int:
        """Return the number of steps, the same in every epoch."""
        lengths = self.training.lengths[self.used]
        return n_steps(lengths, batch_tokens=batch_tokens, weights=self.weights)

    def plan(self, *, seed: int, epoch: int, batch_tokens: int) -> list[Indices]:
        """Return for each step of an epoch the training sequences in it."""
        lengths, weights = self.training.lengths[self.used], self.weights
        steps = plan_epoch(
            lengths, seed=seed, epoch=epoch, batch_tokens=batch_tokens, weights=weights
        )
        return [self.used[step] for step in steps]

    def unigram_entropy(self) -> float:
        """Return the loss of a model that knows how often each target occurs, and no more."""
        scored = np.flatnonzero(self.training.kinds >= self.lowest_kind)
        ends = np.zeros(len(self.training.tokens), bool)
        ends[self.training.starts[1:] - 1] = True
        targets = self.training.tokens[scored[~ends[scored]] + 1]
        counts = np.bincount(targets)
        shares = counts[counts > 0] / counts.sum()
        return float(-(shares * np.log(shares)).sum())

    def diverged(self, loss: float) -> bool:
        """Tell whether a loss is so bad that a run has come apart.

        A model worse than uniform guessing, and 5 nats worse than knowing the frequencies.
        """
        uniform = math.log(self.vocabulary.size)
        return loss > max(self.unigram_entropy() + _APART, uniform + 1)


_APART = 5.0  # nats


def read_material(
    corpus: Corpus,
    labels: Labels,
    sources: Sequence[str],
    *,
    mix: Mapping[str, float] | None = None,
    eval_dialogues: int | None = None,
) -> Material:
    """Read the splits for one labelling strategy.

    Raises:
        CorpusError: a split is empty, has no target, or does not fit its tokenizer.
    """
    vocabulary = load_vocabulary(corpus.tokenizer_file)
    bos, eos, shift = vocabulary.bos, vocabulary.eos, labels == "shift"
    dialogues = read_split(corpus, "train", sources)
    found, source = set(dialogues.sources), dialogues.source
    training = make_sequences(dialogues, bos=bos, eos=eos, shift=shift)
    labelled = training.labelled(LOWEST_KIND[labels])
    used, weights = _weigh(np.flatnonzero(labelled), source, mix or {})
    if not len(used):
        raise CorpusError(f"no token of {corpus.folder}/train is labelled by --labels {labels}.")
    judged = []
    for split in ("validation", "test"):
        if split == "test" and not corpus.shards["test"]:
            break
        dialogues = read_split(corpus, split, sources)
        found.update(dialogues.sources)
        sequences = make_sequences(dialogues, bos=bos, eos=eos, shift=shift)
        if not sequences.labelled(SYS).any():
            raise CorpusError(f"{corpus.folder}/{split} has no <sys> turn to judge a model by.")
        judged.append(Judged(sequences, plan_evaluation(sequences)))
    validation = judged[0]
    return Material(
        corpus=corpus,
        vocabulary=vocabulary,
        labels=labels,
        sources="+".join(source for source in SOURCES if source in found),
        training=training,
        labelled=labelled,
        used=used,
        weights=weights,
        validation=validation,
        frequent=validation if eval_dialogues is None else _part(validation, eval_dialogues),
        test=judged[1] if len(judged) > 1 else None,
    )


def _weigh(
    used: Indices, source: np.ndarray, mix: Mapping[str, float]
) -> tuple[Indices, Weights | None]:
    """Leave out what has weight 0; give the weights of the rest, if any is not 1."""
    by_source = np.array([mix.get(name, 1.0) for name in SOURCES])
    weights = by_source[source[used]]
    if np.all(weights == 1):
        return used, None
    return used[weights > 0], weights[weights > 0]


def _part(judged: Judged, n_dialogues: int) -> Judged:
    """Return `n_dialogues` of a split, evenly spaced."""
    n_all = len(judged.sequences.lengths)
    chosen = np.unique(np.linspace(0, n_all - 1, min(n_dialogues, n_all)).astype(np.int64))
    return Judged(judged.sequences, plan_evaluation(judged.sequences, chosen))
