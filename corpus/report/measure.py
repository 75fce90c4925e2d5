"""What the commit counts of the rows for the report, as they pass by on their way to the shards.

Lengths, sources, topics and splits are counted exactly. Words are looked at in samples chosen by
hash, so that neither cost nor memory grows with the corpus.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.dedup.keys import Keys
from corpus.records import Ints
from corpus.report.korean import korean_of, unknown_words
from corpus.report.sample import SAMPLED, Smallest, holding, said_in

SHOWN = 10  # dialogues on the page
LABELS = 60  # topics are told apart, the ones with most rows
OTHERS = "…"  # the rest of them
BIN = 8  # tokens
LONGEST = 16_384  # tokens and turns; what has more is counted as having so many


class Measured:
    """Counts tables of rows; in the end `numbers` are what the manifest says of them."""

    def __init__(self, keys: Keys, duplicates: Ints, unk_id: int | None) -> None:
        """Begin with nothing.

        Args:
            keys: of the dialogues that have rows, in plan order.
            duplicates: for each of them the place of the one it duplicates, or -1.
            unk_id: the token of unknown characters.
        """
        self._keys, self._repeated, self._unk_id = keys, duplicates >= 0, unk_id
        ids = np.sort(keys["id"][~self._repeated])
        self._last_id = ids[:SAMPLED][-1] if len(ids) else 0
        self._lengths: dict[str, defaultdict[str, Counter[int]]] = {
            name: defaultdict(Counter) for name in ("tokens", "turns")
        }
        self._topics: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._n_cut = 0
        self._sample, self._unknown = Smallest(), Smallest()

    def take(self, rows: pa.Table, places: Ints) -> None:
        """Count some rows, given the places of their keys."""
        ids = self._keys["id"][places]
        self._count(rows)
        self._sample.take(ids, rows, ids <= self._last_id)
        if self._unk_id is not None:
            self._unknown.take(ids, rows, holding(self._unk_id, rows["token_ids"]))

    def _count(self, rows: pa.Table) -> None:
        tokens, turns = rows["n_tokens"].to_numpy(), rows["n_turns"].to_numpy()
        lengths = {
            "tokens": _binned(tokens + 2),
            "turns": np.minimum(turns, LONGEST),
        }
        sources, source = coded(rows["source"])
        splits, split = coded(rows["split"])
        groups = source * len(splits) + split
        for group in np.unique(groups).tolist():
            name = f"{sources[group // len(splits)]}/{splits[group % len(splits)]}"
            for what, values in lengths.items():
                found, n = np.unique(values[groups == group], return_counts=True)
                self._lengths[what][name].update(dict(zip(found.tolist(), n.tolist(), strict=True)))
        topics, topic = coded(rows["topic"])
        sums = (np.bincount(topic, of_rows) for of_rows in (np.ones(len(topic)), tokens, turns))
        for name, *of_topic in zip(topics, *(one.tolist() for one in sums), strict=True):
            counted = zip(("rows", "tokens", "turns"), map(int, of_topic), strict=True)
            self._topics[name].update(dict(counted))
        self._n_cut += int(np.count_nonzero(rows["n_turns_cut"].to_numpy()))

    def numbers(self, unknown: str) -> dict[str, Any]:
        """Return what was counted, as the manifest has it.

        Args:
            unknown: the characters that the tokenizer does not know.
        """
        korean = korean_of(list(said_in(self._sample.rows())))
        return {
            "uncapped_tokens": self._uncapped(),
            "rows_cut": self._n_cut,
            "topics": _most_rows(self._topics),
            "utterances": self._utterances(),
            "sample": korean | {"topics": _most_rows(korean["topics"])},
            "unknown": self._unknown_words(unknown),
        } | {
            name: {
                group: {str(value): n for value, n in counter.items()}
                for group, counter in counters.items()
            }
            for name, counters in self._lengths.items()
        }

    def dialogues(self) -> list[dict[str, Any]]:
        """Return the first rows of the dialogues with the smallest hashes."""
        rows = self._sample.rows()
        first = rows.filter(pc.equal(rows["part"], 0))
        return list(first.slice(0, SHOWN).to_pylist())

    def _uncapped(self) -> dict[str, int]:
        """Return how many dialogues have how many tokens before the cap, as `_binned`."""
        tokens = _binned(self._keys["tokens"][~self._repeated])
        values, counts = np.unique(tokens, return_counts=True)
        return {str(v): n for v, n in zip(values.tolist(), counts.tolist(), strict=True)}

    def _utterances(self) -> dict[str, int]:
        """Return where the utterances of the dialogues are that had rows."""
        every, in_rows = self._keys["utterances"], self._keys["in_rows"]
        kept = ~self._repeated
        return {
            "in_rows": int(in_rows[kept].sum()),
            "cut": int((every[kept] - in_rows[kept]).sum()),
            "in_duplicates": int(every[self._repeated].sum()),
        }

    def _unknown_words(self, unknown: str) -> dict[str, Any]:
        rows = self._unknown.rows()
        ids = rows["token_ids"].combine_chunks().flatten().to_numpy()
        turns = (turn for _, said in said_in(rows) for turn in said)
        return {
            "rows": self._unknown.n_taken,
            "rows_looked_at": len(rows),
            "tokens_looked_at": int(np.count_nonzero(ids == self._unk_id)) if len(rows) else 0,
            "words": unknown_words(turns, unknown),
        }


def _binned(tokens: Any) -> Any:  # noqa: ANN401 - arrays of numpy
    """Return the lower ends of the bins, each of which holds its upper end: 8 stands for 9 to 16.

    So a limit that is a multiple of `BIN` parts what is over it from what is not.
    """
    return (np.minimum(tokens, LONGEST).astype(np.int64) - 1) // BIN * BIN


def coded(texts: pa.ChunkedArray) -> tuple[list[str], Any]:
    """Return the different texts, and for each text the place of its like among them."""
    coded = texts.combine_chunks().dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy()


def _most_rows(topics: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    """Return the counters of the topics with most rows; the others are added up."""
    ranked = sorted(topics.items(), key=lambda pair: (-pair[1]["rows"], pair[0]))
    listed = {topic: Counter(counter) for topic, counter in ranked[:LABELS]}
    for _, counter in ranked[LABELS:]:
        listed.setdefault(OTHERS, Counter()).update(counter)
    return {topic: dict(counter) for topic, counter in listed.items()}
