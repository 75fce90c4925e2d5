"""A conversation as the terminal holds it: what was said, drawn, chosen and liked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from corpus.chat.engine import Engine
from corpus.chat.reply import Cancelled, Candidate, Draw, Message, Reply
from corpus.chat.save import save_dialogue, save_preference

# What nobody can take: it holds nothing, personal data or a bad word.
_NEVER_TAKEN = ("empty", "dropped", "bad_word")


@dataclass(slots=True)
class Exchange:
    """A message and what was answered.

    Attributes:
        asked: the message.
        answer: as it was shown, or as far as it had come when it was stopped.
        reply: nothing if it was stopped.
        attempts: how often a reply was drawn before this one.
    """

    asked: str
    answer: str
    reply: Reply | None
    attempts: int = 0

    @property
    def others(self) -> list[Candidate]:
        """The candidates that can be taken, the best first."""
        candidates = self.reply.candidates if self.reply else ()
        return [one for one in candidates if one.out not in _NEVER_TAKEN]


@dataclass(slots=True)
class Conversation:
    """The exchanges so far, and the engine that answers."""

    engine: Engine
    draw: Draw
    exchanges: list[Exchange] = field(default_factory=list)

    def say(self, text: str, on_text: Callable[[str], None] | None = None) -> Exchange | None:
        """Answer a message; None if Ctrl-C came before anything of the answer."""
        return self._answer(text, 0, on_text)

    def again(self, on_text: Callable[[str], None] | None = None) -> Exchange | None:
        """Answer the last message anew, by other chances."""
        last = self.exchanges.pop()
        answered = self._answer(last.asked, last.attempts + 1, on_text)
        if answered is None:
            self.exchanges.append(last)
        return answered

    def take(self, number: int, save: Path | None) -> Exchange:
        """Let another candidate be the last answer; with `save` keep that it was preferred."""
        last = self.exchanges[-1]
        before, last.answer = last.answer, last.others[number].text
        if save and before != last.answer:
            prompt = [*messages_of(self.exchanges[:-1]), Message("user", last.asked)]
            save_preference(save, prompt, chosen=last.answer, rejected=before)
        return last

    def save(self, folder: Path) -> bool:
        """Keep the conversation, whose last answer is liked; return False if it is kept already."""
        now = datetime.now().astimezone()
        return save_dialogue(folder, messages_of(self.exchanges), now=now)

    def _answer(
        self, text: str, attempts: int, on_text: Callable[[str], None] | None
    ) -> Exchange | None:
        messages = [*messages_of(self.exchanges), Message("user", text)]
        draw = replace(self.draw, seed=self.draw.seed + attempts)
        told: list[str] = []
        stopped = False

        def tell(piece: str) -> None:
            told.append(piece)
            if on_text is not None and not stopped:
                on_text(piece)

        try:
            reply = self.engine.reply(messages, draw, on_text=tell, is_cancelled=lambda: stopped)
        except KeyboardInterrupt:  # in this thread; the worker ends before its next token
            stopped = True
            if not "".join(told).strip():
                return None
            exchange = Exchange(text, "".join(told), None, attempts)
        except Cancelled:
            return None
        else:
            exchange = Exchange(text, reply.text, reply, attempts)
        self.exchanges.append(exchange)
        return exchange


def messages_of(exchanges: Sequence[Exchange]) -> list[Message]:
    """Return what was said, in order."""
    return [
        message
        for one in exchanges
        for message in (Message("user", one.asked), Message("assistant", one.answer))
    ]
