"""What a client may ask for, in OpenAI's words: a request is read, checked and told what is wrong.

Nothing is taken and then ignored if it would change what comes back: a field that is not known here
is refused by its name. No starlette: these are values in, values out.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from corpus.chat.reply import MAX_CANDIDATES, MAX_RIVALS, Draw

MAX_MESSAGES = 200
MAX_CHARACTERS = 2_000  # of a message
MAX_STOPS, MAX_STOP_CHARACTERS = 4, 100
MAX_BIASES = 300

_ROLES = ("user", "assistant", "system", "developer", "tool", "function")
_IGNORED = frozenset(
    {
        *("model", "user", "store", "metadata", "safety_identifier", "prompt_cache_key"),
        *("service_tier", "parallel_tool_calls"),
    }
)
_HONOURED = frozenset(
    {
        *("messages", "stream", "stream_options", "max_tokens", "max_completion_tokens"),
        *("temperature", "top_p", "top_k", "seed", "stop", "n", "logprobs", "top_logprobs"),
        *("presence_penalty", "frequency_penalty", "logit_bias", "candidates", "services"),
    }
)
# What says no more than what is done anyway.
_HARMLESS: Mapping[str, Sequence[Any]] = {
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "tools": ([],),
    "functions": ([],),
    "tool_choice": ("none", "auto"),
    "function_call": ("none", "auto"),
}
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class WireError(Exception):
    """A request that is refused, as OpenAI's API tells it."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code

    @property
    def body(self) -> dict[str, Any]:
        """The error as JSON."""
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        told = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return {"error": told}


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a request.

    Attributes:
        keep: the message is meant as it was typed, whatever keyboard it looks like.
    """

    role: str
    content: str
    keep: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client asks for."""

    said: tuple[Said, ...]
    draw: Draw
    n: int = 1
    stream: bool = False
    include_usage: bool = False
    logprobs: bool = False
    services: bool = True


def read_json(body: bytes) -> dict[str, Any]:
    """Return the object of a body.

    Raises:
        WireError: there is none.
    """
    try:
        asked = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise WireError(400, "The body is not valid JSON.", code="invalid_json") from None
    if not isinstance(asked, dict):
        raise WireError(400, "The body is not a JSON object.", code="invalid_json")
    return {key: value for key, value in asked.items() if value is not None}


def read_ask(asked: Mapping[str, Any], defaults: Draw, *, vocab_size: int) -> Ask:
    """Return what is asked for; what it does not say is as in `defaults`.

    Raises:
        WireError: it names the field that is wrong, or not known.
    """
    for field, value in asked.items():
        if field not in _HONOURED | _IGNORED and value not in _HARMLESS.get(field, ()):
            message = f"{field} is not supported here: nothing would come of it."
            raise WireError(400, message, param=field, code="unsupported_parameter")
    draw = _draw(asked, defaults, vocab_size)
    stream_options = asked.get("stream_options", {})
    if not isinstance(stream_options, dict):
        _refuse("stream_options", "it must be an object")
    return Ask(
        said=read_messages(asked),
        draw=draw,
        n=_whole(asked, "n", 1, 1, draw.candidates),
        stream=_flag(asked, "stream", default=False),
        include_usage=_flag(stream_options, "include_usage", default=False),
        logprobs=_flag(asked, "logprobs", default=False),
        services=_flag(asked, "services", default=True),
    )


def read_messages(asked: Mapping[str, Any]) -> tuple[Said, ...]:
    """Return the messages of a request.

    Raises:
        WireError: they are none, too many, too long or no messages.
    """
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        _refuse("messages", "it must be a list of one message or more")
    if len(messages) > MAX_MESSAGES:
        _refuse("messages", f"there are {len(messages)}; {MAX_MESSAGES} is the most")
    return tuple(_said(message, f"messages[{k}]") for k, message in enumerate(messages))


def read_text(asked: Mapping[str, Any], field: str) -> str:
    """Return a text of a request.

    Raises:
        WireError: it is none, or too long.
    """
    text = asked.get(field)
    if not isinstance(text, str):
        _refuse(field, "it must be a text")
    if len(text) > MAX_CHARACTERS:
        _refuse(field, f"it has {len(text):,} characters; {MAX_CHARACTERS:,} is the most")
    return _LONE_SURROGATE.sub("\ufffd", text)


