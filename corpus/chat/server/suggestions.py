"""What the page hands over to be kept: a reply that was liked, or preferred to another."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpus.chat.reply import Message
from corpus.chat.save import save_dialogue, save_preference
from corpus.chat.server.answering import Answering, in_thread
from corpus.chat.server.wire import WireError, read_messages, read_text
from corpus.chat.services.clock import korean_now


async def keep(asked: Mapping[str, Any], folder: Path, answering: Answering) -> bool:
    """Keep what a request of the page holds; return False if it is kept already.

    With `chosen` and `rejected`: which of two replies to the last of `messages` is the better.
    Without: that the last of `messages`, a reply, is liked. Messages that no model is given are
    left out, as they are for a reply.

    Raises:
        WireError: it cannot be read.
        CorpusError: the folder cannot be written to.
    """
    said = read_messages(asked)
    if "chosen" in asked or "rejected" in asked:
        chosen, rejected = read_text(asked, "chosen"), read_text(asked, "rejected")
        if chosen.strip() == rejected.strip() or not chosen.strip():
            raise WireError(400, "There is no difference to keep.", param="chosen")
        prompt = (await answering.shape(said)).messages
        return await in_thread(
            lambda: save_preference(folder, prompt, chosen=chosen, rejected=rejected)
        )
    if said[-1].role != "assistant" or len(said) == 1 or not said[-1].content.strip():
        raise WireError(400, "The last message must be the reply that is liked.", param="messages")
    shaped = await answering.shape(said[:-1])
    dialogue = [*shaped.messages, Message("assistant", said[-1].content)]
    return await in_thread(lambda: save_dialogue(folder, dialogue, now=korean_now()))
