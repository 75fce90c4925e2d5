"""What a run trains on and is judged by: the corpus under one labelling strategy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.records import SOURCES, CorpusError
from corpus.training.evaluate import plan_evaluation
from corpus.training.labels import LOWEST_KIND, SYS, Labels, Sequences, make_sequences
from corpus.training.plan import Indices, n_steps, plan_epoch
from corpus.training.shards import Corpus, read_split
from corpus.training.vocabulary import Vocabulary, load_vocabulary


@dataclass(frozen=True, slots=True)
class Material:
    """The two splits as sequences. Only training dialogues that have a target are trained on."""

    corpus: Corpus
    vocabulary: Vocabulary
    labels: Labels
    sources: str  # topic+summary
    training: Sequences
    labelled: Indices  # targets of each training sequence
    used: Indices  # training sequences that have any
    validation: Sequences
    rows: list[Indices]  # of the validation split

    @property
    def longest(self) -> int:
        """Tokens of the longest sequence that is ever fed."""
        return int(max(self.training.lengths.max(), self.validation.lengths.max()))

    @property
    def lowest_kind(self) -> int:
        """The lowest kind of target that is trained on."""
        return LOWEST_KIND[self.labels]

    def steps_per_epoch(self, batch_tokens: int) -> int:
        """Return the number of steps, the same in every epoch."""
        return n_steps(self.training.lengths[self.used], batch_tokens=batch_tokens)

    def plan(self, *, seed: int, epoch: int, batch_tokens: int) -> list[Indices]:
        """Return for each step of an epoch the training sequences in it."""
        lengths = self.training.lengths[self.used]
        steps = plan_epoch(lengths, seed=seed, epoch=epoch, batch_tokens=batch_tokens)
        return [self.used[step] for step in steps]


def read_material(corpus: Corpus, labels: Labels, sources: Sequence[str]) -> Material:
    """Read both splits for one labelling strategy.

    Raises:
        CorpusError: a split is empty, has no target, or does not fit its tokenizer.
    """
    vocabulary = load_vocabulary(corpus.tokenizer_file)
    found: set[str] = set()
    splits: list[Sequences] = []
    for split in ("train", "validation"):
        dialogues = read_split(corpus, split, sources)
        found.update(dialogues.sources)
        bos, eos = vocabulary.bos, vocabulary.eos
        splits.append(make_sequences(dialogues, bos=bos, eos=eos, shift=labels == "shift"))
    training, validation = splits
    labelled = training.labelled(LOWEST_KIND[labels])
    if not labelled.any():
        raise CorpusError(f"no token of {corpus.folder}/train is labelled by --labels {labels}.")
    if not validation.labelled(SYS).any():
        raise CorpusError(f"{corpus.folder}/validation has no <sys> turn to judge a model by.")
    return Material(
        corpus=corpus,
        vocabulary=vocabulary,
        labels=labels,
        sources="+".join(source for source in SOURCES if source in found),
        training=training,
        labelled=labelled,
        used=np.flatnonzero(labelled),
        validation=validation,
        rows=plan_evaluation(validation),
    )
