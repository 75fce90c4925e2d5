"""A conversation as the terminal holds it: what was said, drawn, chosen and liked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from corpus.chat.engine import Engine
from corpus.chat.reply import NEVER_SHOWN, Candidate, Draw, Message, Reply
from corpus.chat.save import save_dialogue, save_preference
from corpus.chat.services.table import Choice
from corpus.chat.services.understanding import understand

RESET = "reset"  # the service that empties the conversation


@dataclass(slots=True)
class Exchange:
    """A message and what was answered.

    Attributes:
        typed: the message.
        asked: the same with 영타 put right.
        answer: as it was shown, or as far as it had come when it was stopped.
        reply: nothing if it was stopped, or if a service answered.
        service: the service that answered; such an exchange is not for the model.
        attempts: how often a reply was drawn before this one.
    """

    typed: str
    asked: str
    answer: str = ""
    reply: Reply | None = None
    service: str = ""
    attempts: int = 0

    @property
    def others(self) -> list[Candidate]:
        """The candidates that can be taken, the best first."""
        candidates = self.reply.candidates if self.reply else ()
        return [one for one in candidates if one.out not in NEVER_SHOWN]


@dataclass(slots=True)
class Conversation:
    """The exchanges so far, and the engine that answers."""

    engine: Engine
    draw: Draw
    services: Choice
    name: str
    exchanges: list[Exchange] = field(default_factory=list)

    def say(self, text: str, on_text: Callable[[str], None] | None = None) -> Exchange | None:
        """Answer a message; None if Ctrl-C came before anything of the answer."""
        known = understand(text, self.engine.encoder, services=self.services, name=self.name)
        exchange = Exchange(text, known.message.text)
        if known.service is None:
            return self._answer(exchange, on_text)
        exchange.answer, exchange.service = known.service.text, known.service.service
        if exchange.service == RESET:
            self.exchanges.clear()
        else:
            self.exchanges.append(exchange)
        return exchange

    def again(self, on_text: Callable[[str], None] | None = None) -> Exchange | None:
        """Answer the last message anew, by other chances."""
        last = self.exchanges.pop()
        if last.service:
            return self.say(last.typed, on_text)
        anew = Exchange(last.typed, last.asked, attempts=last.attempts + 1)
        answered = self._answer(anew, on_text)
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
        """Keep the conversation, whose last answer is liked; return False if it is kept already.

        Raises:
            ValueError: the model has said nothing yet.
        """
        now = datetime.now().astimezone()
        return save_dialogue(folder, messages_of(self.exchanges), now=now)

    def _answer(self, exchange: Exchange, on_text: Callable[[str], None] | None) -> Exchange | None:
        messages = [*messages_of(self.exchanges), Message("user", exchange.asked)]
        draw = replace(self.draw, seed=self.draw.seed + exchange.attempts)
        told: list[str] = []
        stopped = False

        def tell(piece: str) -> None:
            if not stopped:
                told.append(piece)
                if on_text is not None:
                    on_text(piece)

        try:
            reply = self.engine.reply(messages, draw, on_text=tell, is_cancelled=lambda: stopped)
            exchange.answer, exchange.reply = reply.text, reply
        except KeyboardInterrupt:  # in this thread; the worker ends before its next token
            stopped = True
            exchange.answer = "".join(told).strip()
            if not exchange.answer:
                return None
        self.exchanges.append(exchange)
        return exchange


def messages_of(exchanges: Sequence[Exchange]) -> list[Message]:
    """Return what was said, in order, but for what services answered."""
    return [
        message
        for one in exchanges
        if not one.service
        for message in (Message("user", one.asked), Message("assistant", one.answer))
    ]
