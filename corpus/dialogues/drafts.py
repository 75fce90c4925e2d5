"""Drafts: the turns of each dialogue, before names and tokens."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import numpy as np

from corpus.counts import Counts
from corpus.dialogues.said import Said
from corpus.dialogues.turns import Arrangement
from corpus.records import Dialogue, Rejected

# The mark before each text. A text that is in no turn has none. No normalised text holds the last
# two characters.
NONE, BESIDE, TURN, DIALOGUE = "", " ", "\n", "\x1e"


class Drafts(NamedTuple):
    """The dialogues that have turns: future rows, and dialogues that other options would keep."""

    dialogues: list[Dialogue]
    kept: list[bool]  # under these options
    scripts: list[str]  # of each its turns, one a line, with placeholders
    n_turns: list[int]
    said: list[slice]  # of each: its utterances, with those in no turn, in the next two fields
    all_said: Said
    marks: list[str]


def make_drafts(
    dialogues: Sequence[Dialogue],
    said: Said,
    arranged: Arrangement,
    reasons: Sequence[str | None],
) -> Drafts:
    """Return the drafts of all dialogues that have turns."""
    kinds = np.where(arranged.begins, TURN, BESIDE)
    kinds[~arranged.in_turn] = NONE
    in_turn = np.flatnonzero(arranged.in_turn)
    kinds[in_turn[np.diff(arranged.dialogue[in_turn], prepend=-1) > 0]] = DIALOGUE
    marks: list[str] = kinds.tolist()
    places = np.flatnonzero(arranged.n_turns)
    ends, lengths = np.cumsum(said.lengths)[places], said.lengths[places]
    return Drafts(
        dialogues=[dialogues[place] for place in places.tolist()],
        kept=[reasons[place] is None for place in places.tolist()],
        scripts=script_of(marks, said.texts).split(DIALOGUE)[1:],
        n_turns=arranged.n_turns[places].tolist(),
        said=list(map(slice, (ends - lengths).tolist(), ends.tolist())),
        all_said=said,
        marks=marks,
    )


def script_of(marks: Sequence[str], texts: Sequence[str]) -> str:
    """Join texts, each with its mark in front; a text in no turn is left out."""
    return "".join([mark + text for mark, text in zip(marks, texts, strict=True) if mark])


def not_arranged(
    dialogues: Sequence[Dialogue],
    said: Said,
    arranged: Arrangement,
    reasons: Sequence[str | None],
    counts: Counts,
) -> Iterator[Rejected]:
    """Yield the dialogues whose turns cannot be a row."""
    numbers = zip(arranged.n_speakers.tolist(), said.lengths.tolist(), strict=True)
    for dialogue, reason, (n_speakers, n_left) in zip(dialogues, reasons, numbers, strict=True):
        if reason:
            who = f"{n_speakers} speakers, " if n_speakers > 1 else ""
            counts["left_out"][reason] += n_left
            yield reject(dialogue, "turns", reason, f"{who}{n_left} utterances left")


def reject(
    dialogue: Dialogue, stage: Literal["turns", "tokens"], reason: str, detail: str
) -> Rejected:
    """Return a dialogue as one that is left out."""
    return Rejected(
        stage=stage,
        reason=reason,
        detail=detail,
        source=dialogue.source,
        dialogue_id=dialogue.dialogue_id,
        raw_file=dialogue.raw_file,
        raw_offset=dialogue.raw_offset,
        raw=dialogue.raw,
    )
