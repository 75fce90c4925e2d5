"""Who is next: one reply at a time, first come first served, and not too many for one address."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from corpus.chat.server.wire import WireError

MAX_WAITING = 8
REPLIES_A_MINUTE = 30  # of an address, on a server that is open to others
_MAX_ADDRESSES = 10_000


class Line:
    """The line in front of the model."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.waiting = 0

    @asynccontextmanager
    async def turn(self, on_joined: Callable[[], None] = lambda: None) -> AsyncIterator[None]:
        """Wait for one's turn, and have it; `on_joined` is called once one stands in the line.

        Raises:
            WireError: too many are waiting.
        """
        if self._lock.locked() and self.waiting >= MAX_WAITING:
            message = f"{self.waiting} are waiting for a reply: try again in a second."
            raise WireError(503, message, code="overloaded")
        self.waiting += 1
        try:
            on_joined()
            await self._lock.acquire()
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self._lock.release()


class Allowance:
    """How many replies an address may have in a minute."""

    def __init__(self, replies_a_minute: int = REPLIES_A_MINUTE) -> None:
        self._most = replies_a_minute
        self._times: dict[str, deque[float]] = {}

    def take(self, address: str) -> None:
        """Take one reply.

        Raises:
            WireError: the address has had its share.
        """
        now = time.monotonic()
        times = self._times.pop(address, deque())
        while times and times[0] <= now - 60:
            times.popleft()
        self._times[address] = times  # the address that came last stands last
        if len(self._times) > _MAX_ADDRESSES:
            del self._times[next(iter(self._times))]
        if len(times) >= self._most:
            message = f"{self._most} replies a minute are the most for one address."
            raise WireError(429, message, code="rate_limit_exceeded")
        times.append(now)
