"""Personal data that is parted into several messages of one turn."""

from collections.abc import Iterator, Sequence

import numpy as np

from corpus.dialogues.turns import turns_of
from corpus.records import Ints
from corpus.text.personal import in_pieces, where_pieces_begin


def with_pieces(texts: list[str], lengths: Ints) -> list[int]:
    """Return which dialogues may hold personal data that is parted into messages."""
    places = where_pieces_begin(texts)
    found: list[int] = np.unique(np.searchsorted(np.cumsum(lengths), places, "right")).tolist()
    return found


def find_pieces(speakers: Sequence[str], texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield which messages of a dialogue are personal data together, until none are.

    When they are gone, messages of one speaker that they kept apart are one turn.
    """
    left = list(range(len(texts)))
    while True:
        pieces = [
            left[turn[piece]]
            for turn in turns_of([speakers[place] for place in left])
            if len(turn) > 1  # a message alone was looked at
            for piece in in_pieces([texts[left[place]] for place in turn])
        ]
        if not pieces:
            return
        yield pieces
        left = [place for place in left if place not in pieces]
