"""How many tokens of some rows are `<unk>`, and how many of these `--respell on` takes away."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.text.respell import respell_rules, spellings_for
from corpus.text.rule import apply, join
from corpus.tokens.encoder import Encoder

_ROLE = re.compile("<(?:usr|sys)>")


@dataclass(frozen=True, slots=True)
class Unknown:
    """What the tokenizer does not know."""

    unk_id: int | None
    characters: str  # Hangul, jamo and ASCII
    respellable: str  # a pattern of the syllables that `--respell on` may spell with others
    lacking: frozenset[str]  # syllables; the rules for them are made anew in each process

    @classmethod
    def of(cls, encoder: Encoder) -> Self:
        """Return what an encoder does not know."""
        respellable = "".join(sorted(spellings_for(sorted(encoder.lacking))))
        pattern = f"[{respellable}]" if respellable else ""
        return cls(encoder.unk_id, encoder.unknown_characters, pattern, encoder.lacking)

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
        texts = rows["conversation"].take(pa.array(holding)).to_pylist()
        texts = filter(re.compile(self.respellable).search, texts)
        turns = [turn for text in texts for turn in _ROLE.split(text)]
        fired: Counter[str] = Counter()
        apply(respell_rules(self.lacking), join(turns), "summary", fired)
        return len(places), fired.total()
