"""The terminal: in a pseudo-terminal as people use it, by pipes as programs do, and by Ctrl-C."""

import gc
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time

import pytest
from forked import PATIENCE, fork, run_module
from models import ROOT, save_model

from corpus.chat.conversation import Conversation, Exchange, messages_of
from corpus.chat.engine import open_engine
from corpus.chat.reply import Draw
from corpus.chat.why import why_lines

OPTIONS = ["--threads", "1", "--seed", "1", "--max-new-tokens", "8"]


class Screen:
    """A program in a pseudo-terminal."""

    def __init__(self, folder, *arguments):
        ours, theirs = pty.openpty()
        self.file = ours
        words = ("corpus", "chat", *map(str, arguments))
        self.process = fork(run_module, *words, folder=folder, terminal=theirs)
        os.close(theirs)
        self.seen = b""

    def until(self, text, begin=0):
        """Read until `text` is there, after so many bytes; return all since then."""
        end = time.monotonic() + PATIENCE
        while text.encode() not in self.seen[begin:] and time.monotonic() < end:
            if select.select([self.file], [], [], 1)[0]:
                try:
                    self.seen += os.read(self.file, 65536)
                except OSError:  # it has ended
                    break
        assert text.encode() in self.seen[begin:], self.seen.decode("utf-8", "replace")
        return self.seen[begin:].decode("utf-8", "replace").replace("\r\n", "\n")

    def say(self, text, until="나> "):
        """Type a line and read until the next prompt."""
        begin = len(self.seen)
        os.write(self.file, f"{text}\n".encode())
        self.until(text, begin)  # its echo
        return self.until(until, begin + len(text.encode()))

    def interrupt(self):
        """Press Ctrl-C until it ends; return the exit code.

        Python does not hear the key between writing a prompt and waiting for what is typed.
        """
        status = None
        while status is None:
            os.write(self.file, b"\x03")
            status = self.process.wait(2)
        return status

    def end(self):
        """Return the exit code."""
        return self.process.wait()


def test_talking_in_a_terminal(tiny, tmp_path):
    kept = tmp_path / "kept"
    screen = Screen(tmp_path, tiny.parent, *OPTIONS, "--save", kept)
    assert "tiny: 이야기해 보세요" in screen.until("나> ")
    assert "아직 대답한 것이 없어요" in screen.say("/왜")
    assert "/다른답" in screen.say("/도움")
    assert "그런 명령은 없어요" in screen.say("/그런거")
    reply = re.search(r"이랑> (.+)  \([0-9.]+초\)", screen.say("저녁 뭐 먹을까?"))[1]
    why = screen.say("/why")
    assert "읽은 것: 저녁 뭐 먹을까?" in why
    assert reply in why
    others = re.findall(r"^(\d)\. (.+)$", screen.say("/다른답"), re.MULTILINE)
    assert len(others) >= 2
    assert f"이랑> {others[1][1]}" in screen.say("/다른답 2")
    assert "수를 적어 주세요" in screen.say("/other 99")
    assert "이랑> " in screen.say("/다시")
    liked = re.search(r"이랑> (.+)  \(", screen.say("/again"))[1]
    assert "적어 뒀어요" in screen.say("/저장")
    assert "이미 적혀 있어요" in screen.say("/save")
    assert "11이에요" in screen.say("3+4*2")  # a service
    assert "안녕 (dkssud)" in screen.say("dkssud") + screen.say("/왜")
    assert "처음부터" in screen.say("/초기화")
    assert "아직 대답한 것이 없어요" in screen.say("/저장")
    screen.say("/끝", until="\n")
    assert screen.end() == 0
    entry = json.loads((kept / "chats.jsonl").read_text())
    said = [one["utterance"] for one in entry["body"]["dialogue"]]
    assert said == ["저녁 뭐 먹을까?", liked]
    preference = json.loads((kept / "preferences.jsonl").read_text())
    assert preference["chosen"] == [{"role": "assistant", "content": others[1][1]}]
    assert preference["rejected"] == [{"role": "assistant", "content": reply}]


def test_ctrl_c_stops_a_reply_first_and_ends_at_the_prompt(tmp_path):
    save_model(
        tmp_path, n_embd=256, n_layer=12, initializer_range=0.02
    )  # slow enough to be stopped
    options = ["--threads", "1", "--candidates", "1", "--top-k", "0", "--top-p", "1"]
    screen = Screen(tmp_path, tmp_path, *options, "--precision", "float32")
    screen.until("나> ")
    begin = len(screen.seen)
    os.write(screen.file, "안녕?\n".encode())
    screen.until("이랑> ", begin)
    os.write(screen.file, b"\x03")
    assert "(멈췄어요)" in screen.until("나> ", begin + len("안녕?\n".encode()))
    assert screen.interrupt() == 130


def test_the_end_of_input_ends_it(tiny, tmp_path):
    screen = Screen(tmp_path, tiny.parent, *OPTIONS)
    screen.until("나> ")
    os.write(screen.file, b"\x04")
    assert screen.end() == 0


@pytest.fixture
def by_pipe(tmp_path):
    """Let it read bytes; return the bytes that it wrote, what it told beside them, its status."""

    def run(given, *arguments, **environment):
        words = ("corpus", "chat", *map(str, arguments))
        ended = fork(run_module, *words, folder=tmp_path, given=given, **environment)
        status = ended.wait()
        return ended.written("stdout"), ended.written("stderr").decode(), status

    return run


