"""Talking in a terminal, by lines of a pipe, and once. Nothing but replies goes to a pipe."""

import argparse
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from corpus.chat.conversation import Conversation, Exchange, messages_of
from corpus.chat.engine import Engine
from corpus.chat.reply import Draw
from corpus.chat.why import why_lines

STOPPED = 130
_RIVALS = 3  # told by /왜
_YOU = "나> "

_COMMANDS = {
    "다시": "again",
    "다른답": "other",
    "왜": "why",
    "저장": "save",
    "초기화": "reset",
    "도움": "help",
    "끝": "quit",
}
_HELP = """\
/다시        다시 대답해요 (/again)
/다른답      다른 대답들을 보여 줘요. /다른답 2 는 두 번째로 바꿔요 (/other)
/왜          왜 그렇게 대답했는지 보여 줘요 (/why)
/저장        여기까지 마음에 들어요: --save 폴더에 적어 둬요 (/save)
/초기화      처음부터 다시 이야기해요 (/reset)
/끝          끝내요. Ctrl-D도 돼요 (/quit)
Ctrl-C는 대답을 멈추고, 대답이 없을 때는 끝내요."""


def reply_once(engine: Engine, draw: Draw, args: argparse.Namespace) -> int:
    """Reply to one message on stdout."""
    _say_in_any_locale()
    answered = _conversation(engine, draw, args).say(args.prompt)
    if answered is None:
        return STOPPED
    print(_one_line(answered.answer))
    return 0


def talk_by_lines(engine: Engine, draw: Draw, args: argparse.Namespace) -> int:
    """Reply to each line of stdin by a line on stdout, as one conversation."""
    _say_in_any_locale()
    conversation = _conversation(engine, draw, args)
    for line in sys.stdin:
        answered = conversation.say(line.rstrip("\r\n"))
        if answered is None:
            return STOPPED
        print(_one_line(answered.answer), flush=True)
    return 0


def talk(engine: Engine, draw: Draw, args: argparse.Namespace) -> int:
    """Talk with a person until they end it."""
    _say_in_any_locale()
    with suppress(ImportError):
        import readline  # noqa: F401, PLC0415 (gives `input` its keys and history)
    session = _Session(_conversation(engine, replace(draw, n_rivals=_RIVALS), args), args)
    print(f"{engine.name}: 이야기해 보세요. /도움 은 명령을 보여 줘요.")
    while True:
        try:
            text = input(_YOU).strip()
        except EOFError:
            print()
            return 0
        except KeyboardInterrupt:
            print()
            return STOPPED
        try:
            if text.startswith("/"):
                if not session.command(text[1:]):
                    return 0
            elif text:
                session.show(partial(session.conversation.say, text))
        except KeyboardInterrupt:  # before the reply was asked for, or while a service was asked
            print(" (멈췄어요)")


class _Session:
    """What a person sees and commands."""

    def __init__(self, conversation: Conversation, args: argparse.Namespace) -> None:
        self.conversation = conversation
        self._args = args

    def show(self, answer: Callable[[Callable[[str], None]], Exchange | None]) -> None:
        """Show an answer, as it comes if it comes token by token."""
        print(f"{self._args.name}> ", end="", flush=True)
        told = ""

        def tell(piece: str) -> None:
            nonlocal told
            told += piece
            print(piece, end="", flush=True)

        answered = answer(tell)
        if answered is not None and answered.service:
            print(answered.answer)
        elif answered is None or answered.reply is None:
            print(" (멈췄어요)")
        elif not told:
            print(f"{answered.answer}  ({answered.reply.seconds:.1f}초)")
        elif told == answered.answer:
            print(f"  ({answered.reply.seconds:.1f}초)")
        else:  # the text rules have changed it
            print(f"\n{self._args.name}> {answered.answer}  ({answered.reply.seconds:.1f}초)")

    def command(self, typed: str) -> bool:
        """Do a command; return False if it ends the conversation."""
        name, _, rest = typed.partition(" ")
        name = _COMMANDS.get(name, name)
        if name == "quit":
            return False
        if name == "help":
            print(_HELP)
        elif name == "reset":
            self.conversation.exchanges.clear()
            print("처음부터 다시 이야기해요.")
        elif name not in _COMMANDS.values():
            print(f"/{name}, 그런 명령은 없어요.\n{_HELP}")
        elif not self.conversation.exchanges:
            print("아직 대답한 것이 없어요.")
        elif name == "again":
            self.show(self.conversation.again)
        elif name == "other":
            self._other(rest.strip())
        elif name == "save":
            self._save()
        else:
            print("\n".join(why_lines(self.conversation.exchanges[-1])))
        return True

    def _other(self, number: str) -> None:
        last = self.conversation.exchanges[-1]
        if not last.others:
            print("다른 대답이 없어요.")
        elif not number:
            for k, one in enumerate(last.others, 1):
                print(f"{k}. {one.text}")
        elif number.isdecimal() and 1 <= int(number) <= len(last.others):
            taken = self.conversation.take(int(number) - 1, self._args.save)
            print(f"{self._args.name}> {taken.answer}")
        else:
            print(f"1부터 {len(last.others)}까지의 수를 적어 주세요.")

    def _save(self) -> None:
        if self._args.save is None:
            print("적어 둘 폴더가 없어요: --save DIR 로 시작해 주세요.")
        elif not messages_of(self.conversation.exchanges):
            print("모델이 아직 대답한 것이 없어요.")
        elif self.conversation.save(self._args.save):
            print(f"{self._args.save}에 적어 뒀어요.")
        else:
            print("이미 적혀 있어요.")


def _conversation(engine: Engine, draw: Draw, args: argparse.Namespace) -> Conversation:
    return Conversation(engine, draw, args.services, args.name)


def _one_line(text: str) -> str:
    return " ".join(text.split("\n"))


def _say_in_any_locale() -> None:
    """Let a character that the locale lacks be `?`, in what is read and in what is printed."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
