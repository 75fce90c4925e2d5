from itertools import chain, groupby, pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from corpus.dialogues.turns import arrange_turns, reject_reasons, turns_of

SPEAKERS = st.lists(st.sampled_from("abc"), max_size=12)


def reason_of(speakers, *, multi_party="drop", usr_ending="drop"):
    arranged = arrange_turns(speakers, [len(speakers)])
    [reason] = reject_reasons(arranged, multi_party=multi_party, usr_ending=usr_ending)
    return reason


def arranged_alone(speakers, *, nearest=False):
    """Turns, whether folded and whether trimmed, of one dialogue, as one would write it for one."""
    if len(set(speakers)) < 2:
        return [], False, False
    folded = len(set(speakers)) > 2
    roles = [speaker == speakers[-1] for speaker in speakers] if folded else speakers
    runs = [list(run) for _, run in groupby(range(len(roles)), key=roles.__getitem__)]
    if folded and nearest:
        runs = [run if roles[run[0]] else last_run(run, speakers) for run in runs]
    if folded:
        return runs[1:] if roles[0] else runs, True, False
    trimmed = len(runs) % 2 == 1
    return runs[:-1] if trimmed else runs, False, trimmed


def last_run(run, speakers):
    """Of what several said, what the last one of them said without another one between."""
    return [list(run) for _, run in groupby(run, key=speakers.__getitem__)][-1]


def test_nothing_left_is_no_text():
    assert turns_of([]) == []
    assert reason_of([]) == "no_text"


def test_a_monologue_is_one_speaker():
    assert turns_of(["a", "a"]) == []
    assert reason_of(["a", "a"], usr_ending="trim") == "one_speaker"


def test_two_speakers_ending_on_the_second_are_a_row():
    assert turns_of(["1번", "2번"]) == [[0], [1]]
    assert reason_of(["1번", "2번"]) is None


def test_the_first_speaker_left_is_usr_whatever_he_is_called():
    assert turns_of(["2번", "1번"]) == [[0], [1]]


def test_a_dialogue_that_ends_on_usr_is_rejected_or_trimmed():
    speakers = ["a", "b", "b", "a"]
    assert turns_of(speakers) == [[0], [1, 2]]
    assert reason_of(speakers) == "ends_on_usr"
    assert reason_of(speakers, usr_ending="trim") is None


def test_more_than_two_speakers_are_rejected_or_folded():
    speakers = ["c", "a", "b", "c", "a", "c"]
    assert turns_of(speakers) == [[1, 2], [3], [4], [5]]
    assert reason_of(speakers, usr_ending="trim") == "multi_party"
    assert reason_of(speakers, multi_party="fold") is None
    assert reason_of(speakers, multi_party="nearest") is None


def test_nearest_keeps_whom_the_last_speaker_answers():
    speakers = ["c", "a", "b", "b", "c", "b", "a", "c"]
    assert turns_of(speakers, nearest=True) == [[2, 3], [4], [6], [7]]
    assert turns_of(["a", "b", "a", "b"], nearest=True) == [[0], [1], [2], [3]]
    arranged = arrange_turns(speakers, [len(speakers)], nearest=True)
    assert np.flatnonzero(arranged.other_speaker).tolist() == [1, 5]


@given(SPEAKERS)
def test_no_turn_of_nearest_holds_two_speakers_and_every_group_has_a_row(speakers):
    turns = turns_of(speakers, nearest=True)
    assert bool(turns) == (len(set(speakers)) > 1)
    assert len(turns) % 2 == 0
    for one, other in pairwise(turns):
        assert speakers[one[0]] != speakers[other[0]]
    assert all(len({speakers[place] for place in turn}) == 1 for turn in turns)
    if len(set(speakers)) > 2:
        assert {speakers[turn[0]] for turn in turns[1::2]} == {speakers[-1]}
        arranged = arrange_turns(speakers, [len(speakers)], nearest=True)
        left_out = set(np.flatnonzero(arranged.other_speaker).tolist())
        assert left_out.isdisjoint(place for turn in turns for place in turn)
        kept = {place for turn in turns for place in turn} | left_out
        opening = [place for place in range(len(speakers)) if place not in kept]
        assert all(speakers[place] == speakers[-1] for place in opening)


def test_many_speakers_come_before_the_ending():
    assert reason_of(["a", "b", "c", "a"]) == "multi_party"


@given(SPEAKERS)
def test_turns_alternate_begin_on_usr_and_end_on_sys(speakers):
    turns = turns_of(speakers)
    if not turns:
        assert len(set(speakers)) < 2
        return
    assert len(turns) % 2 == 0
    places = [place for turn in turns for place in turn]
    assert places == list(range(places[0], places[-1] + 1))
    assert all(turns)
    answering = speakers[turns[-1][-1]]
    if reason_of(speakers, multi_party="fold") is None:
        assert places[-1] == len(speakers) - 1
    for place, turn in enumerate(turns):
        assert all((speakers[one] == answering) == bool(place % 2) for one in turn)


@given(SPEAKERS)
def test_folding_loses_only_leading_answers(speakers):
    if len(set(speakers)) > 2:
        assert set(speakers[: turns_of(speakers)[0][0]]) <= {speakers[-1]}


@given(st.lists(SPEAKERS, max_size=8), st.booleans())
def test_dialogues_are_arranged_together_as_each_alone(dialogues, nearest):
    arranged = arrange_turns(list(chain(*dialogues)), list(map(len, dialogues)), nearest=nearest)
    bounds = np.cumsum([0, *map(len, dialogues)]).tolist()
    for k, (speakers, (start, end)) in enumerate(zip(dialogues, pairwise(bounds), strict=True)):
        turns, folded, trimmed = arranged_alone(speakers, nearest=nearest)
        assert turns_of(speakers, nearest=nearest) == turns
        assert arranged.dialogue[start:end].tolist() == len(speakers) * [k]
        in_turn = np.flatnonzero(arranged.in_turn[start:end]).tolist()
        assert in_turn == [place for turn in turns for place in turn]
        begins = np.flatnonzero(arranged.begins[start:end]).tolist()
        assert begins == [turn[0] for turn in turns]
        assert arranged.n_turns[k] == len(turns)
        assert arranged.n_speakers[k] == len(set(speakers))
        assert (arranged.folded[k], arranged.trimmed[k]) == (folded, trimmed)
