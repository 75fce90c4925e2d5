"""What every model is asked: validation dialogues up to a reply, and openings of ours.

Hashes of ids choose the dialogues, in an order of their own, and the replies that are left out, so
that all runs on a corpus are asked the same, and 100 prompts are the first half of 200.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files

from corpus.chat.filters import words_of
from corpus.chat.reply import Message
from corpus.evaluation.material import Spoken
from corpus.records import CorpusError

STRANGERS = 9


@dataclass(frozen=True, slots=True)
class Prompt:
    """A conversation whose next reply is asked for.

    Attributes:
        id: `DIALOGUE/PART:TURN`, or `opening/NUMBER`.
        messages: the last one is the user's.
        real: the reply of the person who was there; nothing for an opening of ours.
        strangers: replies that were given in other dialogues; none for an opening.
    """

    id: str
    messages: tuple[Message, ...]
    real: str
    strangers: tuple[str, ...]

    @property
    def asked(self) -> str:
        """The message that is to be answered."""
        return self.messages[-1].content


def validation_prompts(dialogues: Sequence[Spoken], n: int) -> list[Prompt]:
    """Return `n` prompts, or one for each dialogue if there are fewer.

    Raises:
        CorpusError: too few replies differ from each other for there to be strangers.
    """
    ordered = sorted(dialogues, key=lambda one: (_number(one.id), one.id))
    cuts = [_cut(one) for one in ordered]
    pool = [(one.id, one.turns[cut]) for one, cut in zip(ordered, cuts, strict=True)]
    prompts = []
    for place, (one, cut) in enumerate(zip(ordered[:n], cuts[:n], strict=True)):
        strangers = tuple(_strangers(place, pool))
        if len(strangers) < STRANGERS:
            raise CorpusError(
                f"validation has {len(dialogues)} dialogues, among which there are not "
                f"{STRANGERS} other replies to compare {one.id} with: build a corpus of more."
            )
        messages = tuple(
            Message("assistant" if place % 2 else "user", text)
            for place, text in enumerate(one.turns[:cut])
        )
        prompts.append(Prompt(f"{one.id}:{cut}", messages, one.turns[cut], strangers))
    return prompts


def openings() -> list[Prompt]:
    """Return first messages of ours: the same for models of all corpora."""
    content = files("corpus.evaluation").joinpath("openings.json").read_text("utf-8")
    return [
        Prompt(f"opening/{number}", (Message("user", text),), "", ())
        for number, text in enumerate(json.loads(content), 1)
    ]


def _cut(dialogue: Spoken) -> int:
    """Return which turn is left to the model: one of the replies."""
    n_replies = len(dialogue.turns) // 2
    return 2 * (_number(f"{dialogue.id}/reply") % n_replies) + 1


def _strangers(place: int, pool: Sequence[tuple[str, str]]) -> list[str]:
    """Return the next replies of other dialogues, no two of the same words, none of this one's.

    So each reply is real once and a stranger's nine times: one that is likely after anything gains
    nothing by it.
    """
    of, real = pool[place]
    known, found = [words_of(real)], []
    for k in range(place + 1, place + len(pool)):
        other, reply = pool[k % len(pool)]
        words = words_of(reply)
        if other.rpartition("/")[0] != of.rpartition("/")[0] and words not in known:
            known.append(words)
            found.append(reply)
        if len(found) == STRANGERS:
            break
    return found


def _number(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big")
