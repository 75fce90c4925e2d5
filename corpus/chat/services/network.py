"""The two sources on the internet: Open-Meteo for the weather, FinanceDataReader for stocks.

A question is sent to these two alone, and of it only the name of a place or nothing: no message
goes out. Whatever happens there becomes `UnreachableError`, within seconds.
"""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

GEOCODING = "https://geocoding-api.open-meteo.com/v1/search"
FORECAST = "https://api.open-meteo.com/v1/forecast"

PATIENCE = 3.0  # seconds for an answer
MAX_BYTES = 256 * 1024
KEPT_WEATHER, KEPT_STOCK = 600.0, 60.0  # seconds
_MAX_KEPT = 256


class UnreachableError(Exception):
    """A source gave no answer that could be read in time."""


class NotInstalledError(Exception):
    """The extra [stock] is not installed."""


@dataclass(frozen=True, slots=True)
class Quote:
    """What a share costs."""

    name: str
    code: str
    price: int  # won
    change: int  # since the day before


class _SameHost(HTTPRedirectHandler):
    """Follows a redirect within the host that was asked, and no other."""

    def redirect_request(self, req: Request, *args: Any) -> Request | None:  # noqa: ANN401
        there, here = urlsplit(args[-1]), urlsplit(req.full_url)
        if (there.scheme, there.netloc) != (here.scheme, here.netloc):
            raise HTTPError(req.full_url, 403, "a redirect to another host", args[3], None)
        return super().redirect_request(req, *args)


@dataclass(slots=True)
class _Kept:
    """Answers for a while, so that asking twice asks the source once."""

    seconds: float
    answers: dict[str, tuple[float, Any]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def get(self, key: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401
        with self.lock:
            until, answer = self.answers.get(key, (0.0, None))
        if time.monotonic() < until:
            return answer
        answer = ask()
        with self.lock:
            while len(self.answers) >= _MAX_KEPT:
                del self.answers[next(iter(self.answers))]
            self.answers[key] = time.monotonic() + self.seconds, answer
        return answer


@dataclass(frozen=True, slots=True)
class Network:
    """Where the sources are; tests name others."""

    geocoding: str = GEOCODING
    forecast: str = FORECAST
    scheme: str = "https"
    patience: float = PATIENCE
    _weather: _Kept = field(default_factory=lambda: _Kept(KEPT_WEATHER))
    _stock: _Kept = field(default_factory=lambda: _Kept(KEPT_STOCK))

    def places(self, name: str) -> list[dict[str, Any]]:
        """Return what the gazetteer knows under a name.

        Raises:
            UnreachableError: there is no answer.
        """
        asked = {"name": name, "count": 20, "language": "ko", "format": "json"}
        answer = self._json(self.geocoding, asked)
        return [one for one in answer.get("results") or () if isinstance(one, dict)]

    def forecast_at(self, latitude: float, longitude: float) -> dict[str, list[Any]]:
        """Return the daily forecast from today on, as lists by name.

        Raises:
            UnreachableError: there is no answer.
        """
        asked = {
            "latitude": latitude,
            "longitude": longitude,
            "daily": "weather_code,temperature_2m_max,temperature_2m_min",
            "timezone": "auto",
            "forecast_days": 3,
        }
        daily = self._json(self.forecast, asked).get("daily")
        if not isinstance(daily, dict):
            raise UnreachableError("an answer without a forecast")
        return daily

    def quote(self, name: str) -> Quote | None:
        """Return what a share costs; None if no share of the Korean exchange has the name.

        Raises:
            UnreachableError: there is no answer.
            NotInstalledError: the extra [stock] is not there.
        """
        reader = _stock_reader()  # importing it the first time may take longer than an answer
        quotes: dict[str, Quote] = self._stock.get(
            "", lambda: _within(self.patience, lambda: _korean_quotes(reader))
        )
        return quotes.get(_key(name))

    def _json(self, url: str, asked: dict[str, Any]) -> dict[str, Any]:
        whole = f"{url}?{urlencode(asked)}"
        if urlsplit(whole).scheme != self.scheme:
            raise UnreachableError(f"{url} is not {self.scheme}")
        fetch = lambda: _within(self.patience, lambda: _fetched(whole, self.patience))  # noqa: E731
        answer: dict[str, Any] = self._weather.get(whole, fetch)
        return answer


def _fetched(url: str, patience: float) -> dict[str, Any]:
    with build_opener(_SameHost).open(url, timeout=patience) as response:
        body = response.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise UnreachableError("an answer of more than 256 kB")
    answer = json.loads(body)
    if not isinstance(answer, dict):
        raise UnreachableError("an answer that is no object")
    return answer


def _stock_reader() -> Any:  # noqa: ANN401 (it has no types)
    """Return FinanceDataReader, which no longer prints what went wrong among the replies."""
    try:
        import FinanceDataReader as reader  # noqa: PLC0415, N813 (seconds, and seldom needed)
    except ImportError as error:
        raise NotInstalledError from error
    for name, module in [*sys.modules.items()]:
        if name.partition(".")[0] == reader.__name__:
            vars(module)["print"] = lambda *_, **__: None
    return reader


def _korean_quotes(reader: Any) -> dict[str, Quote]:  # noqa: ANN401
    """Return all shares of the Korean exchange by name, and by code: one listing has them all."""
    listing = reader.StockListing("KRX")
    columns = (listing[name].tolist() for name in ("Name", "Code", "Close", "Changes"))
    quotes: dict[str, Quote] = {}
    for name, code, price, change in zip(*columns, strict=True):
        if price == price and change == change:  # noqa: PLR0124 (a NaN is not itself)
            quote = Quote(str(name), str(code), int(price), int(change))
            quotes[_key(quote.name)] = quotes[quote.code] = quote
    return quotes


def _key(name: str) -> str:
    return name.replace(" ", "").upper()


def _within(seconds: float, ask: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Ask in a thread, as no option of the libraries bounds the whole time.

    Raises:
        UnreachableError: there is no answer in time, or asking failed.
    """
    answer: SimpleQueue[tuple[Any, Exception | None]] = SimpleQueue()

    def run() -> None:
        try:
            answer.put((ask(), None))
        except Exception as error:  # noqa: BLE001 (whatever it is, there is no answer)
            answer.put((None, error))

    Thread(target=run, daemon=True).start()
    try:
        value, error = answer.get(timeout=seconds)
    except Empty:
        raise UnreachableError(f"no answer within {seconds:.0f} s") from None
    if error is not None:
        raise UnreachableError(str(error)) from error
    return value
