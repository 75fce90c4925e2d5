"""The replies that are compared: a row of them for each model, way of drawing, person or file."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from corpus.chat.candidates import Chosen
from corpus.chat.decoding.generation import Drawing
from corpus.evaluation.prompts import Prompt
from corpus.records import CorpusError
from corpus.tokens.encoder import Encoder

Kind = Literal["person", "model", "file", "stranger"]
PERSON: Kind = "person"
STRANGER: Kind = "stranger"
MODEL_ROWS = ("ranked", "likelihood", "drawn", "greedy", "beam3")


@dataclass(frozen=True, slots=True)
class Said:
    """A reply.

    Attributes:
        text: as it was written.
        ids: the tokens that a model drew, without the one that ends it; None where only the text is
            known.
        finished: whether it came to its end by itself; None if that is not known.
        spelled: the text with its control tokens, which no text shows, where there are any.
    """

    text: str
    ids: tuple[int, ...] | None = None
    finished: bool | None = None
    spelled: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Replies to all prompts in their order; None where there is none, as to an opening of ours."""

    name: str
    kind: Kind
    said: tuple[Said | None, ...]


def as_drawn(name: str, drawn: Sequence[Drawing], encoder: Encoder) -> Rows:
    """Return replies that are taken as they were drawn."""
    said = [
        Said(one.text, tuple(one.ids), one.finish == "stop", _spelled(one.ids, encoder))
        for one in drawn
    ]
    return Rows(name, "model", tuple(said))


def _spelled(ids: Sequence[int], encoder: Encoder) -> str:
    """Return a text with its control tokens; nothing if there are none."""
    if encoder.control_ids.isdisjoint(ids):
        return ""
    runs = [list(run) for _, run in groupby(ids, encoder.control_ids.__contains__)]
    return "".join(
        "".join(encoder.token_texts[one] for one in run)
        if run[0] in encoder.control_ids
        else encoder.decode(run)
        for run in runs
    )


def as_chosen(name: str, chosen: Sequence[Chosen]) -> Rows:
    """Return replies that were chosen.

    Where no candidate may be shown, and chat says a sentence of ours, the best candidate stands:
    its flags tell what is wrong with the model.
    """
    said = []
    for one in chosen:
        best = one.candidates[max(one.place, 0)]
        text = one.text if one.place >= 0 else best.text
        said.append(Said(text, tuple(token.id for token in best.tokens), best.finish == "stop"))
    return Rows(name, "model", tuple(said))


def from_people(prompts: Sequence[Prompt]) -> list[Rows]:
    """Return what the person who was there replied, and what another did in another dialogue."""

    def rows(name: Kind, text_of: Callable[[Prompt], str]) -> Rows:
        said = [Said(text_of(one), finished=True) if one.real else None for one in prompts]
        return Rows(name, name, tuple(said))

    return [rows(PERSON, lambda one: one.real), rows(STRANGER, lambda one: one.strangers[0])]


def from_file(path: Path, prompts: Sequence[Prompt]) -> Rows:
    """Read replies from elsewhere; lines of prompts that are not asked are passed over.

    Raises:
        CorpusError: a line is broken, a prompt has two replies or none, or the row has the name of
            one of ours.
    """
    name = path.stem
    if name in (*MODEL_ROWS, PERSON, STRANGER):
        raise CorpusError(f"--replies {path}: {name} is a row of ours; give the file another name.")
    found: dict[str, Said] = {}
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            prompt, said = _parse(path, number, line)
            if prompt in found:
                raise CorpusError(f"--replies {path}, line {number}: {prompt} has a reply already.")
            found[prompt] = said
    lacking = [one.id for one in prompts if one.real and one.id not in found]
    if lacking:
        n = sum(bool(one.real) for one in prompts)
        raise CorpusError(
            f"--replies {path} lacks a reply to {len(lacking)} of the {n} prompts, {lacking[0]} "
            "the first of them; the ids stand in the replies.jsonl of any evaluation."
        )
    return Rows(name, "file", tuple(found.get(one.id) for one in prompts))


def _parse(path: Path, number: int, line: str) -> tuple[str, Said]:
    try:
        content = json.loads(line)
        prompt, text = content["id"], content["reply"]
        finished = content.get("finished")
    except (ValueError, KeyError, TypeError, AttributeError):
        prompt = text = finished = None
    if not isinstance(prompt, str) or not isinstance(text, str):
        raise CorpusError(
            f'--replies {path}, line {number} is not {{"id": "...", "reply": "..."}}.'
        )
    return prompt, Said(text, finished=finished if isinstance(finished, bool) else None)
