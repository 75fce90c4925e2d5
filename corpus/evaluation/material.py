"""What an evaluation reads of a finished corpus: its tokenizer, its validation, its train split."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.chat.folder import Trained
from corpus.records import MANIFEST, TOKENIZER, CorpusError, Split
from corpus.remote import Folder, local_file
from corpus.tokens.same import gives_same_ids

_REPLY = "assistant"


@dataclass(frozen=True, slots=True)
class Spoken:
    """A dialogue: turns that alternate, the user's first."""

    id: str
    turns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """A finished corpus.

    Attributes:
        tokenizer: the bytes of its tokenizer.json.
        trained: how a model is taken to have been trained on it that does not say so itself.
    """

    folder: Folder
    corpus_hash: str
    tokenizer: bytes
    trained: Trained
    shards: tuple[tuple[Split, str], ...]

    def dialogues(self, split: Split) -> list[Spoken]:
        """Return the dialogues of a split.

        Raises:
            CorpusError: a shard cannot be read.
        """
        columns = ["dialogue_id", "part", "messages"]
        return [
            Spoken(
                f"{row['dialogue_id']}/{row['part']}",
                tuple(message["content"] for message in row["messages"]),
            )
            for table in self._tables(split, columns)
            for row in table.to_pylist()
        ]

    def replies_in_train(self, texts: Iterable[str]) -> frozenset[str]:
        """Return which of some texts are a reply of train, word for word.

        Raises:
            CorpusError: a shard cannot be read.
        """
        asked = pa.array(sorted(set(texts)), pa.string())
        found: set[str] = set()
        for table in self._tables("train", ["messages"]):
            messages = table["messages"].combine_chunks()
            role, content = messages.flatten().flatten()
            replies = content.filter(pc.equal(role, _REPLY))
            found |= set(replies.filter(pc.is_in(replies, asked)).to_pylist())
        return frozenset(found)

    def _tables(self, split: Split, columns: list[str]) -> Iterator[pa.Table]:
        for name in (name for of_split, name in self.shards if of_split == split):
            path = self.folder / name
            try:
                yield pq.read_table(local_file(path), columns=columns, partitioning=None)
            except (OSError, KeyError, pa.ArrowException) as error:
                reason = str(error).splitlines()[0]
                raise CorpusError(f"the shard {path} cannot be read: {reason}") from error


def open_material(folder: Folder) -> Material:
    """Read what the manifest of a corpus says.

    Raises:
        CorpusError: no finished corpus is there.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        options = manifest["options"]
        return Material(
            folder=folder,
            corpus_hash=str(manifest["corpus_hash"]),
            tokenizer=(folder / TOKENIZER).read_bytes(),
            trained=Trained(
                max_tokens=int(options["max_tokens"]),
                rules=str(options["rules"]),
                respell=str(options["respell"]),
            ),
            shards=tuple((shard["split"], shard["path"]) for shard in manifest["shards"]),
        )
    except FileNotFoundError:
        raise CorpusError(
            f"{folder} holds no finished corpus (no {MANIFEST}): "
            f"`python -m corpus build raw/ {folder}` makes one."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{folder / MANIFEST} is not a corpus manifest: {error!r}.") from error


def check_tokenizer(material: Material, model: Path) -> bytes:
    """Return a model's tokenizer.json, which gives every text the ids of the corpus's.

    Raises:
        CorpusError: there is none, or it gives others.
    """
    path = model / "tokenizer.json"
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(
            f"{model} has no tokenizer.json, so nothing shows that the corpus's token ids are its."
        ) from None
    if not gives_same_ids(material.tokenizer, found):
        raise CorpusError(
            f"{model} has another tokenizer than {material.folder}, so their tokens cannot be "
            "compared: evaluate it on a corpus that was built with --tokenizer " + f"{model}."
        )
    return found
