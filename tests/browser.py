"""A headless Chromium seen through its debugging pipe: what a page logs, asks for and shows."""

import atexit
import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from itertools import count

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--remote-debugging-pipe"),
)
PATIENCE = 60  # seconds for an answer


def find_chromium():
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page that was opened.

    Attributes:
        logged: console messages of level error or warning, and exceptions.
        requested: the addresses that were asked for, the page's own aside.
        context: what Chromium calls the window's storage.
    """

    def __init__(self, browser):
        self._browser = browser
        self._session, self._loaded = None, False
        self.logged, self.requested = [], []
        self.context = self.call("Target.createBrowserContext")["browserContextId"]

    def call(self, method, **params):
        number = next(self._browser.numbers)
        message = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        self._browser.send(message)
        deadline = time.monotonic() + PATIENCE
        while (answer := self._next(deadline)).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def _next(self, deadline):
        answer = self._browser.receive(deadline - time.monotonic())
        if answer is None:
            raise TimeoutError("Chromium does not answer")
        self._note(answer)
        return answer

    def _note(self, answer):
        if answer.get("sessionId") != self._session:  # of a page that was closed
            return
        event, about = answer.get("method"), answer.get("params", {})
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

    def open(self, place, settled):
        address = place if isinstance(place, str) else place.as_uri()
        made = self.call("Target.createTarget", url="about:blank", browserContextId=self.context)
        attached = self.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.navigate(address)
        while (answer := self._browser.receive(settled)) is not None:
            self._note(answer)
        self.requested = [one for one in self.requested if one != address]

    def close(self):
        self._session = None
        if self._browser.runs():
            self.call("Target.disposeBrowserContext", browserContextId=self.context)

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


class _Browser:
    """Chromium with a profile of its own, which is gone when it ends."""

    def __init__(self):
        to_browser, self._from_us = os.pipe()
        self._from_browser, to_us = os.pipe()
        ours = [to_browser, to_us]
        # Chromium reads from 3 and writes to 4: neither may be in the way of the other.
        to_browser, to_us = (fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in ours)
        for one in ours:
            os.close(one)
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [find_chromium(), *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        shell = f'exec 3<&{to_browser} 4>&{to_us}; exec "$@"'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, "bash", *command],
            pass_fds=(to_browser, to_us),
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(to_us)
        os.set_blocking(self._from_browser, False)
        self._waiting = b""
        self.numbers = count(1)  # of messages, of all pages

    def runs(self):
        return self._process.poll() is None

    def send(self, message):
        os.write(self._from_us, json.dumps(message).encode() + b"\0")

    def receive(self, seconds):
        """Return the next message of Chromium; None if there is none in this time."""
        deadline = time.monotonic() + seconds
        while b"\0" not in self._waiting:
            left = deadline - time.monotonic()
            if left < 0:
                return None
            select.select([self._from_browser], [], [], left)
            with suppress(BlockingIOError):
                self._waiting += os.read(self._from_browser, 1 << 20)
        one, _, self._waiting = self._waiting.partition(b"\0")
        return json.loads(one)

    def close(self):
        self._process.kill()
        self._process.wait()
        os.close(self._from_us)
        os.close(self._from_browser)
        self._profile.cleanup()


_browsers = []  # the one of this process, once a page was opened: its start takes a second


def _the_browser():
    if not (_browsers and _browsers[-1].runs()):
        _browsers.append(_Browser())
        atexit.register(_browsers[-1].close)
    return _browsers[-1]


@contextmanager
def opened(place, *, settled=0.0):
    """Open a file or an address in a window that shares neither storage nor cookies with another.

    Args:
        place: the file or the address.
        settled: this many seconds must pass without an event.
    """
    page = Page(_the_browser())
    try:
        page.open(place, settled)
        yield page
    finally:
        page.close()
