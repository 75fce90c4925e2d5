"""What is answered without the model: the clock, the weather, a sum, a bad word, ...

A table; the first service that a message asks for answers. A service answers a message that is its
request and nothing else: its pattern must match the whole message, a call (이랑아) and end marks
aside. `지금 몇시야?` is a request, `몇시에 자?` is talk and goes to the model.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from secrets import SystemRandom
from typing import Literal

from corpus.chat.services import asking
from corpus.chat.services.bad_words import bad_word_pattern
from corpus.chat.services.clock import countdown_sentence, day_sentence, korean_now, time_sentence
from corpus.chat.services.network import Network
from corpus.chat.services.particles import with_particle
from corpus.chat.services.stock import stock_sentence
from corpus.chat.services.sums import result_of
from corpus.chat.services.weather import DAYS, SOURCE, weather_sentence

Choice = Literal["none", "offline", "all"]
CHOICES: tuple[Choice, ...] = ("none", "offline", "all")
DEFAULT_NAME = "이랑"
DEFAULT_PLACE = "서울"  # of a question for the weather that names no place; the answer names it

_RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What a service says.

    Attributes:
        service: its name; `reset` empties the conversation, which whoever shows it does.
        text: the answer; some have several lines.
        is_refusal: the message is not one to be answered (a bad word).
        needs_network: the answer came, or would have come, from the internet.
    """

    service: str
    text: str
    is_refusal: bool = False
    needs_network: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an answer may need to know besides the message."""

    now: datetime
    network: Network


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        pattern: of the whole message, without the call and the end marks.
        answer: makes the sentence; None if it is no request after all.
        examples: what people ask; the first stands in the help.
    """

    name: str
    pattern: re.Pattern[str]
    answer: Callable[[re.Match[str], _Asked], str | None]
    examples: tuple[str, ...]
    needs_network: bool = False


def answer(
    text: str,
    *,
    services: Choice = "all",
    name: str = DEFAULT_NAME,
    now: datetime | None = None,
    network: Network | None = None,
) -> ServiceAnswer | None:
    """Return the answer to a message that is a service's request; None: the model answers.

    `name` is what the chat is called by, `now` the Korean time. May take the time of an answer from
    the internet (3 s at most for each question asked there).
    """
    if services == "none":
        return None
    asked = _Asked(now or korean_now(), network or _network)
    message = _request_in(text, name)
    for service in SERVICES:
        if service.needs_network and services != "all":
            continue
        match = service.pattern.fullmatch(message)
        told = service.answer(match, asked) if match else None
        if told is not None:
            is_refusal = service.name == "bad_word"
            return ServiceAnswer(service.name, told, is_refusal, service.needs_network)
    return None


def is_request(text: str, *, services: Choice = "all", name: str = DEFAULT_NAME) -> bool:
    """Return whether a service answers a message, without asking the internet."""
    if services == "none":
        return False
    message = _request_in(text, name)
    asked = _Asked(korean_now(), _network)
    for service in SERVICES:
        match = service.pattern.fullmatch(message)
        if match is None or (service.needs_network and services != "all"):
            continue
        if service.needs_network or service.answer(match, asked) is not None:
            return True
    return False


_network = Network()  # its answers are kept for minutes
_END_MARK = r"[\s?!.,~…^;ㅋㅎㅠㅜ=？！。]"
_END_MARKS = re.compile(rf"(?<!{_END_MARK}){_END_MARK}+$")


def _request_in(text: str, name: str) -> str:
    """Return a message without the call and the end marks, with single spaces."""
    message = " ".join(unicodedata.normalize("NFC", text).split())
    call = rf"(?:{re.escape(name)}(?:아|야|이|씨)?[ ,!~.]+|{re.escape(name)}[아야][ ,!~.]*)"
    return _END_MARKS.sub("", re.sub(f"^{call}", "", message)).strip()


def _group(match: re.Match[str], name: str) -> str:
    """Return what a group holds that alternatives of a pattern have as `name`, `name_`, ..."""
    found = (text for key, text in match.groupdict().items() if key.rstrip("_") == name and text)
    return next(found, "").strip()


def _calendar(match: re.Match[str], asked: _Asked) -> str:
    return day_sentence(_group(match, "day") or "오늘", asked.now)


def _countdown(match: re.Match[str], asked: _Asked) -> str:
    return countdown_sentence(_group(match, "goal"), asked.now)


def _weather(match: re.Match[str], asked: _Asked) -> str:
    place = _group(match, "place")
    day = next((one for one in DAYS if one in match[0].split("날씨")[0]), DAYS[0])
    told = weather_sentence(place or DEFAULT_PLACE, day, asked.network)
    return (
        told
        if place or SOURCE not in told
        else f"{told} 다른 곳은 '부산 날씨 어때?'처럼 물어봐 주세요."
    )


def _stock(match: re.Match[str], asked: _Asked) -> str:
    return stock_sentence(_group(match, "share"), asked.network)


def _lotto(_match: re.Match[str], _asked: _Asked) -> str:
    *six, bonus = _RANDOM.sample(range(1, 46), 7)
    return f"{', '.join(map(str, sorted(six)))} 그리고 보너스 {bonus}. 재미로만 봐 주세요!"


def _dice(_match: re.Match[str], _asked: _Asked) -> str:
    return f"주사위를 굴렸더니 {with_particle(str(_RANDOM.randint(1, 6)), '이', '가')} 나왔어요."


def _coin(_match: re.Match[str], _asked: _Asked) -> str:
    return f"동전을 던졌더니 {_RANDOM.choice(('앞면', '뒷면'))}이 나왔어요."


def _sum(match: re.Match[str], _asked: _Asked) -> str | None:
    if match["asked"]:
        return result_of(match["asked"], is_asked=True)
    return result_of(match["alone"])


def _help(_match: re.Match[str], _asked: _Asked) -> str:
    """List the services with an example each; those that go to the internet say so."""
    lines = ["이런 말은 모델 대신 바로 답해요."]
    for service in SERVICES:
        if service.name != "bad_word":
            online = " (인터넷에 물어봐요)" if service.needs_network else ""
            lines.append(f"· {service.examples[0]}{online}")
    return "\n".join(lines)


SERVICES: tuple[Service, ...] = (
    Service("time", asking.TIME, lambda _, asked: time_sentence(asked.now), ("지금 몇 시야?",)),
    Service("date", asking.CALENDAR, _calendar, ("오늘 무슨 요일이야?",)),
    Service("dday", asking.COUNTDOWN, _countdown, ("크리스마스까지 며칠 남았어?",)),
    Service("weather", asking.WEATHER, _weather, ("부산 내일 날씨 알려줘",), needs_network=True),
    Service("stock", asking.STOCK, _stock, ("삼성전자 주가 알려줘",), needs_network=True),
    Service("lotto", asking.LOTTO, _lotto, ("로또 번호 뽑아줘",)),
    Service("dice", asking.DICE, _dice, ("주사위 굴려줘",)),
    Service("coin", asking.COIN, _coin, ("동전 던져줘",)),
    Service("sum", asking.SUM, _sum, ("12 * 12는 얼마야?",)),
    Service("reset", asking.RESET, lambda *_: "대화를 처음부터 다시 시작할게요.", ("초기화",)),
    Service("help", asking.HELP, _help, ("도움말",)),
    Service(
        "bad_word",
        re.compile(rf"(?s:.*)(?:{bad_word_pattern().pattern})(?s:.*)", re.IGNORECASE),
        lambda *_: "그건 나쁜 말이야. 그런 말은 쓰면 안 돼!",
        ("시발",),
    ),
)
