"""Is a row of train near one of validation or test: counted out pair by pair, for a sample.

Independent of how a build looks for near-duplicates: no signature, no candidates, no text but that
of the rows.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.parquet as pq

from corpus.dedup.near import NEAR, SHINGLE
from corpus.records import SPLITS, Ints
from corpus.verify.findings import Findings
from corpus.verify.tables import DAMAGED

SAMPLED = 200  # rows of a split that nobody trains on, evenly spaced; compared with all others
_BATCH = 500  # rows compared with the sample at once: some 2 million shared shingles
_CODE_BITS = 16 * SHINGLE


class _Text(NamedTuple):
    row: str  # in words
    dialogue_id: str
    text: str


def check_near(processed: Path, manifest: dict[str, Any], findings: Findings) -> None:
    """Compare the sample with every row of the splits that it was kept out of."""
    shards: dict[str, list[str]] = {split: [] for split in SPLITS}
    for shard in manifest["shards"]:
        shards[shard["split"]].append(shard["path"])
    held_out = SPLITS[1:]
    for place, split in enumerate(held_out):
        sample = _sample(processed, shards[split], manifest["rows"][split])
        others = [path for other in ("train", *held_out[place + 1 :]) for path in shards[other]]
        if sample:
            _compare(processed, sample, others, split, findings)


def _sample(processed: Path, paths: Sequence[str], n_rows: int) -> list[_Text]:
    every = (text for path in paths for batch in _texts(processed, path) for text in batch)
    return list(islice(every, 0, None, max(1, -(-n_rows // SAMPLED))))


def _texts(processed: Path, path: str) -> Iterator[list[_Text]]:
    """Yield the texts of a shard in batches; what cannot be read is told already."""
    place = 0
    try:
        with (processed / path).open("rb") as content, pq.ParquetFile(content) as file:
            for rows in file.iter_batches(_BATCH, columns=["dialogue_id", "conversation"]):
                ids, texts = rows["dialogue_id"].to_pylist(), rows["conversation"].to_pylist()
                yield [
                    _Text(f"{path} row {place + k:,} ({one})", one, _turns(text))
                    for k, (one, text) in enumerate(zip(ids, texts, strict=True))
                    if one is not None and text is not None
                ]
                place += len(rows)
    except (*DAMAGED, KeyError):
        return


def _turns(conversation: str) -> str:
    return conversation[len("<usr>") :].replace("<sys>", "\n").replace("<usr>", "\n")


def _compare(
    processed: Path, sample: Sequence[_Text], paths: Sequence[str], split: str, findings: Findings
) -> None:
    owners, codes = _shingles(sample)
    sizes = np.bincount(owners, minlength=len(sample))
    order = np.argsort(codes)
    owners, codes = owners[order], codes[order]
    for path in paths:
        for batch in _texts(processed, path):
            rows, those = _shingles(batch)
            first, end = (np.searchsorted(codes, those, side) for side in ("left", "right"))
            n_owners = end - first  # rows of the sample that have this shingle, too
            starts = np.repeat(end - np.cumsum(n_owners), n_owners)
            pairs = np.repeat(rows, n_owners) * len(sample)
            pairs += owners[starts + np.arange(len(starts))]
            shared = np.bincount(pairs, minlength=len(batch) * len(sample))
            shared = shared.reshape(len(batch), len(sample))
            alike = shared / (np.bincount(rows, minlength=len(batch))[:, None] + sizes - shared)
            for row, place in np.argwhere(alike >= NEAR).tolist():
                what = f"is near a row of {split}: {alike[row, place]:.3f} as {sample[place].row}"
                findings.add("rows", batch[row].row, what)


def _shingles(texts: Sequence[_Text]) -> tuple[Ints, Ints]:
    """Return the shingles of each text once, as numbers, and beside each whose it is."""
    joined = "".join(text.text for text in texts)
    characters = np.frombuffer(joined.encode("utf-32-le"), "<u4").astype(np.int64) & 0xFFFF
    owners = np.repeat(np.arange(len(texts)), [len(text.text) for text in texts])
    n = len(characters) - SHINGLE + 1
    codes = np.zeros(n, np.int64)
    for k in range(SHINGLE):
        codes |= characters[k : k + n] << 16 * k
    whole = owners[:n] == owners[SHINGLE - 1 :]
    unique = np.unique(owners[:n][whole] << _CODE_BITS | codes[whole])
    return unique >> _CODE_BITS, unique & ((1 << _CODE_BITS) - 1)
