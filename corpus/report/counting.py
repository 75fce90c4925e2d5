"""What is counted of the rows for the report, where shards are written.

Lengths, sources, topics and splits are counted exactly. Words are looked at in samples chosen by
hash, so that neither cost nor memory grows with the corpus.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.records import Ints
from corpus.report.korean import korean_of, unknown_words
from corpus.report.of_keys import LONGEST, OfKeys, binned
from corpus.report.sample import SHOWN_COLUMNS, Ids, Smallest, holding, said_in

SHOWN = 10  # dialogues on the page
LABELS = 60  # topics are told apart, the ones with most rows
OTHERS = "…"  # the rest of them


class OfRows:
    """Counts the rows of one shard for the report."""

    def __init__(self, last_id: int, unk_id: int | None) -> None:
        """Begin with nothing.

        Args:
            last_id: as `OfKeys` has it.
            unk_id: the token of unknown characters.
        """
        self._last_id, self._unk_id = last_id, unk_id
        self._lengths: dict[str, defaultdict[str, Counter[int]]] = {
            name: defaultdict(Counter) for name in ("tokens", "turns")
        }
        self._topics: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._n_cut = 0
        self._sample, self._unknown = Smallest(), Smallest()

    def take(self, rows: pa.Table, ids: Ids, places: Ints) -> None:
        """Count some rows, given the ids of their keys and the places of their dialogues."""
        self._count(rows)
        self._sample.take(ids, places, rows, ids <= self._last_id)
        if self._unk_id is not None:
            self._unknown.take(ids, places, rows, holding(self._unk_id, rows["token_ids"]))

    def counted(self) -> dict[str, Any]:
        """Return what was counted, as JSON has it."""
        return {
            "lengths": {
                name: {
                    group: {str(value): n for value, n in counter.items()}
                    for group, counter in counters.items()
                }
                for name, counters in self._lengths.items()
            },
            "topics": {name: dict(counter) for name, counter in self._topics.items()},
            "rows_cut": self._n_cut,
            "rows_with_unknown": self._unknown.n_taken,
        }

    def samples(self) -> tuple[pa.Table, pa.Table]:
        """Return rows whose words are looked at, and rows with unknown tokens."""
        return self._sample.rows(), self._unknown.rows()

    def _count(self, rows: pa.Table) -> None:
        tokens, turns = rows["n_tokens"].to_numpy(), rows["n_turns"].to_numpy()
        lengths = {
            "tokens": binned(tokens + 2),
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


class Measured:
    """What was counted of all dialogues and of all shards; `numbers` is what the manifest says."""

    def __init__(self, of_keys: OfKeys, unk_id: int | None) -> None:
        self._of_keys, self._unk_id = of_keys, unk_id
        self._lengths: dict[str, defaultdict[str, Counter[str]]] = {
            name: defaultdict(Counter) for name in ("tokens", "turns")
        }
        self._topics: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._n_cut = self._n_unknown = 0
        self._sample, self._unknown = Smallest(), Smallest()

    def take(self, counted: Mapping[str, Any], sample: pa.Table, unknown: pa.Table) -> None:
        """Add what `OfRows` counted of a shard, and its samples."""
        for name, counters in counted["lengths"].items():
            for group, counter in counters.items():
                self._lengths[name][group].update(counter)
        for name, counter in counted["topics"].items():
            self._topics[name].update(counter)
        self._n_cut += counted["rows_cut"]
        self._n_unknown += counted["rows_with_unknown"]
        self._sample.add(sample)
        self._unknown.add(unknown)

    def numbers(self, unknown: str) -> dict[str, Any]:
        """Return what was counted, as the manifest has it.

        Args:
            unknown: the characters that the tokenizer does not know.
        """
        korean = korean_of(list(said_in(self._sample.rows())))
        return {
            "uncapped_tokens": self._of_keys.uncapped(),
            "rows_cut": self._n_cut,
            "topics": _most_rows(self._topics),
            "utterances": self._of_keys.utterances(),
            "sample": korean | {"topics": _most_rows(korean["topics"])},
            "unknown": self._unknown_words(unknown),
        } | {
            name: {group: dict(counter) for group, counter in counters.items()}
            for name, counters in self._lengths.items()
        }

    def dialogues(self) -> list[dict[str, Any]]:
        """Return the first rows of the dialogues with the smallest hashes."""
        rows = self._sample.rows()
        first = rows.filter(pc.equal(rows["part"], 0)).select(SHOWN_COLUMNS)
        return list(first.slice(0, SHOWN).to_pylist())

    def _unknown_words(self, unknown: str) -> dict[str, Any]:
        rows = self._unknown.rows()
        ids = rows["token_ids"].combine_chunks().flatten().to_numpy()
        turns = (turn for _, said in said_in(rows) for turn in said)
        return {
            "rows": self._n_unknown,
            "rows_looked_at": len(rows),
            "tokens_looked_at": int(np.count_nonzero(ids == self._unk_id)) if len(rows) else 0,
            "words": unknown_words(turns, unknown),
        }


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
