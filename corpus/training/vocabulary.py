"""The corpus's tokenizer as training needs it: control tokens, prompts in, replies out."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from corpus.records import COMPATIBILITY_JAMO, CorpusError

_TYPED_JAMO = str.maketrans(COMPATIBILITY_JAMO)
_CONTROL_TOKEN = re.compile(r"</?[a-z0-9]+>")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A tokenizer with the ids of its control tokens."""

    tokenizer: Tokenizer
    bos: int
    eos: int
    usr: int
    sys: int
    pad: int
    control: frozenset[int]  # every `<...>` token: ids 0 to 108 of KoGPT2

    @property
    def size(self) -> int:
        """Number of entries, added tokens included."""
        return self.tokenizer.get_vocab_size()

    def prompt(self, text: str) -> list[int]:
        """Return the ids of an opening turn and of the role token that asks for a reply."""
        return [self.usr, *self.tokenizer.encode(text, add_special_tokens=False).ids, self.sys]

    def text(self, ids: Iterable[int]) -> str:
        """Decode without the control tokens, jamo as people type them.

        `skip_special_tokens` would also delete ㅠㅠ, ^^ and every emoji: KoGPT2 lists them as
        special.
        """
        kept = [token for token in ids if token not in self.control]
        return self.tokenizer.decode(kept, skip_special_tokens=False).translate(_TYPED_JAMO)

    def turns(self, ids: list[int]) -> str:
        """Decode a dialogue, a line per turn: `<usr> 안녕`."""
        begins = [place for place, token in enumerate(ids) if token in (self.usr, self.sys)]
        roles = {self.usr: "<usr>", self.sys: "<sys>"}
        return "\n".join(
            f"{roles[ids[begin]]} {self.text(ids[begin:end])}".rstrip()
            for begin, end in zip(begins, [*begins[1:], len(ids)], strict=True)
        )


def load_vocabulary(path: Path) -> Vocabulary:
    """Load `tokenizer.json`.

    Raises:
        CorpusError: not a tokenizer, or one without the control tokens of a dialogue.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare Exception
        raise CorpusError(f"{path} is not a tokenizer.json: {error}.") from error
    ids: dict[str, int] = {}
    for token in ("<s>", "</s>", "<usr>", "<sys>", "<pad>"):
        number = tokenizer.token_to_id(token)
        if number is None:
            raise CorpusError(f"{path} lacks the token {token}.")
        ids[token] = number
    control = frozenset(
        number
        for number, token in tokenizer.get_added_tokens_decoder().items()
        if _CONTROL_TOKEN.fullmatch(token.content)
    )
    return Vocabulary(
        tokenizer,
        bos=ids["<s>"],
        eos=ids["</s>"],
        usr=ids["<usr>"],
        sys=ids["<sys>"],
        pad=ids["<pad>"],
        control=control,
    )


def check_same_tokenizer(corpus_file: Path, model_file: Path, model: str) -> None:
    """Check that two tokenizer files give every text the same ids.

    Compared are normaliser, pre-tokenizer, model and added tokens as the library writes them;
    what `save_pretrained` changes (padding, truncation, post-processor) does not touch the ids.

    Raises:
        CorpusError: they differ.
    """
    if _identity(corpus_file) != _identity(model_file):
        raise CorpusError(
            f"{model} has another tokenizer than this corpus: its token ids would mean nothing to "
            f"the model. Build the corpus with --tokenizer {model}."
        )


def _identity(path: Path) -> dict[str, Any]:
    written = json.loads(load_vocabulary(path).tokenizer.to_str())
    identity = {part: written[part] for part in ("normalizer", "pre_tokenizer", "model")}
    identity["added_tokens"] = {token["content"]: token["id"] for token in written["added_tokens"]}
    return identity
