"""Turns and roles: who answers whom, and which dialogues cannot be a row.

A turn is a speaker's run of utterances. Turns alternate `<usr>`, `<sys>`, `<usr>`, ... and a row
ends on `<sys>`. What stands in the way of that is named, so that a build can say what every other
choice of options would have kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The turns of one dialogue: even ones are `<usr>`, odd ones and so the last `<sys>`."""

    turns: list[list[int]]  # per turn, the places of its utterances
    folded: bool  # more than two speakers: kept by `--multi-party fold` alone
    trimmed: bool  # ended on `<usr>`, the last turn is gone: kept by `--usr-ending trim` alone


def runs(speakers: Sequence[str]) -> list[list[int]]:
    """Return the places of each run of equal speakers.

    >>> runs(["a", "a", "b", "a"])
    [[0, 1], [2], [3]]
    """
    places = range(len(speakers))
    return [list(run) for _, run in groupby(places, key=speakers.__getitem__)]


def arrange_turns(speakers: Sequence[str]) -> Arrangement | str:
    """Arrange the utterances that are left of a dialogue into turns, or return why it has none.

    Args:
        speakers: who wrote each utterance, in order.

    Returns:
        The arrangement, or the reason `no_text` or `one_speaker`. Of more than two speakers the
        last one is `<sys>` and everyone else `<usr>`; neighbours of one role are one turn and
        leading `<sys>` turns go, so such a dialogue always begins on `<usr>` and ends on `<sys>`.

    >>> arrange_turns(["a", "b", "b"])
    Arrangement(turns=[[0], [1, 2]], folded=False, trimmed=False)
    >>> arrange_turns(["a", "b", "a"])
    Arrangement(turns=[[0], [1]], folded=False, trimmed=True)
    >>> arrange_turns(["c", "a", "b", "c"])
    Arrangement(turns=[[1, 2], [3]], folded=True, trimmed=False)
    """
    if not speakers:
        return "no_text"
    n_speakers = len(set(speakers))
    if n_speakers == 1:
        return "one_speaker"
    if n_speakers > 2:
        roles = ["<sys>" if speaker == speakers[-1] else "<usr>" for speaker in speakers]
        first = roles.index("<usr>")
        turns = [[first + place for place in run] for run in runs(roles[first:])]
        return Arrangement(turns, folded=True, trimmed=False)
    turns = runs(speakers)
    if len(turns) % 2:
        return Arrangement(turns[:-1], folded=False, trimmed=True)
    return Arrangement(turns, folded=False, trimmed=False)


def reject_reason(arrangement: Arrangement, *, multi_party: str, usr_ending: str) -> str | None:
    """Return why a dialogue cannot be a row under these options, or None."""
    if arrangement.folded and multi_party != "fold":
        return "multi_party"
    if arrangement.trimmed and usr_ending != "trim":
        return "ends_on_usr"
    return None
