"""Whether two tokenizer.json give every text the same ids."""

from typing import Any

import orjson
from tokenizers import Tokenizer

_PARTS = ("normalizer", "pre_tokenizer", "model")  # what ids depend on, beside the added tokens


def gives_same_ids(one: bytes, other: bytes) -> bool:
    """Say whether two tokenizers, as the library writes them again, differ in nothing of weight.

    What `save_pretrained` changes (padding, truncation, post-processor) and the decoder do not
    touch the ids. What is no tokenizer gives none.
    """
    try:
        return _identity(one) == _identity(other)
    except Exception:  # noqa: BLE001 - the library raises nothing narrower
        return False


def _identity(tokenizer_json: bytes) -> dict[str, Any]:
    written = orjson.loads(Tokenizer.from_buffer(tokenizer_json).to_str())
    added = {token["content"]: token["id"] for token in written["added_tokens"]}
    return {part: written[part] for part in _PARTS} | {"added_tokens": added}
