"""The tokenizer of a process that builds: loaded once, and what a build has to know of it."""

from functools import lru_cache

from corpus.building.unknown import Unknown
from corpus.building.unknown_tokens import unknown_to
from corpus.records import TOKENIZER
from corpus.remote import Folder
from corpus.tokens.encoder import Encoder


@lru_cache(maxsize=1)
def encoder_of(tokenizer: bytes) -> Encoder:
    """Return the encoder of a `tokenizer.json`, which learns from one item for the next.

    Raises:
        CorpusError: it cannot be used.
    """
    return Encoder(tokenizer)


@lru_cache(maxsize=1)
def encoder_in(work: Folder) -> Encoder:
    """Return the encoder of a build by its folder."""
    return encoder_of((work / TOKENIZER).read_bytes())


def forget_tokenizer() -> None:
    """Free the 50 MB of the encoder, which a commit can use."""
    encoder_of.cache_clear()
    encoder_in.cache_clear()


def facts_of(tokenizer: bytes) -> tuple[int, Unknown]:
    """Return the size of a tokenizer's vocabulary, and what it does not know.

    Raises:
        CorpusError: it cannot be used.
    """
    encoder = encoder_of(tokenizer)
    return encoder.vocab_size, unknown_to(encoder)
