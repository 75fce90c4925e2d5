"""An answer in OpenAI's words, whole or in pieces, and what no other server tells beside it."""

import json
import math
import time
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from corpus.chat.reply import FALLBACK, NEVER_SHOWN, Candidate, Reply, Seen, Token

_LEAST_LOGPROB = -9999.0  # OpenAI's for what is as good as impossible


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a request.

    Attributes:
        text: of the first choice.
        finish: `stop`, `length` or `content_filter`.
        service: the name of the service that answered; nothing if the model did.
        converted: the last message, if it was typed on the wrong keyboard.
        read: how the last message is read by the model; nothing if a service answered.
        seen: of each message of the request what the model read; nothing where it read nothing.
        first_message: the first message of the request that the model was given.
        left_out: messages of the request that no model is given: of the system, to services.
        reply: the model's.
    """

    text: str
    finish: str
    service: str | None
    converted: str | None
    read: Seen | None
    seen: tuple[str | None, ...]
    first_message: int
    left_out: tuple[int, ...]
    reply: Reply | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Form:
    """The form that one answer has on the wire."""

    model: str
    n: int = 1
    logprobs: bool = False
    include_usage: bool = False
    id: str = field(default_factory=lambda: f"chatcmpl-{token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, answer: Answer) -> dict[str, Any]:
        """Return an answer that is not streamed."""
        choices = [
            {
                "index": k,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": self._logprobs(tokens),
                "finish_reason": finish,
            }
            for k, (text, finish, tokens) in enumerate(self._choices(answer))
        ]
        body = self._body("chat.completion", choices)
        return body | {"usage": usage_of(answer), "corpus": told_beside(answer)}

    def first_chunk(self) -> dict[str, Any]:
        """Return what a stream begins with, before anything is known."""
        return self._chunk(
            [self._choice(k, {"role": "assistant", "content": ""}) for k in range(self.n)]
        )

    def piece(self, text: str) -> dict[str, Any]:
        """Return a piece of the reply while it is being written."""
        return self._chunk([self._choice(0, {"content": text})])

    def last_chunks(self, answer: Answer, streamed: str) -> list[dict[str, Any]]:
        """Return the rest of a stream of which `streamed` has gone out."""
        chunks, ends = [], []
        choices = self._choices(answer)
        beside = told_beside(answer)
        for k, (text, finish, tokens) in enumerate(choices):
            rest = text
            if k == 0 and streamed:
                rest = text.removeprefix(streamed) if text.startswith(streamed) else ""
                if not text.startswith(streamed):
                    beside["text"] = text  # the rules changed it as a whole: this replaces it
            if rest or self.logprobs:
                chunks.append(self._chunk([self._choice(k, {"content": rest}, tokens=tokens)]))
            ends.append(self._choice(k, {}, finish=finish))
        chunks.append(self._chunk(ends) | {"corpus": beside})
        if self.include_usage:
            chunks.append(self._chunk([]) | {"usage": usage_of(answer)})
        return chunks

    def _choices(self, answer: Answer) -> list[tuple[str, str, tuple[Token, ...]]]:
        """Return text, finish and tokens of each choice: the chosen one first, then the others."""
        reply = answer.reply
        candidates = reply.candidates if reply else ()
        chosen = candidates[reply.chosen] if reply and 0 <= reply.chosen < len(candidates) else None
        first = (answer.text, answer.finish, chosen.tokens if chosen else ())
        others = [
            (one.text, one.finish, one.tokens)
            for one in sorted(candidates, key=lambda one: bool(one.out))
            if one is not chosen and one.out not in NEVER_SHOWN
        ]
        choices: list[tuple[str, str, tuple[Token, ...]]] = [first, *others][: self.n]
        missing = first if chosen is None or len(candidates) == 1 else (FALLBACK, "stop", ())
        return choices + [missing] * (self.n - len(choices))

    def _choice(
        self,
        index: int,
        delta: dict[str, Any],
        *,
        finish: str | None = None,
        tokens: tuple[Token, ...] | None = None,
    ) -> dict[str, Any]:
        logprobs = self._logprobs(tokens) if tokens is not None else None
        return {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}

    def _chunk(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        body = self._body("chat.completion.chunk", choices)
        return body | {"usage": None} if self.include_usage else body

    def _body(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }

    def _logprobs(self, tokens: tuple[Token, ...]) -> dict[str, Any] | None:
        if not self.logprobs:
            return None
        content = [
            _logprob(token.text, token.logprob)
            | {"top_logprobs": [_logprob(text, value) for text, _, value in token.rivals]}
            for token in tokens
        ]
        return {"content": content, "refusal": None}


def as_event(chunk: dict[str, Any]) -> bytes:
    """Return a chunk as a server-sent event."""
    return b"data: " + as_json(chunk) + b"\n\n"


def as_json(body: dict[str, Any]) -> bytes:
    """Return JSON as it is sent."""
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def usage_of(answer: Answer) -> dict[str, Any]:
    """Return how many tokens an answer took; a service takes none."""
    asked = answer.reply.prompt_tokens if answer.reply else 0
    written = answer.reply.completion_tokens if answer.reply else 0
    return {
        "prompt_tokens": asked,
        "completion_tokens": written,
        "total_tokens": asked + written,
    }


def told_beside(answer: Answer) -> dict[str, Any]:
    """Return the object `corpus`: what the model read, and what else it might have said."""
    reply, read = answer.reply, answer.read
    return {
        "seen": answer.seen,
        "read": read
        and {
            "text": read.text,
            "rules": read.rules,
            "tokens": [[text, is_unknown] for text, _, is_unknown in read.tokens],
        },
        "converted": answer.converted,
        "service": answer.service,
        "candidates": [_candidate(one) for one in reply.candidates] if reply else [],
        "chosen": reply.chosen if reply else -1,
        "fallback": reply.fallback if reply else False,
        "window": {
            "tokens": reply.window_tokens if reply else 0,
            "first_message": answer.first_message,
            "cut_characters": reply.cut_characters if reply else 0,
            "left_out": answer.left_out,
        },
        "unknown": reply.unknown if reply else 0,
        "copies": reply.copies if reply else None,
        "seconds": round(answer.seconds, 3),
    }


def _candidate(one: Candidate) -> dict[str, Any]:
    score = round(one.score, 4) if math.isfinite(one.score) else None
    return {"text": one.text, "score": score, "out": one.out}


def _logprob(text: str, value: float) -> dict[str, Any]:
    value = value if math.isfinite(value) else _LEAST_LOGPROB
    return {"token": text, "logprob": value, "bytes": list(text.encode("utf-8", "replace"))}
