"""The guard: one request for each row of its table, by raw sockets."""

import socket
import time
from contextlib import suppress

import pytest
from fake_engine import FakeEngine, served
from raw_http import ask, exchange, is_whole, request

from corpus.chat.server import guard, web
from corpus.chat.server.guard import HEADERS, Gate

CHAT = "/v1/chat/completions"
KEY = "key-열쇠"  # its last byte is a space to latin-1


@pytest.fixture(scope="module")
def engine():
    return FakeEngine()


@pytest.fixture(scope="module")
def port(engine):
    with served(engine) as port:
        yield port


@pytest.fixture(scope="module")
def guarded(engine, tmp_path_factory):
    with served(engine, key=KEY, save=tmp_path_factory.mktemp("saved")) as port:
        yield port


def post(port, body=None, path=CHAT, **more):
    return exchange(port, request("POST", path, port, body=body or ask(), **more))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_our_own_names_are_let_in(port, host):
    assert exchange(port, request("GET", "/", port, host=f"{host}:{port}"))[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost.:{port}",
        "",
        "127.0.0.1:{port}.evil.example",
        "evil@127.0.0.1:{port}",
        "192.168.0.1:{port}",
    ],
)
@pytest.mark.parametrize("path", ["/", "/v1/models", "/health"])
def test_a_foreign_host_is_refused(port, host, path):
    host = host.format(port=port)
    status, _, body = exchange(port, request("GET", path, port, headers={"Host": host}))
    assert status in (403, 400)
    assert b"<html" not in body


def test_a_foreign_host_may_not_post(port, engine):
    asked = len(engine.asked)
    assert post(port, host="evil.example")[0] == 403
    assert len(engine.asked) == asked


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://evil.example",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1",
        "file://",
        "",
        "http://127.0.0.1:{port}.evil.example",
        "http://localhost:1",
    ],
)
def test_a_foreign_origin_is_refused(port, origin):
    headers = {"Origin": origin.format(port=port)}
    assert post(port, headers=headers)[0] == 403
    assert exchange(port, request("GET", "/v1/models", port, headers=headers))[0] == 403


def test_our_own_origin_may_ask(port):
    assert post(port, headers={"Origin": f"http://localhost:{port}"})[0] == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_a_post_from_another_site_is_refused(port, site):
    assert post(port, headers={"Sec-Fetch-Site": site})[0] == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_a_post_from_the_page_is_taken(port, site):
    assert post(port, headers={"Sec-Fetch-Site": site})[0] == 200


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None]
)
def test_a_post_that_needs_no_preflight_is_refused(port, kind):
    assert post(port, headers={"Content-Type": kind})[0] == 415


def test_a_charset_is_no_fault(port):
    assert post(port, headers={"Content-Type": "application/json; charset=utf-8"})[0] == 200


def test_a_foreign_preflight_is_refused_and_nothing_allows_another_origin(port):
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    status, told, _ = exchange(port, request("OPTIONS", CHAT, port, headers=headers))
    assert status == 403
    assert not [name for name in told if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("HEAD", "/", 200),
        ("GET", "/page.css", 200),
        ("GET", "/page.js", 200),
        ("GET", "/health", 200),
        ("GET", "/v1/models", 200),
        ("GET", "/nothing", 404),
        ("GET", "/v1/models/", 404),
        ("GET", "/v1/chat/completions", 405),
        ("DELETE", "/", 405),
        ("GET", "/page/../page.css", 404),
        ("GET", "/..%2f..%2fetc/passwd", 404),
        ("GET", "/%00", 404),
        ("GET", "/page.css%00.js", 404),
        ("GET", "//evil.example/", 404),
        ("OPTIONS", "/v1/models", 405),
        ("GET", "/v1/save", 404),
    ],
)
def test_every_answer_has_its_status_and_its_headers(port, method, path, status):
    answered, headers, _ = exchange(port, request(method, path, port))
    assert answered == status
    for name, value in HEADERS.items():
        assert headers[name.lower()] == value
    assert "server" not in headers
    assert not [name for name in headers if name.startswith("access-control")]


def test_an_absolute_address_of_another_host_is_refused(port):
    assert exchange(port, request("GET", "http://evil.example/", port))[0] in (400, 403, 404)


def test_a_body_that_is_too_big_is_not_read(port):
    body = b'{"messages": "' + b"x" * 70_000 + b'"}'
    assert post(port, body)[0] == 413
    told = request("POST", CHAT, port, body=b"{", headers={"Content-Length": "99999999999999"})
    assert exchange(port, told)[0] == 413


def test_a_body_without_end_is_cut_off(port):
    head = request(
        "POST",
        CHAT,
        port,
        body=b"",
        headers={"Content-Length": None, "Transfer-Encoding": "chunked"},
    )
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(head)
        sent = 0
        try:
            while sent < 10_000_000:
                connection.sendall(b"1000\r\n" + b"x" * 0x1000 + b"\r\n")
                sent += 0x1000
        except OSError:
            pass
        assert sent < 5_000_000
        with suppress(ConnectionError):  # told, and closed with what was still on its way
            assert b" 413 " in connection.recv(65536)


def test_a_chunked_body_of_a_good_size_is_read(port):
    body = b'{"messages":[{"role":"user","content":"hi"}]}'
    head = request(
        "POST",
        CHAT,
        port,
        body=b"",
        headers={"Content-Length": None, "Transfer-Encoding": "chunked"},
    )
    chunks = b"".join(b"1\r\n" + bytes([one]) + b"\r\n" for one in body)
    assert exchange(port, head + chunks + b"0\r\n\r\n")[0] == 200


