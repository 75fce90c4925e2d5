"""What comes before the model: 영타 is put right, then the services see what is theirs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.chat.services.keyboard import Converted, convert
from corpus.chat.services.table import Choice, ServiceAnswer, answer
from corpus.tokens.encoder import Encoder


@dataclass(frozen=True, slots=True)
class Understood:
    """A message as services and model get it, and the answer of a service, if it is one's."""

    message: Converted
    service: ServiceAnswer | None


def understand(text: str, encoder: Encoder, *, services: Choice, name: str) -> Understood:
    """Put a message right and ask the services; may take the time of an answer from the internet.

    Raises:
        CorpusError: hangulpy, of the extra [chat], is not installed.
    """

    def tokens_of(text: str) -> Sequence[str]:
        [ids] = encoder.encode([text])
        return [encoder.token_texts[one] for one in np.frombuffer(ids, "<i4").tolist()]

    message = convert(text, tokens_of)
    return Understood(message, answer(message.text, services=services, name=name))
