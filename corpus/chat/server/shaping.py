"""From the messages of a request to those that the model is given.

The keyboard is put right first. What no model was trained on is left out: messages of a system or a
tool, what a service answered and its answer, a reply before the first message. Then the messages of
one role in a row are one, as a person's utterances in a row are one turn. A pure function of the
request: what was said before is judged again, and nothing is remembered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from corpus.chat.reply import Message, Role
from corpus.chat.server.wire import Said, WireError
from corpus.chat.services.keyboard import TokensOf, convert


@dataclass(frozen=True, slots=True)
class Shaped:
    """A conversation as the model is given it.

    Attributes:
        messages: the last is the user's.
        places: of each message, where in the request its parts are.
        left_out: where in the request the messages are that no model is given.
        last: the last message alone, with the keyboard put right.
        converted: the same, if there was something to put right.
    """

    messages: tuple[Message, ...]
    places: tuple[tuple[int, ...], ...]
    left_out: tuple[int, ...]
    last: str
    converted: str | None


def shape(said: Sequence[Said], tokens_of: TokensOf, is_request: Callable[[str], bool]) -> Shaped:
    """Return the conversation of a request.

    Raises:
        WireError: the last message is not the user's.
    """
    if said[-1].role != "user":
        raise WireError(400, "The last message must be the user's.", param="messages")
    texts = [_typed(one, tokens_of) for one in said]
    messages: list[Message] = []
    places: list[list[int]] = []
    left_out = []
    is_answered = False  # by a service: what follows is its answer
    for k, (one, text) in enumerate(zip(said, texts, strict=True)):
        is_last = k == len(said) - 1
        if one.role == "user":
            is_answered = not is_last and is_request(text)
        role: Role | None = "user" if one.role == "user" else None
        if one.role == "assistant" and messages and text.strip():
            role = "assistant"
        if role is None or is_answered:
            left_out.append(k)
        elif messages and messages[-1].role == role:
            messages[-1] = Message(role, f"{messages[-1].content} {text}")
            places[-1].append(k)
        else:
            messages.append(Message(role, text))
            places.append([k])
    last = texts[-1]
    return Shaped(
        messages=tuple(messages),
        places=tuple(map(tuple, places)),
        left_out=tuple(left_out),
        last=last,
        converted=last if last != said[-1].content else None,
    )


def _typed(one: Said, tokens_of: TokensOf) -> str:
    if one.role != "user" or one.keep:
        return one.content
    return convert(one.content, tokens_of).text
