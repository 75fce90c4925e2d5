"""How many tokens of some rows are `<unk>`, and how many of these `--respell on` takes away."""

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.building.unknown import Unknown
from corpus.text.respell import respell_rules, spellings_for
from corpus.text.rule import apply, join
from corpus.tokens.encoder import Encoder

_ROLE = re.compile("<(?:usr|sys)>")


def unknown_to(encoder: Encoder) -> Unknown:
    """Return what an encoder does not know."""
    respellable = "".join(sorted(spellings_for(sorted(encoder.lacking))))
    pattern = f"[{respellable}]" if respellable else ""
    return Unknown(encoder.unk_id, encoder.unknown_characters, pattern, encoder.lacking)


def count_unknown(unknown: Unknown, rows: pa.Table) -> tuple[int, int]:
    """Return how many tokens of some rows are unknown, and how many of these respellable."""
    if unknown.unk_id is None:
        return 0, 0
    column = rows["token_ids"].combine_chunks()
    places = np.flatnonzero(column.flatten().to_numpy() == unknown.unk_id)
    if not (len(places) and unknown.respellable):
        return len(places), 0
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    ends = np.cumsum(lengths.to_numpy(zero_copy_only=False))
    holding = np.unique(np.searchsorted(ends, places, "right"))
    texts = rows["conversation"].take(pa.array(holding)).to_pylist()
    search = re.compile(unknown.respellable).search
    turns = [one for text in filter(search, texts) for one in _ROLE.split(text) if search(one)]
    fired: Counter[str] = Counter()
    apply(respell_rules(unknown.lacking), join(turns), "summary", fired)
    return len(places), fired.total()
