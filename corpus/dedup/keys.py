"""The keys: what a dialogue is compared by, and what other options would have kept of it."""

import re
from hashlib import sha256

import numpy as np

from corpus.records import ABOUT, Source, Split

# One entry for every dialogue that some choice of options would keep. From these alone the commit
# decides duplicates, and counts what every other choice would have kept.
KEY = np.dtype(
    [
        ("id", "<u8"),  # of the raw id
        ("text", "<u8"),  # of roles + normalised turns before names
        ("held_out", "<u1"),  # place in HELD_OUT, the last one first
        ("folded", "?"),  # more than two speakers: kept by --multi-party nearest or fold
        ("trimmed", "?"),  # kept by --usr-ending trim alone
        ("truncate", "<u4"),  # rows under each --overlong
        ("split", "<u4"),
        ("drop", "<u4"),
        ("rows", "<u4"),  # rows in this part: those of the options of this build
        ("tokens", "<u4"),  # before the cap, <s> and </s> included; 0 where they were not counted
        ("utterances", "<u4"),  # left after the text rules
        ("in_rows", "<u4"),  # of them, those in the rows
        ("version", "<u4"),  # of the folder it comes from, the newest is the highest
        # Of a folded one: text and rows as nearest, where this build folds it, and the reverse.
        ("other_text", "<u8"),
        ("other_truncate", "<u4"),
        ("other_split", "<u4"),
        ("other_drop", "<u4"),
    ]
)
Keys = np.ndarray[tuple[int], np.dtype[np.void]]
HELD_OUT: tuple[Split, ...] = ("train", "test", "validation")  # of duplicates the last one stays


# AIHub puts corrected files into a folder of their own: `라벨링데이터_250929_add`, of 2025-09-29.
_VERSION = re.compile(r"(?:_([0-9]{6}|[0-9]{8}))?_add(?![^._ (])")


def version_of(raw_file: str) -> tuple[int, str]:
    """Return the version of a file, as a date if it has one, and the folder that tells it.

    >>> version_of("라벨링데이터_250929_add/TL_03.zip!K_1.json"), version_of("TL_03.zip!K_1.json")
    ((20250929, '라벨링데이터_250929_add'), (0, ''))
    """
    for part in re.split("[/!]", raw_file) if "_add" in raw_file else ():
        if found := _VERSION.search(part):
            date = found[1] or "1"
            return int(date) + (20_000_000 if len(date) == 6 else 0), part
    return 0, ""


def key_of(text: str) -> int:
    """Return 64 bits of the sha256 of `text`: equal keys are taken for equal texts.

    Two of 100 million different dialogues share one with a chance of 1 in 3,700.
    """
    return int.from_bytes(sha256(text.encode()).digest()[:8], "little")


def id_key(source: Source, dialogue_id: str) -> int:
    """Return the key of an id; sources that have the same dialogues share their ids."""
    return key_of(f"{ABOUT[source].ids}/{dialogue_id}")
