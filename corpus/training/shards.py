"""Read a finished corpus: the manifest and the shards. Nothing is tokenised again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.records import SOURCES, SPLITS, CorpusError, Split
from corpus.remote import Folder, local_file

MANIFEST = "_manifest.json"
TOKENIZER = "_tokenizer.json"


@dataclass(frozen=True, slots=True)
class Corpus:
    """What the manifest says about a finished corpus."""

    folder: Folder
    corpus_hash: str
    tokenizer_name: str
    tokenizer_sha256: str
    vocab_size: int
    shards: dict[Split, list[str]]  # paths below `folder`
    tokenizer_file: Path  # the byte copy of the tokenizer that made the token ids
    corpus_version: str  # of the program that built it
    max_tokens: int  # of a dialogue
    rules: str  # by which its text was normalised
    respell: str  # on: syllables that the tokenizer lacks are spelt with others


@dataclass(frozen=True, slots=True)
class Dialogues:
    """The dialogues of one split, end to end.

    Dialogue `i` is `token_ids[offsets[i]:offsets[i + 1]]`; its turns begin at
    `turn_starts[turn_offsets[i]:turn_offsets[i + 1]]`, counted from the dialogue's first token.
    """

    token_ids: npt.NDArray[np.int32]
    offsets: npt.NDArray[np.int64]
    turn_starts: npt.NDArray[np.int32]
    turn_offsets: npt.NDArray[np.int64]
    source: npt.NDArray[np.uint8]  # of each dialogue, its place in SOURCES

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that occur."""
        return tuple(SOURCES[number] for number in np.unique(self.source))

    def __len__(self) -> int:
        """Return the number of dialogues."""
        return len(self.offsets) - 1


def open_corpus(folder: Folder) -> Corpus:
    """Read the manifest and check that the tokenizer beside it is the one that made the ids.

    Raises:
        CorpusError: no finished corpus there, or one whose tokenizer was exchanged.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        tokenizer = manifest["tokenizer"]
        shards: dict[Split, list[str]] = {split: [] for split in SPLITS}
        for shard in manifest["shards"]:
            shards[shard["split"]].append(shard["path"])
        told = manifest["corpus_hash"], tokenizer["name"], tokenizer["sha256"]
        vocab_size = tokenizer["vocab_size"]
        options = manifest["options"]
        made = (
            manifest["corpus_version"],
            options["max_tokens"],
            options["rules"],
            options["respell"],
        )
    except FileNotFoundError:
        raise CorpusError(
            f"{folder} holds no finished corpus (no {MANIFEST}): "
            f"`python -m corpus build raw/ {folder}` makes one."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{folder / MANIFEST} is not a corpus manifest: {error!r}.") from error
    try:
        corpus = Corpus(folder, *told, vocab_size, shards, local_file(folder / TOKENIZER), *made)
        found = sha256(corpus.tokenizer_file.read_bytes()).hexdigest()
    except OSError as error:
        raise CorpusError(f"{folder / TOKENIZER} cannot be read: {error.strerror}.") from error
    if found != corpus.tokenizer_sha256:
        raise CorpusError(
            f"{folder / TOKENIZER} is not the tokenizer that made this corpus's token ids "
            "(its sha256 differs from the manifest's): restore it or build the corpus again."
        )
    return corpus


def read_split(corpus: Corpus, split: Split, sources: Sequence[str] = ()) -> Dialogues:
    """Return a split's dialogues in corpus order, of the given sources (none given: all).

    Raises:
        CorpusError: a shard is missing or broken, nothing is left, or an id is out of the
            vocabulary.
    """
    tables = [_read_shard(corpus.folder / path, sources) for path in corpus.shards[split]]
    token_ids, offsets = _flat([column for table in tables for column in table["token_ids"].chunks])
    turns, turn_offsets = _flat([part for table in tables for part in table["turn_starts"].chunks])
    if len(offsets) == 1:
        chosen = f" of the sources {' '.join(sources)}" if sources else ""
        raise CorpusError(f"{corpus.folder} has no {split} dialogue{chosen}: nothing to work with.")
    if int(token_ids.min()) < 0 or int(token_ids.max()) >= corpus.vocab_size:
        raise CorpusError(
            f"{corpus.folder}/{split} holds token id {int(token_ids.max())}, but the tokenizer "
            f"has {corpus.vocab_size} entries: build the corpus again."
        )
    names = pa.array(SOURCES)
    source = [
        pc.index_in(chunk, value_set=names).to_numpy(zero_copy_only=False)
        for table in tables
        for chunk in table["source"].chunks
    ]
    numbers = np.concatenate([np.zeros(0, np.uint8), *source])
    if not np.all(np.isfinite(numbers)):
        raise CorpusError(
            f"{corpus.folder} has a source that this version does not know: install the version "
            f"that built it ({corpus.corpus_version})."
        )
    return Dialogues(token_ids, offsets, turns, turn_offsets, numbers.astype(np.uint8))


def _read_shard(path: Folder, sources: Sequence[str]) -> pa.Table:
    try:
        return pq.read_table(
            local_file(path),
            columns=["token_ids", "turn_starts", "source"],
            filters=[("source", "in", list(sources))] if sources else None,
            partitioning=None,  # a user's folder named `a=b` is no column
        )
    except (OSError, pa.ArrowException) as error:
        reason = str(error).splitlines()[0]
        raise CorpusError(f"the shard {path} cannot be read: {reason}") from error


def _flat(chunks: list[pa.ListArray]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Join list arrays into their values and the n + 1 offsets of their lists."""
    values = [chunk.flatten().to_numpy() for chunk in chunks]
    lengths = [np.diff(chunk.offsets.to_numpy()) for chunk in chunks]
    offsets = np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]), dtype=np.int64)
    return np.concatenate([np.zeros(0, np.int32), *values]).astype(np.int32, copy=False), offsets
