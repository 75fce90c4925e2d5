"""The keys: what a dialogue is compared by, and what other options would have kept of it."""

from hashlib import sha256

import numpy as np

from corpus.records import Source, Split

# One entry for every dialogue that some choice of options would keep. From these alone the commit
# decides duplicates, and counts what every other choice would have kept.
KEY = np.dtype(
    [
        ("id", "<u8"),  # of the raw id
        ("text", "<u8"),  # of roles + normalised turns before names
        ("held_out", "<u1"),  # place in HELD_OUT, the last one first
        ("folded", "?"),  # kept by --multi-party fold alone
        ("trimmed", "?"),  # kept by --usr-ending trim alone
        ("truncate", "<u4"),  # rows under each --overlong
        ("split", "<u4"),
        ("drop", "<u4"),
        ("rows", "<u4"),  # rows in this part: those of the options of this build
        ("tokens", "<u4"),  # before the cap, <s> and </s> included; 0 where they were not counted
        ("utterances", "<u4"),  # left after the text rules
        ("in_rows", "<u4"),  # of them, those in the rows
    ]
)
Keys = np.ndarray[tuple[int], np.dtype[np.void]]
HELD_OUT: tuple[Split, ...] = ("train", "test", "validation")  # of duplicates the last one stays


def key_of(text: str) -> int:
    """Return 64 bits of the sha256 of `text`: equal keys are taken for equal texts.

    Two of 100 million different dialogues share one with a chance of 1 in 3,700.
    """
    return int.from_bytes(sha256(text.encode()).digest()[:8], "little")


def id_key(source: Source, dialogue_id: str) -> int:
    """Return the key of an id; `summary` is a part of `sns`, so the two share their ids."""
    space = "summary" if source == "sns" else source
    return key_of(f"{space}/{dialogue_id}")
