"""How many tokens of some rows are `<unk>`, and how many of these `--respell on` takes away."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.text.respell import spellings_for
from corpus.tokens.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the tokenizer does not know."""

    unk_id: int | None
    characters: str  # Hangul, jamo and ASCII
    respellable: str  # a pattern of the syllables that `--respell on` spells with others

    @classmethod
    def of(cls, encoder: Encoder) -> Self:
        """Return what an encoder does not know."""
        respellable = "".join(sorted(spellings_for(sorted(encoder.lacking))))
        pattern = f"[{respellable}]" if respellable else ""
        return cls(encoder.unk_id, encoder.unknown_characters, pattern)

    def count(self, rows: pa.Table) -> tuple[int, int]:
        """Return how many tokens of some rows are unknown, and how many of these respellable."""
        if self.unk_id is None:
            return 0, 0
        column = rows["token_ids"].combine_chunks()
        places = np.flatnonzero(column.flatten().to_numpy() == self.unk_id)
        if not (len(places) and self.respellable):
            return len(places), 0
        lengths = pc.fill_null(pc.list_value_length(column), 0)
        ends = np.cumsum(lengths.to_numpy(zero_copy_only=False))
        holding = np.unique(np.searchsorted(ends, places, "right"))
        texts = rows["conversation"].take(pa.array(holding))
        counted = pc.sum(pc.count_substring_regex(texts, self.respellable)).as_py()
        return len(places), counted or 0


def facts_of(tokenizer: bytes, encoder: Encoder | None = None) -> tuple[int, Unknown]:
    """Return the size of a tokenizer's vocabulary, and what it does not know.

    Raises:
        CorpusError: it cannot be used.
    """
    encoder = encoder or Encoder(tokenizer)
    return encoder.vocab_size, Unknown.of(encoder)