def test_a_body_that_does_not_come_is_not_waited_for(port, monkeypatch):
    monkeypatch.setattr(web, "BODY_SECONDS", 0.2)
    started = time.monotonic()
    late = request("POST", CHAT, port, body=b'{"mess', headers={"Content-Length": "100"})
    assert exchange(port, late)[0] == 408
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: 127"])
def test_a_head_that_does_not_come_is_not_waited_for(port, monkeypatch, begun):
    monkeypatch.setattr(guard, "HEAD_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(begun)
        assert connection.recv(1) == b"", "it is closed, without a word"
    assert exchange(port, request("GET", "/", port))[0] == 200


def test_the_second_head_of_a_connection_is_not_waited_for_either(port, monkeypatch):
    kept = request("GET", "/health", port, headers={"Connection": None})
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        for _ in range(2):
            connection.sendall(kept)
            received = b""
            while not is_whole(received):
                received += connection.recv(65536)
            assert received.startswith(b"HTTP/1.1 200")
        monkeypatch.setattr(guard, "HEAD_SECONDS", 0.3)
        connection.sendall(kept[:30])
        rest = b"".join(iter(lambda: connection.recv(65536), b""))
        assert rest.count(b"HTTP/1.1") == 0


def test_a_reply_may_take_longer_than_a_head(port, monkeypatch):
    monkeypatch.setattr(guard, "HEAD_SECONDS", 0.1)
    late = request("POST", CHAT, port, body=b'{"mess', headers={"Content-Length": "100"})
    monkeypatch.setattr(web, "BODY_SECONDS", 0.6)
    assert exchange(port, late)[0] == 408


def test_a_slow_body_holds_up_nobody(port):
    late = request("POST", CHAT, port, body=b'{"mess', headers={"Content-Length": "100"})
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(late)
        started = time.monotonic()
        assert post(port)[0] == 200
        assert time.monotonic() - started < 3


def test_a_request_line_of_100_kb_is_refused(port):
    status, *_ = exchange(port, request("GET", "/" + "x" * 100_000, port))
    assert status in (400, 414, 431)
    status, *_ = exchange(port, request("GET", "/", port, headers={"X": "x" * 100_000}))
    assert status in (400, 431)
    assert exchange(port, request("GET", "/", port))[0] == 200


@pytest.mark.parametrize(
    "junk", [b"\r\n\r\n", b"\x00" * 100, b"GET\r\n\r\n", b"\x16\x03\x01\x02", "안녕".encode()]
)
def test_what_is_no_http_is_no_harm(port, junk):
    assert exchange(port, junk, seconds=0.5)[0] in (0, 400)
    assert exchange(port, request("GET", "/", port))[0] == 200


def test_two_hosts_are_one_too_many(port):
    twice = request("GET", "/", port, headers={"host": "evil.example"})
    assert twice.lower().count(b"host:") == 2
    assert exchange(port, twice)[0] in (400, 403)


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", "Bearer ", f"Bearer {KEY[:-1]}", f"Bearer {KEY}x", f"Basic {KEY}", KEY],
)
@pytest.mark.parametrize("path", ["/v1/models", "/health", "/nothing"])
def test_without_the_key_nothing_is_told(guarded, given, path):
    header = given and given.encode().decode("latin-1")
    status, headers, _ = exchange(
        guarded, request("GET", path, guarded, headers={"Authorization": header})
    )
    assert status == 401
    assert headers["www-authenticate"] == "Bearer"


def test_with_the_key_all_is_told(guarded):
    headers = {"Authorization": f"Bearer {KEY}".encode().decode("latin-1")}
    assert exchange(guarded, request("GET", "/v1/models", guarded, headers=headers))[0] == 200
    assert post(guarded, headers=headers)[0] == 200
    assert post(guarded)[0] == 401
    assert post(guarded, path="/v1/save")[0] == 401


def test_the_page_itself_needs_no_key(guarded):
    for path in ("/", "/page.css", "/page.js"):
        status, _, body = exchange(guarded, request("GET", path, guarded))
        assert status == 200
        assert KEY.encode() not in body


def test_a_server_for_others_is_called_by_the_address_one_came_in_at():
    own = {"type": "http", "server": ("192.168.0.7", 8400)}
    from corpus.chat.server.guard import Guard

    hosts = Guard(None, Gate("0.0.0.0", 8400, "k"))._hosts(own)
    assert "192.168.0.7:8400" in hosts
    assert "evil.example:8400" not in hosts
    assert "192.168.0.7:8400" not in Guard(None, Gate("127.0.0.1", 8400))._hosts(own)
    assert "[::1]:80" in Guard(None, Gate("::1", 80))._hosts(own)
    assert "localhost" in Guard(None, Gate("::1", 80))._hosts(own)


def test_thirty_replies_a_minute_are_the_most_for_an_address_of_others(engine):
    with served(engine, key=KEY, host="0.0.0.0") as port:
        headers = {"Authorization": f"Bearer {KEY}".encode().decode("latin-1")}
        statuses = [post(port, headers=headers)[0] for _ in range(31)]
        assert statuses == [200] * 30 + [429]
        assert exchange(port, request("GET", "/v1/models", port, headers=headers))[0] == 200


def test_many_idle_connections_hold_up_nobody(port):
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(100)]
    for one in idle:
        one.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: ")
    assert post(port)[0] == 200
    for one in idle:
        one.close()


def test_nothing_typed_is_logged(engine, capfd):
    secret = "아무도모르는말"
    with served(engine) as port:
        post(port, ask(secret))
        post(port, ask(secret, stream=True))
        post(port, ask(secret, nonsense=secret))
        engine.fails_with = RuntimeError(secret)
        assert post(port, ask(secret))[0] == 500
        engine.fails_with = None
    out, err = capfd.readouterr()
    assert out == ""
    assert secret not in err
    assert "RuntimeError in fake_engine.py" in err
