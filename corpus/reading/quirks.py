"""What AIHub's files do not keep to, how often that was measured, and when it is no quirk any more.

A quirk is handled, and counted. One that stands in far more dialogues than it did in AIHub's files
says that these are other files, which nobody has looked at: that is a problem.
"""

from collections.abc import Iterator, Mapping
from typing import TypedDict

from corpus.counts import Counts
from corpus.reading.entries import Decoded
from corpus.reading.sources import READERS
from corpus.records import Document

# The share of dialogues that have it, in 5,242 files of AIHub 543, or as is assumed.
RATES = {
    "wrong_title": 0.29,  # it names another dialogue
    "wrong_speaker_type": 361 / 5242,  # it says 1:1 of three speakers
    "line_end_in_text": 0.0033,  # assumed: it was seen, and not counted
    "doubled_line": 13 / 5242,
    "empty_norm_text": 9 / 5242,
    "stuck_norm_text": 0.001,  # assumed, as above
    "prefix_of_another": 0.0,
    "no_prefix": 0.0,
    "prefix_inside": 0.0,  # assumed, as above
}
# Nobody counted these.
ASSUMED = ("line_end_in_text", "stuck_norm_text", "prefix_inside")
TIMES, SHARE = 10, 0.05  # so many times the rate and more than this share is too much ...
DIALOGUES = 3  # ... in so many dialogues at least, or in all of a place that has fewer


class Problem(TypedDict):
    """What is wrong with a whole document, archive or folder, as the manifest has it."""

    reason: str
    place: str  # in raw/
    detail: str


def place_of(raw_file: str) -> str:
    """Return the archive or the folder of a document that is one dialogue.

    >>> place_of("a/TL_01.zip!K_1.json"), place_of("a/K_1.json"), place_of("K_1.json")
    ('a/TL_01.zip', 'a/', './')
    """
    archive, mark, _ = raw_file.partition("!")
    return archive if mark else f"{raw_file.rpartition('/')[0] or '.'}/"


def count_odd(decoded: Decoded, document: Document, counts: Counts) -> None:
    """Count the quirks of what was decoded, and in how many dialogues of which place they stand."""
    if decoded.quirks:
        counts["quirks"].update(decoded.quirks)
    if decoded.dialogues and READERS[decoded.dialogues[0].source].is_document:
        place = place_of(document.raw_file)
        counts["dialogues_in"][place] += len(decoded.dialogues)
        for quirk, n in decoded.odd.items():
            counts["odd"][f"{quirk}/{place}"] += n


def quirk_problems(counts: Mapping[str, Mapping[str, int]]) -> Iterator[Problem]:
    """Yield the quirks that stand far too often in a place, of what `count_odd` has counted."""
    for name, n in sorted(counts.get("odd", {}).items()):
        quirk, _, place = name.partition("/")
        n_all = counts["dialogues_in"][place]
        if n / n_all > max(TIMES * RATES[quirk], SHARE) and n >= min(DIALOGUES, n_all):
            detail = (
                f"{quirk} in {n / n_all:.1%} of {n_all:,} dialogues; in AIHub's files it is in "
                f"{'about ' if quirk in ASSUMED else ''}{RATES[quirk]:.1%}: "
                "is this another data set, or was it changed?"
            )
            yield Problem(reason="unlike_its_source", place=place, detail=detail)
