"""A fake of Open-Meteo on this machine, and of FinanceDataReader."""

import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pandas as pd

from corpus.chat.services.network import Network


def place(name, admin1, admin2="", **more):
    about = {"latitude": 37.4, "longitude": 126.7, "country_code": "KR"}
    return {"name": name, "admin1": admin1, "admin2": admin2, **about, **more}


PLACES = {
    "서울": [place("서울", "서울특별시", population=10_349_312)],
    "부산": [
        place("부산리", "충청남도", "공주시"),
        place("부산광역시", "부산광역시", population=3_678_555),
        place("부산", "전라남도", "장흥군", population=900),
    ],
    "고잔동": [place("고잔동", "인천광역시", "남동구"), place("고잔동", "경기도", "안산시")],
}
DAILY = {
    "time": ["2026-11-27", "2026-11-28", "2026-11-29"],
    "weather_code": [3, 3, 71],
    "temperature_2m_max": [10.6, 11.2, 7.8],
    "temperature_2m_min": [-2.8, 3.1, -0.4],
}


class Source:
    """What a fake source was asked, and how it is to answer."""

    def __init__(self):
        self.asked = []
        self.mode = "ok"


def _handler(source):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            parts = urlsplit(self.path)
            asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
            source.asked.append((parts.path, asked))
            if parts.path == "/moved":
                return self.give({"results": PLACES["부산"]})
            if source.mode == "redirect":
                return self.move("http://localhost:9/elsewhere")
            if source.mode == "redirect within" and parts.path == "/search":
                return self.move(f"http://{self.headers['Host']}/moved?name=x")
            if source.mode == "slow":
                time.sleep(5)
            if source.mode == "huge":
                return self.give({"results": [], "filler": "x" * 300_000})
            if source.mode == "bad json":
                return self.raw(200, b"<html>")
            if source.mode == "list":
                return self.raw(200, b"[]")
            if source.mode == "500":
                return self.raw(500, b"{}")
            if source.mode == "empty":
                return self.give({})
            if source.mode == "lacking" and parts.path == "/forecast":
                return self.give({"daily": {"temperature_2m_min": [1]}})
            if parts.path == "/search":
                found = PLACES.get(asked["name"])
                return self.give({"results": found} if found else {"generationtime_ms": 0.5})
            return self.give({"daily": DAILY})

        def give(self, answer):
            self.raw(200, json.dumps(answer).encode())

        def move(self, where):
            self.send_response(302)
            self.send_header("Location", where)
            self.end_headers()

        def raw(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def fake_network(patience=3.0):
    """Yield a network whose Open-Meteo is here, and the source behind it."""
    source = Source()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(source))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield (
            Network(f"{base}/search", f"{base}/forecast", scheme="http", patience=patience),
            source,
        )
    finally:
        server.shutdown()
        server.server_close()


class FakeReader:
    """FinanceDataReader, as far as it is asked."""

    __name__ = "FinanceDataReader"

    def __init__(self):
        self.fails_with, self.seconds, self.n_asked = None, 0.0, 0

    def StockListing(self, market):  # noqa: N802
        self.n_asked += 1
        time.sleep(self.seconds)
        if self.fails_with:
            raise self.fails_with
        assert market == "KRX"
        rows = [
            ("005930", "삼성전자", 71_200, 500),
            ("000660", "SK하이닉스", 180_000, -20_000),
            ("000001", "그대로회사", 1_000, 0),
            ("000002", "멈춘회사", float("nan"), float("nan")),
        ]
        return pd.DataFrame(rows, columns=["Code", "Name", "Close", "Changes"])
