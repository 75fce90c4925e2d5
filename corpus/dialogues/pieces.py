"""Personal data that is split over several messages of one turn (010 / 0000 / 1234)."""

from collections.abc import Iterator, Sequence

import numpy as np

from corpus.dialogues.turns import turns_of
from corpus.records import Ints
from corpus.text.personal import in_pieces, where_pieces_begin

MOST_ROUNDS = 32  # a person's number stands between the pieces of another's once, perhaps


def with_pieces(texts: list[str], lengths: Ints) -> list[int]:
    """Return which dialogues may hold personal data that is split over several messages."""
    places = where_pieces_begin(texts)
    found: list[int] = np.unique(np.searchsorted(np.cumsum(lengths), places, "right")).tolist()
    return found


def find_pieces(speakers: Sequence[str], texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield groups of messages that together are personal data, until there are none left.

    Removing messages can join two runs of one speaker into one turn, so the turns are searched
    again after each removal. Where they are nested deeper than in any chat all that is left goes.
    """
    left = list(range(len(texts)))
    for _ in range(MOST_ROUNDS):
        pieces = [
            left[turn[piece]]
            for turn in turns_of([speakers[place] for place in left])
            if len(turn) > 1  # single messages were checked before
            for piece in in_pieces([texts[left[place]] for place in turn])
        ]
        if not pieces:
            return
        yield pieces
        gone = set(pieces)
        left = [place for place in left if place not in gone]
    yield left
