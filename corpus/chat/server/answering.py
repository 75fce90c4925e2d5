"""Who answers a request: a service at once, or the model when it is the request's turn.

Blocking work is done in daemon threads, so that neither a slow source nor a reply that nobody wants
any more holds up the end of the server.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from threading import Event, Thread
from typing import Protocol, TypeVar

from corpus.chat.reply import Cancelled, Draw, Message, Reply, Seen
from corpus.chat.server.answers import Answer
from corpus.chat.server.line import Line
from corpus.chat.server.shaping import Shaped, shape
from corpus.chat.server.wire import Ask, Said, WireError
from corpus.chat.services import table
from corpus.chat.services.keyboard import UNKNOWN

MAX_SECONDS = 30.0  # for a reply, once it is its turn
MAX_ASKING = 8  # services at a time: each may wait for the internet

T = TypeVar("T")


class Model(Protocol):
    """What is needed of `corpus.chat.engine.Engine`."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def max_tokens(self) -> int:
        """Of a dialogue."""

    @property
    def vocab_size(self) -> int:
        """How many token ids there are."""

    def reply(
        self,
        messages: Sequence[Message],
        draw: Draw,
        *,
        on_text: Callable[[str], None] | None = None,
        is_cancelled: Callable[[], bool] = ...,
    ) -> Reply:
        """Return a reply to the last message."""

    def read(self, text: str) -> Seen:
        """Return what the model would read of a text."""


class Answering:
    """Answers requests, for one event loop.

    Attributes:
        line: who waits for the model.
    """

    def __init__(self, model: Model, *, choice: table.Choice, name: str) -> None:
        self._model, self._choice, self._name = model, choice, name
        self._closing = Event()
        self._asking = asyncio.Semaphore(MAX_ASKING)
        self.line = Line()

    def close(self) -> None:
        """End what is being written; safe in a signal's handler."""
        self._closing.set()

    async def shape(self, said: Sequence[Said], *, with_services: bool = True) -> Shaped:
        """Return the conversation of a request as the model is given it.

        Raises:
            WireError: the last message is not the user's.
        """
        choice = self._choice if with_services else "none"
        is_request = partial(table.is_request, services=choice, name=self._name)
        return await in_thread(lambda: shape(said, self._tokens_of, is_request))

    async def answer(
        self,
        ask: Ask,
        *,
        on_accepted: Callable[[], None] = lambda: None,
        on_text: Callable[[str], None] = lambda _: None,
    ) -> Answer:
        """Answer a request.

        Args:
            ask: the request.
            on_accepted: called once it is sure that the request is not refused.
            on_text: told what is new of the reply, with one candidate alone.

        Raises:
            WireError: it cannot be answered; before `on_accepted` if the request is refused.
        """
        began = time.monotonic()
        shaped = await self.shape(ask.said, with_services=ask.services)
        if ask.services:
            async with self._asking:
                told = await in_thread(
                    lambda: table.answer(shaped.last, services=self._choice, name=self._name)
                )
            if told is not None:
                on_accepted()
                return _by_service(ask, shaped, told, time.monotonic() - began)
        read = await in_thread(lambda: self._model.read(shaped.last))
        async with self.line.turn(on_accepted):
            reply = await self._reply(shaped.messages, ask.draw, on_text)
        return _by_model(ask, shaped, reply, read, time.monotonic() - began)

    async def _reply(
        self, messages: Sequence[Message], draw: Draw, on_text: Callable[[str], None]
    ) -> Reply:
        loop = asyncio.get_running_loop()
        gone = Event()

        def tell(text: str) -> None:
            if not gone.is_set():
                loop.call_soon_threadsafe(on_text, text)

        def write() -> Reply:
            return self._model.reply(
                messages,
                draw,
                on_text=tell if draw.candidates == 1 else None,
                is_cancelled=lambda: gone.is_set() or self._closing.is_set(),
            )

        try:
            async with asyncio.timeout(MAX_SECONDS):
                return await in_thread(write)
        except TimeoutError:
            message = f"The reply took longer than {MAX_SECONDS:.0f} s."
            raise WireError(504, message, code="timeout") from None
        except Cancelled:
            raise WireError(503, "The server is ending.", code="ending") from None
        finally:
            gone.set()  # whoever waited is gone, or has the reply

    def _tokens_of(self, text: str) -> list[str]:
        tokens = self._model.read(text).tokens
        return [UNKNOWN if is_unknown else token for token, _, is_unknown in tokens]


async def in_thread(work: Callable[[], T]) -> T:
    """Do something that blocks in a daemon thread, which nobody waits for if this is cancelled."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():  # cancelled
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]  # it is one if nothing went wrong

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 (it is raised where it is awaited)
            error = raised
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    Thread(target=run, daemon=True).start()
    return await future


def _by_service(ask: Ask, shaped: Shaped, told: table.ServiceAnswer, seconds: float) -> Answer:
    return Answer(
        text=told.text,
        finish="content_filter" if told.is_refusal else "stop",
        service=told.service,
        converted=shaped.converted,
        read=None,
        seen=(None,) * len(ask.said),
        first_message=len(ask.said) - 1,
        left_out=(*shaped.left_out, len(ask.said) - 1),
        reply=None,
        seconds=seconds,
    )


def _by_model(ask: Ask, shaped: Shaped, reply: Reply, read: Seen, seconds: float) -> Answer:
    seen: list[str | None] = [None] * len(ask.said)
    for places, text in zip(shaped.places, reply.seen, strict=False):
        seen[places[-1]] = text or None
    return Answer(
        text=reply.text,
        finish=reply.finish,
        service=None,
        converted=shaped.converted,
        read=read,
        seen=tuple(seen),
        first_message=shaped.places[reply.first_message][0],
        left_out=shaped.left_out,
        reply=reply,
        seconds=seconds,
    )
