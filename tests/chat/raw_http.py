"""Requests by a bare socket: what an HTTP library refuses to send."""

import json
import socket

DONE = b"data: [DONE]"


def exchange(port, request, *, seconds=5.0, host="127.0.0.1"):
    """Send bytes; return status, headers (lower case) and body of the answer, until it closes."""
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(request)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
                if is_whole(received):
                    break
        except TimeoutError:
            pass
    return parsed(received)


def is_whole(received):
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return False
    lower = head.lower()
    if b"content-length:" in lower:
        length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
        return len(body) >= length
    return b"chunked" in lower and body.endswith(b"0\r\n\r\n")


def parsed(received):
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    status = int(first.split(" ")[1]) if first else 0
    return status, headers, body


def request(method, path, port, *, body=None, headers=None, host=None):
    """Return the bytes of a request; a header of None is left out."""
    payload = b"" if body is None else body
    if isinstance(payload, dict | list):
        payload = json.dumps(payload).encode()
    all_headers = {"Host": host or f"127.0.0.1:{port}", "Connection": "close"}
    if body is not None:
        all_headers |= {"Content-Type": "application/json", "Content-Length": str(len(payload))}
    all_headers |= headers or {}
    lines = [f"{name}: {value}" for name, value in all_headers.items() if value is not None]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""])
    return head.encode("latin-1") + payload


def ask(text="안녕", **more):
    return {"messages": [{"role": "user", "content": text}], **more}
