"""The utterances that the text rules leave out, line by line beside the ledger.

A line has the dialogue, the place of the utterance in it as it was read, the reason, and the text
as it was typed. The dialogue itself may be a row, or be rejected for a reason of its own.
"""

import gzip
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import orjson

from corpus.output.ledger import GZIP_LEVEL
from corpus.records import Dialogue


class Dropped(NamedTuple):
    """One utterance that is left out."""

    dialogue: Dialogue
    place: int  # in the dialogue, from 0
    reason: str
    text: str


def dropped_of(dialogues: Sequence[Dialogue], reasons: Mapping[int, str]) -> Iterator[Dropped]:
    """Yield the utterances that a batch leaves out, by their places among all of the batch."""
    ends = list(accumulate(len(dialogue.texts) for dialogue in dialogues))
    for at in sorted(reasons):
        k = bisect(ends, at)
        dialogue = dialogues[k]
        place = at - ends[k] + len(dialogue.texts)
        yield Dropped(dialogue, place, reasons[at], dialogue.texts[place])


def dropped_member(dropped: Iterable[Dropped]) -> bytes:
    """Return the lines of some utterances as one gzip member; members can be joined."""
    lines = b"".join(orjson.dumps(_line(one), option=orjson.OPT_APPEND_NEWLINE) for one in dropped)
    return gzip.compress(lines, GZIP_LEVEL, mtime=0) if lines else b""


def _line(one: Dropped) -> dict[str, str | int]:
    return {
        "dialogue_id": one.dialogue.dialogue_id,
        "source": one.dialogue.source,
        "raw_file": one.dialogue.raw_file,
        "raw_offset": one.dialogue.raw_offset,
        "place": one.place,
        "reason": one.reason,
        "raw": one.text,
    }
