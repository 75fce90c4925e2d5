"""Turns and roles: who answers whom, and which dialogues cannot be a row.

A turn is a speaker's run of utterances. Turns alternate `<usr>`, `<sys>`, `<usr>`, ... and a row
ends on `<sys>`. What stands in the way of that is named, so that a build can say what every other
choice of options would have kept.

All dialogues of a batch are arranged at once, in numpy: their utterances stand one behind the
other, and `lengths` says how many each dialogue has.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from corpus.records import Ints, Mask


class Arrangement(NamedTuple):
    """The turns of some dialogues: even ones are `<usr>`, odd ones and so the last `<sys>`.

    Of more than two speakers the last one, or the agent, is `<sys>` and everyone else `<usr>`;
    neighbours of one role are one turn and leading `<sys>` turns go, so such a dialogue always
    begins on `<usr>`, and without an agent it always ends on `<sys>`. With `nearest` a `<usr>` turn
    holds one speaker, whom `<sys>` answers: what others said since the last answer is in no turn.
    """

    dialogue: Ints  # of each utterance
    in_turn: Mask  # of each utterance: it stands in a turn
    begins: Mask  # of each utterance: it begins one
    n_turns: Ints  # of each dialogue; none has one of fewer than two speakers
    n_speakers: Ints  # of each dialogue
    folded: Mask  # of each: more than two speakers, kept by `--multi-party nearest` or `fold`
    trimmed: Mask  # of each: the last turn is gone, `<usr>`: kept by `--usr-ending trim` alone
    other_speaker: Mask  # of each utterance: in no turn, as `<sys>` answers somebody else


def arrange_turns(
    speakers: Sequence[str],
    lengths: "Sequence[int] | Ints",
    agent: str | None = None,
    *,
    nearest: bool = False,
) -> Arrangement:
    """Arrange the utterances that are left of some dialogues into turns.

    Args:
        speakers: who wrote each utterance, in order.
        lengths: how many utterances each dialogue has.
        agent: who is `<sys>` among more than two speakers, where this one is among them.
        nearest: of more than two speakers only the one whom `<sys>` answers is `<usr>`; else all.
    """
    n_of = np.asarray(lengths, np.int64)
    dialogue = np.repeat(np.arange(len(n_of)), n_of)
    codes = {speaker: code for code, speaker in enumerate(dict.fromkeys(speakers))}
    speaker = np.fromiter(map(codes.__getitem__, speakers), np.int64, len(speakers))
    everyone = np.unique(dialogue * len(codes) + speaker) // max(1, len(codes))
    n_speakers = np.bincount(everyone, minlength=len(n_of))
    folded = n_speakers > 2
    answering = np.zeros(len(n_of), np.int64)  # the last speaker
    answering[n_of > 0] = speaker[np.cumsum(n_of)[n_of > 0] - 1]
    if agent in codes:
        answering[dialogue[speaker == codes[agent]]] = codes[agent]
    is_answer = speaker == answering[dialogue]
    other_speaker = np.zeros(len(speakers), np.bool_)
    if nearest and folded.any():
        other_speaker = folded[dialogue] & ~_before_answer(speaker, dialogue, is_answer)
    role = np.where(folded[dialogue], is_answer, speaker)
    role[other_speaker] = -1

    begins = np.ones(len(speakers), np.bool_)
    begins[1:] = (np.diff(role) != 0) | (np.diff(dialogue) != 0)
    turn = np.cumsum(begins) - 1
    of_turn, answers = dialogue[begins], is_answer[begins]
    n_turns = np.bincount(of_turn, minlength=len(n_of))
    last = np.cumsum(n_turns) - 1  # where each dialogue's turns end
    trimmed = (n_speakers == 2) & (n_turns % 2 == 1)
    trimmed[folded] = ~answers[last[folded]]  # only where an agent answers who is not the last
    goes = (n_speakers[of_turn] < 2) | other_speaker[begins]
    first = (last - n_turns + 1)[folded]
    goes[first[answers[first]]] = True
    goes[last[trimmed]] = True
    in_turn = ~goes[turn]
    left = np.bincount(of_turn[~goes], minlength=len(n_of))
    begins &= in_turn
    return Arrangement(dialogue, in_turn, begins, left, n_speakers, folded, trimmed, other_speaker)


def _before_answer(speaker: Ints, dialogue: Ints, is_answer: Mask) -> Mask:
    """Return which utterances are an answer or of the run of one speaker straight before one.

    The last run of a dialogue is one of them, answered or not.
    """
    begins = np.ones(len(speaker), np.bool_)
    begins[1:] = (np.diff(speaker) != 0) | (np.diff(dialogue) != 0)
    answers, of_run = is_answer[begins], dialogue[begins]
    stays = answers.copy()
    stays[:-1] |= answers[1:] | (np.diff(of_run) != 0)
    stays[-1:] = True
    chosen: Mask = stays[np.cumsum(begins) - 1]
    return chosen


def opening_of(speakers: Sequence[str], agent: str) -> int:
    """Return how many utterances the agent says before anybody else; 0 if nobody else speaks.

    >>> opening_of(["A", "A", "B", "A"], "A"), opening_of(["B", "A"], "A"), opening_of(["A"], "A")
    (2, 0, 0)
    """
    return next((n for n, speaker in enumerate(speakers) if speaker != agent), 0)


def turns_of(
    speakers: Sequence[str], agent: str | None = None, *, nearest: bool = False
) -> list[list[int]]:
    """Return the turns of one dialogue, as the places of their utterances.

    >>> turns_of(["a", "b", "b"]), turns_of(["a", "b", "a"]), turns_of(["c", "a", "b", "c"])
    ([[0], [1, 2]], [[0], [1]], [[1, 2], [3]])
    >>> turns_of(["a", "a"]), turns_of(["c", "a", "b", "c"], nearest=True)
    ([], [[2], [3]])
    """
    turns: list[list[int]] = []
    if len(set(speakers)) == 2:  # nearly always, and numpy takes 20 times as long for so little
        runs = [0, *(k for k in range(1, len(speakers)) if speakers[k] != speakers[k - 1])]
        turns = [[*range(*run)] for run in pairwise([*runs, len(speakers)])]
        return turns[: len(turns) // 2 * 2]
    arranged = arrange_turns(speakers, [len(speakers)], agent, nearest=nearest)
    for place in np.flatnonzero(arranged.in_turn).tolist():
        if arranged.begins[place]:
            turns.append([])
        turns[-1].append(place)
    return turns


def reject_reasons(arranged: Arrangement, *, multi_party: str, usr_ending: str) -> list[str | None]:
    """Return for each dialogue why it cannot be a row under these options, or None.

    >>> arranged = arrange_turns(["a", "b", "a", "a"], [3, 0, 1])
    >>> reject_reasons(arranged, multi_party="drop", usr_ending="drop")
    ['ends_on_usr', 'no_text', 'one_speaker']
    """
    reasons = np.full(len(arranged.n_turns), None, object)
    if usr_ending != "trim":
        reasons[arranged.trimmed] = "ends_on_usr"
    if multi_party == "drop":
        reasons[arranged.folded] = "multi_party"
    reasons[arranged.n_speakers == 1] = "one_speaker"
    reasons[arranged.n_speakers == 0] = "no_text"
    found: list[str | None] = reasons.tolist()
    return found
