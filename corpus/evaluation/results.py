"""What an evaluation found, and its two files for programs: eval.json and replies.jsonl.

Neither holds a time, a date or a path: the same model, corpus, seed and precision give the same
bytes. What speed was measured stands in a file of its own.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.chat.candidates import ALONE_SHARE
from corpus.chat.reply import Candidate, Draw
from corpus.evaluation.measure import Judged, Numbers, Share, hits, interval_of_mean, wilson
from corpus.evaluation.prompts import Prompt
from corpus.evaluation.replies import Rows


@dataclass(frozen=True, slots=True)
class Scores:
    """How probable the real reply and nine strangers are, to each validation prompt.

    Attributes:
        given: the mean log p of their tokens behind the conversation, the real one's first.
        alone: the same behind `<sys>` alone.
    """

    given: tuple[tuple[float, ...], ...]
    alone: tuple[tuple[float, ...], ...]

    @property
    def ranked(self) -> list[list[float]]:
        """The scores that chat ranks candidates by."""
        return [
            [score - ALONE_SHARE * other for score, other in zip(*pair, strict=True)]
            for pair in zip(self.given, self.alone, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table, with every reply that it was measured on."""

    rows: Rows
    judged: tuple[Judged | None, ...]
    numbers: Numbers
    conspicuous: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the row is called."""
        return self.rows.name


@dataclass(frozen=True, slots=True)
class Result:
    """An evaluation.

    Attributes:
        state: which of a run's states its best model is: another one asks for another evaluation.
        n: validation prompts; they stand first in `prompts`, and in every row.
        candidates: of the row `ranked`, to each prompt.
        speed: seconds, CPU-seconds and tokens of each row of the model.
    """

    model: str
    state: str | None
    weights: str
    corpus: str
    version: str
    n: int
    precision: str
    draw: Draw
    beams: int
    penalty: float
    prompts: tuple[Prompt, ...]
    rows: tuple[Row, ...]
    scores: Scores
    candidates: tuple[tuple[Candidate, ...], ...]
    speed: dict[str, dict[str, float]]

    def row(self, name: str) -> Row:
        """Return a row by its name."""
        return next(one for one in self.rows if one.name == name)


def summary_of(result: Result) -> dict[str, Any]:
    """Return what eval.json says."""
    draw = result.draw
    return {
        "corpus_version": result.version,
        "model": result.model,
        "state": result.state,
        "weights_sha256": result.weights,
        "corpus_hash": result.corpus,
        "prompts": result.n,
        "seed": draw.seed,
        "precision": result.precision,
        "decoding": {
            "candidates": draw.candidates,
            "temperature": draw.temperature,
            "top_p": draw.top_p,
            "top_k": draw.top_k,
            "max_new_tokens": draw.max_new_tokens,
            "beams": result.beams,
            "beams_repetition_penalty": result.penalty,
        },
        "rows": {one.name: _columns(one) for one in result.rows},
        "rank": rank_of(result),
    }


def rank_of(result: Result) -> dict[str, Any]:
    """Return what the context-free part of chat's rank is good for, by two measures of one model.

    With it minus without it, with the interval of the difference over the prompts.
    """
    pairs = {
        "hits_at_1": (hits(result.scores.ranked), hits(result.scores.given)),
        "chrf": tuple(_chrf(result, name) for name in ("ranked", "likelihood")),
    }
    found = {}
    for name, (with_it, without) in pairs.items():
        differences = [one - other for one, other in zip(with_it, without, strict=True)]
        low, high = interval_of_mean(differences)
        mean = sum(differences) / len(differences)
        found[name] = {"gain": round(mean, 4), "interval": [round(low, 4), round(high, 4)]}
    return found


def hit_share(scores: Sequence[Sequence[float]]) -> Share:
    """Return how often the real reply has the highest score, with its interval."""
    found = hits(scores)
    return wilson(sum(found) / len(found), len(found))


def reply_lines(result: Result) -> Iterator[str]:
    """Yield the lines of replies.jsonl: a prompt each, with all replies to it."""
    for place, prompt in enumerate(result.prompts):
        line: dict[str, Any] = {
            "id": prompt.id,
            "messages": [{"role": one.role, "content": one.content} for one in prompt.messages],
            "replies": {},
        }
        for row in result.rows:
            said, judged = row.rows.said[place], row.judged[place]
            if said is not None and judged is not None:
                line["replies"][row.name] = {
                    "text": said.text,
                    "shown": judged.text,
                    "flags": sorted(judged.flags),
                }
        line["candidates"] = [
            {"text": one.text, "score": round(one.score, 4), "out": one.out}
            for one in result.candidates[place]
        ]
        if place < result.n:
            line["hits"] = {
                "replies": [prompt.real, *prompt.strangers],
                "log_p": [round(one, 4) for one in result.scores.given[place]],
                "log_p_alone": [round(one, 4) for one in result.scores.alone[place]],
            }
        yield json.dumps(line, ensure_ascii=False)


def _columns(row: Row) -> dict[str, Any]:
    numbers = row.numbers
    return {
        **numbers.values,
        **{f"{name}_interval": list(one) for name, one in numbers.intervals.items()},
        "distinct_tokens": numbers.distinct_tokens,
        "distinct_is_short": numbers.is_short,
        "conspicuous": list(row.conspicuous),
    }


def _chrf(result: Result, name: str) -> list[float]:
    judged = result.row(name).judged[: result.n]
    return [one.chrf for one in judged if one is not None and one.chrf is not None]
