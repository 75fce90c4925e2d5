from hypothesis import given
from hypothesis import strategies as st

from corpus.turns import Arrangement, arrange_turns, reject_reason, runs

SPEAKERS = st.lists(st.sampled_from("abc"), max_size=12)


def test_nothing_left_is_no_text():
    assert arrange_turns([]) == "no_text"


def test_a_monologue_is_one_speaker():
    assert arrange_turns(["a", "a"]) == "one_speaker"


def test_two_speakers_ending_on_the_second_are_a_row():
    arrangement = arrange_turns(["1번", "2번"])
    assert arrangement == Arrangement([[0], [1]], folded=False, trimmed=False)
    assert reject_reason(arrangement, multi_party="drop", usr_ending="drop") is None


def test_the_first_speaker_left_is_usr_whatever_he_is_called():
    arrangement = arrange_turns(["2번", "1번"])
    assert arrangement.turns == [[0], [1]]


def test_a_dialogue_that_ends_on_usr_is_rejected_or_trimmed():
    arrangement = arrange_turns(["a", "b", "b", "a"])
    assert arrangement.turns == [[0], [1, 2]]
    assert reject_reason(arrangement, multi_party="drop", usr_ending="drop") == "ends_on_usr"
    assert reject_reason(arrangement, multi_party="drop", usr_ending="trim") is None


def test_more_than_two_speakers_are_rejected_or_folded():
    arrangement = arrange_turns(["c", "a", "b", "c", "a", "c"])
    assert arrangement.turns == [[1, 2], [3], [4], [5]]
    assert reject_reason(arrangement, multi_party="drop", usr_ending="trim") == "multi_party"
    assert reject_reason(arrangement, multi_party="fold", usr_ending="drop") is None


def test_many_speakers_come_before_the_ending():
    arrangement = arrange_turns(["a", "b", "c", "a"])
    assert reject_reason(arrangement, multi_party="drop", usr_ending="drop") == "multi_party"


@given(SPEAKERS)
def test_runs_hold_every_place_once_in_order(speakers):
    assert [place for run in runs(speakers) for place in run] == list(range(len(speakers)))


@given(SPEAKERS)
def test_turns_alternate_begin_on_usr_and_end_on_sys(speakers):
    arrangement = arrange_turns(speakers)
    if isinstance(arrangement, str):
        assert len(set(speakers)) < 2
        return
    turns = arrangement.turns
    assert len(turns) % 2 == 0
    assert turns
    places = [place for turn in turns for place in turn]
    assert places == list(range(places[0], places[-1] + 1))
    assert all(turns)
    answering = speakers[turns[-1][-1]]
    if not arrangement.trimmed:
        assert places[-1] == len(speakers) - 1
    for place, turn in enumerate(turns):
        assert all((speakers[one] == answering) == bool(place % 2) for one in turn)


@given(SPEAKERS)
def test_folding_loses_only_leading_answers(speakers):
    arrangement = arrange_turns(speakers)
    if isinstance(arrangement, Arrangement) and arrangement.folded:
        assert set(speakers[: arrangement.turns[0][0]]) <= {speakers[-1]}
