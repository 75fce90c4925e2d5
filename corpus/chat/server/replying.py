"""One request being answered on the wire: whole or as a stream, until its client is gone.

Plain ASGI: an object that is called with a scope and what receives and sends.
"""

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from corpus.chat.server.answering import Answering
from corpus.chat.server.answers import Answer, Form, as_event, as_json
from corpus.chat.server.wire import Ask, WireError

Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]


class Replying:
    """Answers one request, whole or as a stream."""

    def __init__(self, answering: Answering, ask: Ask, form: Form) -> None:
        self._answering, self._ask, self._form = answering, ask, form

    async def __call__(self, _scope: Event, receive: Receive, send: Send) -> None:
        """Answer, or stop as soon as nobody waits for it."""
        reply = asyncio.create_task(self._stream(send) if self._ask.stream else self._whole(send))
        gone = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait({reply, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not reply.done():
                reply.cancel()
        with suppress(asyncio.CancelledError, OSError):  # its client is gone
            await reply

    async def _whole(self, send: Send) -> None:
        answer = await self._answering.answer(self._ask)
        await _send_start(send, "application/json")
        await send({"type": "http.response.body", "body": as_json(self._form.whole(answer))})

    async def _stream(self, send: Send) -> None:
        """Send what comes, piece by piece; what is refused at once has its own status."""
        pieces: asyncio.Queue[str | None] = asyncio.Queue()

        async def answered() -> Answer:
            try:
                return await self._answering.answer(
                    self._ask,
                    on_accepted=lambda: pieces.put_nowait(""),
                    on_text=pieces.put_nowait,
                )
            finally:
                pieces.put_nowait(None)

        work = asyncio.create_task(answered())
        try:
            if await pieces.get() is None:
                await work  # raises what it was refused for
            await _send_start(send, "text/event-stream; charset=utf-8")
            await self._send_events(send, pieces, work)
        finally:
            work.cancel()

    async def _send_events(
        self, send: Send, pieces: "asyncio.Queue[str | None]", work: Awaitable[Answer]
    ) -> None:
        async def event(chunk: dict[str, Any]) -> None:
            body = as_event(chunk)
            await send({"type": "http.response.body", "body": body, "more_body": True})

        await event(self._form.first_chunk())
        streamed = ""
        while (piece := await pieces.get()) is not None:
            streamed += piece
            if piece:
                await event(self._form.piece(piece))
        try:
            for chunk in self._form.last_chunks(await work, streamed):
                await event(chunk)
        except WireError as error:
            await event(error.body)
        except Exception as error:  # noqa: BLE001 (the status has gone out: told as an event)
            await event(failed(error).body)
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def failed(error: Exception) -> WireError:
    """Tell on stderr where a fault of ours is, and return what the client is told."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    sys.stderr.write(f"corpus: a reply failed: {type(error).__name__} in {where}.\n")
    return WireError(500, "Something went wrong here.", code="internal_error")


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_start(send: Send, kind: str) -> None:
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
