"""What the tokenizer of a build does not know, as a record that its steps share."""

from typing import NamedTuple


class Unknown(NamedTuple):
    """What the tokenizer does not know; `corpus.building.unknown_tokens` makes and uses it."""

    unk_id: int | None
    characters: str  # Hangul, jamo and ASCII
    respellable: str  # a pattern of the syllables that `--respell on` may spell with others
    lacking: frozenset[str]  # of which the rules say where it does
