"""A headless Chromium seen through its debugging pipe: what a page logs, asks for and shows."""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--remote-debugging-pipe"),
)
PATIENCE = 60  # seconds for an answer
SETTLED = 0.5  # seconds without an event after the page has loaded


def find_chromium():
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page that was opened.

    Attributes:
        logged: console messages of level error or warning, and exceptions.
        requested: the addresses that were asked for, the page's own aside.
    """

    def __init__(self, send, receive):
        self._send, self._receive, self._n = send, receive, 0
        self._session, self._loaded = None, False
        self.logged, self.requested = [], []

    def call(self, method, **params):
        self._n += 1
        message = {"id": self._n, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._send(message)
        deadline = time.monotonic() + PATIENCE
        while (answer := self._next(deadline)).get("id") != self._n:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _next(self, deadline):
        answer = self._receive(deadline - time.monotonic())
        if answer is None:
            raise TimeoutError("Chromium does not answer")
        self._note(answer.get("method"), answer.get("params", {}))
        return answer

    def _note(self, event, about):
        if event == "Runtime.exceptionThrown":
            self.logged.append(about["exceptionDetails"]["text"])
        elif event == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning"):
            self.logged.append(str(about["args"]))
        elif event == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.logged.append(about["entry"]["text"])
        elif event == "Network.requestWillBeSent":
            self.requested.append(about["request"]["url"])
        elif event == "Page.loadEventFired":
            self._loaded = True

    def open(self, place):
        address = place if isinstance(place, str) else place.as_uri()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.navigate(address)
        while (answer := self._receive(SETTLED)) is not None:
            self._note(answer.get("method"), answer.get("params", {}))
        self.requested = [one for one in self.requested if one != address]

    def navigate(self, address):
        self._loaded = False
        self.call("Page.navigate", url=address)
        self._wait_for_load()

    def reload(self):
        self._loaded = False
        self.call("Page.reload")
        self._wait_for_load()

    def _wait_for_load(self):
        deadline = time.monotonic() + PATIENCE
        while not self._loaded:
            self._next(deadline)

    def show(self, *, width, theme, mobile=False):
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=mobile,
        )
        feature = {"name": "prefers-color-scheme", "value": theme}
        self.call("Emulation.setEmulatedMedia", features=[feature])

    def value_of(self, expression):
        """Return what an expression gives; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description"))
        return answer["result"].get("value")

    def wait_for(self, expression, seconds=10):
        """Wait until an expression is true."""
        deadline = time.monotonic() + seconds
        while not self.value_of(f"Boolean({expression})"):
            if time.monotonic() > deadline:
                raise TimeoutError(f"not true within {seconds} s: {expression}")
            time.sleep(0.02)

    def press(self, key, code=None, **more):
        """Press a key and let it go."""
        about = {"key": key, "code": code or key, **more}
        self.call("Input.dispatchKeyEvent", type="keyDown", **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text):
        """Put text where the focus is, as a keyboard that composes nothing does."""
        self.call("Input.insertText", text=text)

    def picture(self):
        """Return the page as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])


@contextmanager
def opened(place):
    """Open a file or an address in a browser with a profile of its own, gone afterwards."""
    to_browser, from_us = os.pipe()
    from_browser, to_us = os.pipe()
    ours = [to_browser, to_us]
    # Chromium reads from 3 and writes to 4: neither may be in the way of the other.
    to_browser, to_us = (fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in ours)
    for one in ours:
        os.close(one)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [find_chromium(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
        shell = f'exec 3<&{to_browser} 4>&{to_us}; exec "$@"'
        browser = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command],
            pass_fds=(to_browser, to_us),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(to_us)
        waiting = b""
        os.set_blocking(from_browser, False)

        def send(message):
            os.write(from_us, json.dumps(message).encode() + b"\0")

        def receive(seconds):
            nonlocal waiting
            deadline = time.monotonic() + seconds
            while b"\0" not in waiting:
                if time.monotonic() > deadline:
                    return None
                try:
                    waiting += os.read(from_browser, 1 << 20)
                except BlockingIOError:
                    time.sleep(0.01)
            one, _, waiting = waiting.partition(b"\0")
            return json.loads(one)

        try:
            page = Page(send, receive)
            page.open(place)
            yield page
        finally:
            browser.kill()
            browser.wait()
            os.close(from_us)
            os.close(from_browser)
