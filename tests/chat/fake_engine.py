"""A model that needs no torch, and servers in front of it."""

import socket
import threading
import time
from contextlib import contextmanager
from hashlib import sha256

from corpus.chat.reply import Cancelled, Candidate, Draw, Reply, Seen, Token
from corpus.chat.server.guard import Gate

WORDS = ["응", " 나도", " 그래", " 좋아", " 진짜", " 밥", " 먹었어", " ㅠㅠ", " 안녕", " 뭐해?"]


class FakeEngine:
    """Replies by a hash of the conversation and the seed, a token each `pause` seconds.

    Attributes:
        steps: tokens that were written, of all replies.
        asked: the conversations that came, with their draws.
        fails_with: raised instead of replying.
        may_go_on: cleared, it holds every reply before its first token.
    """

    def __init__(self, *, pause=0.0, n_tokens=6, name="runs-fake"):
        self.name, self.max_tokens, self.vocab_size = name, 256, 51_200
        self.pause, self.n_tokens = pause, n_tokens
        self.steps, self.asked, self.fails_with, self.ending = 0, [], None, ""
        self.lock = threading.Lock()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def hold(self):
        """Hold every reply before its first token, until `may_go_on` is set."""
        self.may_go_on.clear()

    def wait_until_asked(self):
        """Return once somebody has asked for a reply."""
        while not self.asked:
            time.sleep(0.01)

    def reply(self, messages, draw, *, on_text=None, is_cancelled=lambda: False):
        assert messages[-1].role == "user"
        with self.lock:
            self.asked.append((tuple(messages), draw))
            self.may_go_on.wait(60)
            if self.fails_with:
                raise self.fails_with
            n = min(self.n_tokens, draw.max_new_tokens)
            written = [self._candidate(messages, draw, k, n) for k in range(draw.candidates)]
            streamed = ""
            for k in range(n):
                if is_cancelled():
                    raise Cancelled
                time.sleep(self.pause)
                self.steps += 1
                if on_text and k < len(written[0].tokens):
                    piece = written[0].tokens[k].text
                    streamed += piece
                    on_text(piece)
            text = self.ending or written[0].text
            seen = tuple(f"<{one.content}>" for one in messages)
            return Reply(
                text=text,
                finish=written[0].finish,
                chosen=0,
                candidates=tuple(written),
                seen=seen,
                window_tokens=10,
                first_message=max(0, len(messages) - 3),
                cut_characters=0,
                unknown=0,
                copies=None,
                seconds=0.1,
                fallback=False,
                prompt_tokens=10,
                completion_tokens=len(written[0].tokens),
            )

    def _candidate(self, messages, draw, k, n):
        told = "/".join(one.content for one in messages)
        digest = sha256(f"{draw.seed} {k} {told}".encode()).digest()
        tokens = []
        for at, byte in enumerate(digest[:n]):
            rivals = tuple((word, 100 + i, -1.0 - i) for i, word in enumerate(WORDS))
            text = WORDS[byte % len(WORDS)]
            text = text.lstrip() if at == 0 else text
            tokens.append(Token(text, byte, -0.5, rivals[: draw.n_rivals]))
        text = "".join(token.text for token in tokens)
        for stop in draw.stop:
            text = text.partition(stop)[0]
        finish = "length" if n < self.n_tokens else "stop"
        return Candidate(text, -1.0 - k, "" if k < 3 else "parrot", finish, tuple(tokens))

    def read(self, text):
        tokens = []
        for character in text:
            repeated = 2 if "a" <= character.lower() <= "z" else 1
            tokens += [(character, ord(character), character == "뷁")] * repeated
        return Seen(text, ("laugh",) if "ㅋㅋ" in text else (), tuple(tokens))


@contextmanager
def served(
    engine,
    *,
    draw=None,
    key=None,
    name="이랑",
    services="offline",
    save=None,
    host="127.0.0.1",
    port=0,
):
    """Run a server in a thread; yield its port."""
    import uvicorn

    from corpus.chat.server.web import config_of, make_app

    # With a protocol of 0, as `create_server` has it, asyncio leaves Nagle's algorithm on, and each
    # answer on an open connection waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen()
    port = listener.getsockname()[1]
    ends = []

    def app():
        return make_app(
            engine,
            draw or Draw(seed=7),
            Gate(host, port, key),
            name=name,
            services=services,
            save=save,
            on_made=ends.append,
        )

    server = uvicorn.Server(config_of(app))

    def serve():
        with listener:
            server.run(sockets=[listener])

    threading.Thread(target=serve, daemon=True).start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield port
    finally:  # it looks for that ten times a second, and nobody waits for it
        ends[0]()
        server.should_exit = True
