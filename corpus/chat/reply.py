"""What a reply is asked for with, and what comes back: plain values, without torch.

`corpus.chat.engine` makes the replies; the terminal and the server show them.
"""

from dataclasses import dataclass
from typing import Literal

Role = Literal["user", "assistant"]
Finish = Literal["stop", "length"]

MAX_CANDIDATES = 8
MAX_RIVALS = 10

# What the model says when none of its candidates may be shown, and what is said for it when a
# message holds nothing that it could read.
FALLBACK = "음.. 뭐라고 해야 할지 모르겠어."
UNREADABLE = "읽을 수 있는 글자가 없어요."

# For these reasons a candidate is never shown, nor can anybody choose it: it is empty, or holds
# personal data or a bad word. For another reason it is only not given where there are better ones.
NEVER_SHOWN = ("empty", "dropped", "bad_word")


class Cancelled(Exception):  # noqa: N818 (nothing went wrong)
    """Whoever asked for a reply no longer wants it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was typed, or a reply as it was shown."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Draw:
    """How a reply is drawn.

    Attributes:
        candidates: replies drawn at once, filtered and ranked; 1 streams token by token.
        temperature: 0 takes the most probable token, and one candidate.
        top_k: 0 keeps all tokens.
        stop: texts that end a reply and are not part of it.
        presence_penalty, frequency_penalty: over this reply alone.
        logit_bias: pairs of a token id and what is added to its logit; a banned token stays banned.
        n_rivals: how many of the most probable tokens are told beside each token of the reply.
    """

    candidates: int = 4
    temperature: float = 0.8
    top_p: float = 0.9
    top_k: int = 50
    max_new_tokens: int = 48
    seed: int = 0
    stop: tuple[str, ...] = ()
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: tuple[tuple[int, float], ...] = ()
    n_rivals: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a reply. Log-probabilities are the model's own, before the draw's changes."""

    text: str
    id: int
    logprob: float
    rivals: tuple[tuple[str, int, float], ...]  # text, id, logprob; the most probable first


@dataclass(frozen=True, slots=True)
class Candidate:
    """A reply that was drawn.

    Attributes:
        text: as it would be shown.
        score: mean log p(token | context) - 0.5 · mean log p(token | <sys> alone), over the tokens
            and the end; with one candidate only the former.
        out: why it may not be shown: `empty`, `dropped` (personal data), `bad_word`, `parrot` (of
            the last message), `again` (one of the last replies), `unfinished`, `twin` (of a better
            candidate); nothing if it may.
        tokens: without the token that ends it.
    """

    text: str
    score: float
    out: str
    finish: Finish
    tokens: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply and all that is to be told about it.

    Attributes:
        chosen: index in `candidates`, which stand best first; -1 if the text is of none of them.
        seen: of each message what the model read of it; nothing if it was left out unread.
        window_tokens: tokens that the model was given.
        first_message: index of the first message that it was given.
        cut_characters: of the last message, in front, that it was not given for want of room.
        unknown: `<unk>` among the tokens that it was given.
        copies: how often the reply stands word for word in train; None if no corpus is known.
        fallback: the text is `FALLBACK` or `UNREADABLE`, not the model's.
    """

    text: str
    finish: Finish
    chosen: int
    candidates: tuple[Candidate, ...]
    seen: tuple[str, ...]
    window_tokens: int
    first_message: int
    cut_characters: int
    unknown: int
    copies: int | None
    seconds: float
    fallback: bool
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Seen:
    """What the model would read of a text.

    Attributes:
        text: None if nothing readable is left.
        rules: names of the text rules that changed it, in their order.
        tokens: text, id, and whether it is `<unk>`.
    """

    text: str | None
    rules: tuple[str, ...]
    tokens: tuple[tuple[str, int, bool], ...]