def test_a_pipe_gets_a_line_for_a_line_and_nothing_else(tiny, by_pipe):
    given = "안녕?\n\n도움말\n저녁 뭐 먹을까?".encode()
    out, error, status = by_pipe(given, tiny.parent, *OPTIONS)
    assert (status, error) == (0, "")
    lines = out.decode().splitlines()
    assert len(lines) == 4
    assert lines[1] == "읽을 수 있는 글자가 없어요."
    assert all(lines)
    once, _, _ = by_pipe(b"", tiny.parent, *OPTIONS, "-p", "안녕?")
    assert once.decode() == f"{lines[0]}\n"


def test_another_locale_shows_what_it_can(tiny, by_pipe):
    usual, _, _ = by_pipe("안녕?\n".encode(), tiny, *OPTIONS)
    korean = by_pipe("안녕?\n".encode("euc-kr"), tiny.parent, *OPTIONS, PYTHONIOENCODING="euc-kr")
    assert korean[2] == 0
    assert korean[0].decode("euc-kr") == usual.decode()
    ascii_only = by_pipe("안녕?\n".encode(), tiny, *OPTIONS, PYTHONIOENCODING="ascii")
    assert ascii_only[2] == 0
    assert ascii_only[0].decode("ascii").count("?") > 3


def test_who_reads_one_line_alone_may_go(tiny):
    chat = " ".join([sys.executable, "-m", "corpus", "chat", str(tiny), *OPTIONS])
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"yes 안녕 | head -3 | {chat} | head -1"],
        capture_output=True,
        cwd=ROOT,
        check=False,
    )
    assert done.stdout.count(b"\n") == 1
    assert done.stderr == b""


def test_a_seed_that_was_drawn_is_told(tiny, by_pipe):
    words = (tiny, "--threads", "1", "--max-new-tokens", "8")
    out, error, _ = by_pipe("안녕?\n".encode(), *words)
    seed = re.search(r"--seed ([0-9]+) gives these replies again", error)[1]
    again, _, _ = by_pipe("안녕?\n".encode(), *words, "--seed", seed)
    assert again == out


@pytest.fixture
def slow(tiny):
    """An engine of which a step takes 50 ms, in a process that hears Ctrl-C."""
    heard = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's `&`
    engine = open_engine(tiny, threads=1)
    step = engine._decoder.step

    def slowly(*args):
        time.sleep(0.05)
        return step(*args)

    engine._decoder.step = slowly
    gc.disable()  # what is raised where Hypothesis looks at a search for cycles is lost
    yield engine
    gc.enable()
    engine.close()
    signal.signal(signal.SIGINT, heard)


def test_a_reply_that_was_stopped_counts_as_it_stands(slow):
    draw = Draw(candidates=1, max_new_tokens=40, seed=2)
    conversation = Conversation(slow, draw, "none", "이랑")
    stop = threading.Event()

    def on_text(piece):
        if not stop.is_set():
            stop.set()
            os.kill(os.getpid(), signal.SIGINT)

    stopped = conversation.say("안녕?", on_text)
    assert stopped.reply is None
    assert stopped.answer
    assert [one.content for one in messages_of(conversation.exchanges)] == ["안녕?", stopped.answer]
    assert why_lines(stopped) == ["멈춘 대답이라 알 수 없어요."]
    assert conversation.say("뭐 해?").reply  # the engine is free again


def test_a_reply_that_was_stopped_before_its_first_word_leaves_nothing(slow):
    conversation = Conversation(slow, Draw(candidates=2, max_new_tokens=40), "none", "이랑")
    threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    assert conversation.say("안녕?") is None
    assert conversation.exchanges == []


def test_what_services_answered_is_not_for_the_model(engine):
    conversation = Conversation(engine, Draw(max_new_tokens=6), "offline", "이랑")
    conversation.say("안녕?")
    assert conversation.say("3+4*2").service == "sum"
    assert conversation.say("tlqkf").service == "bad_word"
    assert [one.content for one in messages_of(conversation.exchanges)][:1] == ["안녕?"]
    assert len(messages_of(conversation.exchanges)) == 2
    assert "기능의 대답" in why_lines(conversation.exchanges[-1])[0]
    assert conversation.say("초기화").service == "reset"
    assert conversation.exchanges == []


def test_another_seed_for_each_drawing_but_the_same_in_each_session(engine):
    replies = []
    for _ in range(2):
        conversation = Conversation(engine, Draw(max_new_tokens=8, seed=3), "none", "이랑")
        replies.append(
            [conversation.say("안녕?").answer] + [conversation.again().answer for _ in range(3)]
        )
    assert replies[0] == replies[1]
    assert len({*replies[0]}) > 1


def test_why_tells_all_that_is_known(engine):
    conversation = Conversation(engine, Draw(max_new_tokens=8, n_rivals=2), "none", "이랑")
    for k in range(30):
        conversation.say(f"{k}번째 이야기야 뷁")
    told = "\n".join(why_lines(conversation.exchanges[-1]))
    assert "읽은 것: 29번째 이야기야 뷁" in told
    assert re.search(r"처음의 메시지 \d+개는 자리가 없어", told)
    assert re.search(r"<unk>\) [1-9]", told)
    assert "멈춘" in why_lines(Exchange("안녕", "안녕"))[0]