def _said(message: Any, where: str) -> Said:  # noqa: ANN401 (that is what is found out)
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        _refuse(where, f"it must be an object with a role of {', '.join(_ROLES)}")
    content = message.get("content")
    if isinstance(content, list):
        content = " ".join(_part(part, f"{where}.content[{k}]") for k, part in enumerate(content))
    elif content is None and message["role"] != "user":
        content = ""
    text = read_text({f"{where}.content": content}, f"{where}.content")
    return Said(message["role"], text, keep=message.get("convert") is False)


def _part(part: Any, where: str) -> str:  # noqa: ANN401
    if not isinstance(part, dict) or part.get("type") != "text":
        _refuse(where, "only parts of type text can be read")
    text = part.get("text")
    if not isinstance(text, str):
        _refuse(f"{where}.text", "it must be a text")
    return text


def _draw(asked: Mapping[str, Any], defaults: Draw, vocab_size: int) -> Draw:
    limit = "max_completion_tokens" if "max_completion_tokens" in asked else "max_tokens"
    temperature = _number(asked, "temperature", defaults.temperature, 0, 2)
    wants_logprobs = _flag(asked, "logprobs", default=False)
    if "top_logprobs" in asked and not wants_logprobs:
        _refuse("top_logprobs", "logprobs must be true with it")
    top_p = _number(asked, "top_p", defaults.top_p, 0, 1)
    if top_p == 0:
        _refuse("top_p", "it is 0; it may be above 0 to 1")
    return replace(
        defaults,
        candidates=_whole(asked, "candidates", defaults.candidates, 1, MAX_CANDIDATES),
        temperature=temperature,
        top_p=top_p,
        top_k=_whole(asked, "top_k", defaults.top_k, 0, 2**31 - 1),
        max_new_tokens=_whole(asked, limit, defaults.max_new_tokens, 1, 2**31 - 1),
        seed=_whole(asked, "seed", defaults.seed, -(2**63), 2**63 - 1),
        stop=_stops(asked),
        presence_penalty=_number(asked, "presence_penalty", 0.0, -2, 2),
        frequency_penalty=_number(asked, "frequency_penalty", 0.0, -2, 2),
        logit_bias=_biases(asked, vocab_size),
        n_rivals=_whole(asked, "top_logprobs", 0, 0, MAX_RIVALS),
    )


def _stops(asked: Mapping[str, Any]) -> tuple[str, ...]:
    stops = asked.get("stop", [])
    stops = [stops] if isinstance(stops, str) else stops
    if not isinstance(stops, list) or len(stops) > MAX_STOPS:
        _refuse("stop", f"it must be a text or a list of at most {MAX_STOPS}")
    for stop in stops:
        if not isinstance(stop, str) or not 1 <= len(stop) <= MAX_STOP_CHARACTERS:
            _refuse("stop", f"each must be a text of 1 to {MAX_STOP_CHARACTERS} characters")
    return tuple(stops)


def _biases(asked: Mapping[str, Any], vocab_size: int) -> tuple[tuple[int, float], ...]:
    biases = asked.get("logit_bias", {})
    if not isinstance(biases, dict) or len(biases) > MAX_BIASES:
        _refuse("logit_bias", f"it must be an object of at most {MAX_BIASES} token ids")
    read = []
    for token, bias in biases.items():
        if not re.fullmatch("[0-9]{1,9}", token) or int(token) >= vocab_size:
            _refuse("logit_bias", f"'{token[:20]}' is no token id; there are {vocab_size:,}")
        read.append((int(token), _number({"logit_bias": bias}, "logit_bias", 0.0, -100, 100)))
    return tuple(read)


def _whole(asked: Mapping[str, Any], field: str, default: int, least: int, most: int) -> int:
    value = asked.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int):
        _refuse(field, "it must be a whole number")
    if not least <= value <= most:
        _refuse(field, f"it is {_told(value)}; it may be {least} to {most}")
    return value


def _number(
    asked: Mapping[str, Any], field: str, default: float, least: float, most: float
) -> float:
    value = asked.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(field, "it must be a number")
    if not least <= value <= most or not math.isfinite(value):
        _refuse(field, f"it is {_told(value)}; it may be {least} to {most}")
    return float(value)


def _flag(asked: Mapping[str, Any], field: str, *, default: bool) -> bool:
    value = asked.get(field, default)
    if not isinstance(value, bool):
        _refuse(field, "it must be true or false")
    return value


def _told(value: float) -> str:
    told = str(value) if isinstance(value, float) or abs(value) < 10**20 else "too big"
    return told[:20]


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _refuse(field: str, why: str) -> NoReturn:
    message = f"{field} cannot be taken: {why}."
    raise WireError(400, message, param=field, code="invalid_value")
