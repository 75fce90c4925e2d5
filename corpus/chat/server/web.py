"""The server of the page and of OpenAI's API: `python -m corpus chat runs/NAME --web`.

Nothing that is typed is logged, and nothing is kept but caches: a restart loses nothing.
"""

import asyncio
import html
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from corpus.chat.reply import Draw
from corpus.chat.server.answering import Answering, Model
from corpus.chat.server.answers import Form, as_json
from corpus.chat.server.guard import MAX_HEAD, Gate, Guard, InTime, send_error
from corpus.chat.server.line import Allowance
from corpus.chat.server.replying import Replying, failed
from corpus.chat.server.suggestions import keep
from corpus.chat.server.wire import WireError, read_ask, read_json
from corpus.chat.services.table import Choice
from corpus.records import CorpusError

MAX_BODY = 64 * 1024
BODY_SECONDS = 10.0  # for a body to arrive
_PAGE = files("corpus.chat.server").joinpath("page")


def serve(
    engine: Model,
    draw: Draw,
    *,
    host: str,
    port: int,
    key: str | None,
    name: str,
    services: Choice,
    save: Path | None,
) -> int:
    """Serve until Ctrl-C; return the exit code.

    Args:
        engine: what replies.
        draw: how, where a request does not say otherwise.
        host: the address to listen at; another than loopback is open to others.
        port: 0 takes a free one.
        key: what clients must send; nothing: anyone may come.
        name: what the chat is called.
        services: what is answered without the model.
        save: the folder for what people liked.

    Raises:
        CorpusError: the port is taken, or there is no such host.
    """
    listener = _listener(host, port)
    port = listener.getsockname()[1]
    gate = Gate(host, port, key)
    server = _Server(engine, draw, gate, name=name, services=services, save=save)
    at = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    told = f"{engine.name} is at {at} and, for OpenAI's clients, at {at}v1. Ctrl-C ends it."
    sys.stderr.write(f"corpus: {told}\n")
    if key:
        sys.stderr.write(f"corpus: open {at}#key=... with the key that you gave.\n")
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listener])
    return 130


class _Server(uvicorn.Server):
    """Ends its open replies as soon as it is told to end."""

    def __init__(self, engine: Model, draw: Draw, gate: Gate, **more: Any) -> None:  # noqa: ANN401
        self._ends: list[Callable[[], None]] = []
        super().__init__(
            config_of(lambda: make_app(engine, draw, gate, on_made=self._ends.append, **more))
        )

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        for end in self._ends:
            end()
        super().handle_exit(sig, frame)


def config_of(make: Callable[[], ASGIApp]) -> uvicorn.Config:
    """Return how uvicorn serves: bounded heads, no log, no word about itself."""
    return uvicorn.Config(
        make,
        factory=True,
        http=InTime,
        h11_max_incomplete_event_size=MAX_HEAD,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def make_app(
    engine: Model,
    draw: Draw,
    gate: Gate,
    *,
    name: str,
    services: Choice,
    save: Path | None,
    on_made: Callable[[Callable[[], None]], None] = lambda _: None,
) -> ASGIApp:
    """Return the application; `on_made` is given what ends its open replies."""
    answering = Answering(engine, choice=services, name=name)
    on_made(answering.close)
    desk = _Desk(engine, draw, answering, Allowance() if gate.is_open_to_others else None, save)
    page = _page(name=name, model=engine.name, can_save=save is not None)
    routes = [
        Route("/", _fixed("text/html; charset=utf-8", page)),
        Route("/page.css", _fixed("text/css; charset=utf-8", _file("page.css"))),
        Route("/page.js", _fixed("text/javascript; charset=utf-8", _file("page.js"))),
        Route("/health", desk.health),
        Route("/v1/models", desk.models),
        Route("/v1/chat/completions", desk.complete, methods=["POST"]),
    ]
    if save is not None:
        routes.append(Route("/v1/save", desk.save, methods=["POST"]))
    return Guard(_Careful(Router(routes, redirect_slashes=False)), gate)


@dataclass(frozen=True, slots=True)
class _Desk:
    """The endpoints."""

    engine: Model
    draw: Draw
    answering: Answering
    allowance: Allowance | None
    folder: Path | None
    made: int = int(time.time())

    async def health(self, _request: Request) -> Response:
        told = {"status": "ok", "model": self.engine.name, "waiting": self.answering.line.waiting}
        return _json(told)

    async def models(self, _request: Request) -> Response:
        model = {
            "id": self.engine.name,
            "object": "model",
            "created": self.made,
            "owned_by": "corpus",
            "context_length": self.engine.max_tokens,
        }
        return _json({"object": "list", "data": [model]})

    async def complete(self, request: Request) -> Replying:
        asked = read_json(await _body(request))
        ask = read_ask(asked, self.draw, vocab_size=self.engine.vocab_size)
        if self.allowance:
            self.allowance.take(request.client.host if request.client else "")
        form = Form(
            self.engine.name, n=ask.n, logprobs=ask.logprobs, include_usage=ask.include_usage
        )
        return Replying(self.answering, ask, form)

    async def save(self, request: Request) -> Response:
        asked = read_json(await _body(request))
        try:
            is_new = await keep(asked, self.folder or Path(), self.answering)
        except CorpusError as error:
            sys.stderr.write(f"corpus: {error}\n")
            message = "It could not be saved; the server's terminal says why."
            raise WireError(500, message, code="not_saved") from error
        return _json({"saved": is_new})


class _Careful:
    """Tells what is refused, and a fault of ours as 500; stderr says where, not what was typed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens."""
        has_begun = False

        async def noted(message: Any) -> None:  # noqa: ANN401 (as ASGI has it)
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(dict(scope, app=self), receive, noted)  # `app`: raise, do not answer
        except WireError as error:
            refused = error
        except ClientDisconnect:
            return
        except HTTPException as error:
            refused = WireError(error.status_code, f"{error.detail}.", code="not_here")
        except Exception as error:  # noqa: BLE001 (whatever it is, the server goes on)
            refused = failed(error)
        else:
            return
        if not has_begun:
            await send_error(refused, send)


async def _body(request: Request) -> bytes:
    """Return the body, of a size and in a time that can be borne."""
    too_big = WireError(413, f"The body has more than {MAX_BODY // 1024} KiB.", code="too_big")
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told[:20]) > MAX_BODY:
        raise too_big
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    raise too_big
    except TimeoutError:
        raise WireError(408, "The body did not arrive in time.", code="too_slow") from None
    return bytes(body)


def _json(body: dict[str, Any]) -> Response:
    return Response(as_json(body), media_type="application/json")


def _fixed(kind: str, body: bytes) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(_request: Request) -> Response:
        return Response(body, media_type=kind)

    return endpoint


def _file(name: str) -> bytes:
    return _PAGE.joinpath(name).read_bytes()


def _page(*, name: str, model: str, can_save: bool) -> bytes:
    """Return the page, which is told three things: they stand in it as text, never as code."""
    page = _file("index.html").decode()
    known = {"{name}": name, "{model}": model, "{save}": "yes" if can_save else ""}
    for mark, value in known.items():
        page = page.replace(mark, html.escape(value))
    return page.encode()


def _listener(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(100)  # who comes before the server is up waits for it
    except socket.gaierror:
        raise CorpusError(f"--host {host} is no address of this machine.") from None
    except PermissionError:
        raise CorpusError(f"port {port} may not be taken; name another with --port.") from None
    except OSError:
        raise CorpusError(f"port {port} is taken; name another with --port.") from None
    return listener
