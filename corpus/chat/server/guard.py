"""The guard in front of the server: what a stranger's page, or a stranger, may not do.

A page of another site that is open in the same browser can send requests here, and by DNS rebinding
even under a name of its own. So the Host must be ours, an Origin must be ours, a POST must be JSON
(which a foreign page may not send without asking first, and asking is refused), and with a key
everything but the page itself needs it. No answer ever allows another origin.
"""

import asyncio
import hmac
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from corpus.chat.server.answers import as_json
from corpus.chat.server.wire import WireError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
MAX_HEAD = 16 * 1024  # of the request line and the headers
HEAD_SECONDS = 10.0  # for these to arrive
WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 (told apart, not bound)
OPEN_PATHS = ("/", "/page.css", "/page.js")  # the page holds no secret, and asks for the key

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Gate:
    """What the guard knows.

    Attributes:
        host: the address that the server was told to listen at.
        key: what a client must know; nothing if there is none.
    """

    host: str
    port: int
    key: str | None = None

    @property
    def is_open_to_others(self) -> bool:
        """Whether other machines can come here."""
        return _bracketed(self.host) not in LOOPBACK


class Guard:
    """Lets through what is allowed, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it be answered."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        try:
            self._check(scope, Headers(scope=scope))
        except WireError as error:
            await send_error(error, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _check(self, scope: Scope, headers: Headers) -> None:
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_HEAD:
            raise WireError(414, "The address is too long.", code="too_big")
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEAD:
            raise WireError(431, "The headers are too long.", code="too_big")
        hosts = self._hosts(scope)
        if headers.get("host", "").lower() not in hosts:
            raise WireError(403, "This server has another name.", code="foreign_host")
        origin = headers.get("origin")
        if origin is not None and origin.lower() not in {f"http://{host}" for host in hosts}:
            raise WireError(403, "Pages of other sites may not ask here.", code="foreign_origin")
        if scope["method"] == "POST":
            if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
                raise WireError(
                    403, "Pages of other sites may not ask here.", code="foreign_origin"
                )
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json":
                raise WireError(415, "The body must be application/json.", code="not_json")
        if self._gate.key and scope["path"] not in OPEN_PATHS:
            self._check_key(headers)

    def _check_key(self, headers: Headers) -> None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        known = (self._gate.key or "").encode()
        # A header is read as latin-1, in which the last byte of 쇠 is a space; the key is UTF-8.
        is_right = hmac.compare_digest(given.strip(" ").encode("latin-1", "replace"), known)
        if scheme.lower() != "bearer" or not is_right:
            message = "This server wants its key: Authorization: Bearer KEY."
            raise WireError(401, message, code="invalid_api_key")

    def _hosts(self, scope: Scope) -> set[str]:
        """Return what a client may call this server."""
        names = {*LOOPBACK, _bracketed(self._gate.host.lower())}
        if self._gate.host in WILDCARDS and scope.get("server"):
            # The address that this connection came in at: a number, which no site can rebind.
            names.add(_bracketed(scope["server"][0]))
        hosts = {f"{name}:{self._gate.port}" for name in names}
        return hosts | names if self._gate.port == 80 else hosts


async def send_error(error: WireError, send: Send) -> None:
    """Tell a client why it is refused."""
    body = as_json(error.body)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    if error.status in (429, 503):
        headers.append((b"retry-after", b"1"))
    if error.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class InTime(H11Protocol):
    """A connection that is closed if its request line and headers do not arrive in time.

    uvicorn waits for them without end, so that a few hundred half requests would hold all its
    sockets. Between two requests its own limit for idle connections counts.
    """

    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 (as uvicorn has it)
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._is_answered()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Stop waiting when a head is whole; wait again when the next one begins."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._is_answered()
        elif self._end is None:  # the next request on this connection begins
            self._wait()

    def _wait(self) -> None:
        self._end = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _is_answered(self) -> None:
        if self._end is not None:
            self._end.cancel()
            self._end = None
