from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.training.labels import (
    LAST_SYS,
    LOWEST_KIND,
    SYS,
    USR,
    make_sequences,
)
from corpus.training.packing import pack
from corpus.training.shards import Dialogues
from corpus.training.strategies import STRATEGIES

S, E, U, Y = 0, 1, 2, 4  # <s> </s> <usr> <sys>
N = None  # nothing is scored
FIRST = [U, 10, 11, Y, 20, U, 12, Y, 21, 22]  # 안녕 / 응 / 뭐 해 / 밥 먹어
FIRST_STARTS = [0, 3, 5, 7]
SECOND = [U, 13, Y, 23, 24]
SECOND_STARTS = [0, 2]

# What the two dialogues feed, and what each fed token should predict.
GOLDEN = {
    "input": (
        [U, 10, 11, Y, 20, U, 12, Y, 21, 22, *SECOND],
        [10, 11, Y, 20, U, 12, Y, 21, 22, E, 13, Y, 23, 24, E],
    ),
    "all-sys": (
        [U, 10, 11, Y, 20, U, 12, Y, 21, 22, *SECOND],
        [N, N, N, 20, U, N, N, 21, 22, E, N, N, 23, 24, E],
    ),
    "last-sys": (
        [U, 10, 11, Y, 20, U, 12, Y, 21, 22, *SECOND],
        [N, N, N, N, N, N, N, 21, 22, E, N, N, 23, 24, E],
    ),
    "shift": (
        [S, U, 10, 11, Y, 20, U, 12, Y, 21, 22, S, *SECOND],
        [U, 10, 11, Y, 20, U, 12, Y, 21, 22, E, *SECOND, E],
    ),
}


def joined(lists):
    return list(chain.from_iterable(lists))


def dialogues(*pairs):
    """Dialogues of (token ids, turn starts)."""
    ids = [ids for ids, _ in pairs]
    starts = [starts for _, starts in pairs]
    return Dialogues(
        token_ids=np.array(joined(ids), np.int32),
        offsets=np.cumsum([0, *map(len, ids)]),
        turn_starts=np.array(joined(starts), np.int32),
        turn_offsets=np.cumsum([0, *map(len, starts)]),
        source=np.zeros(len(pairs), np.uint8),
    )


def fed_and_scored(sequences, lowest_kind):
    row = pack(sequences, np.arange(len(sequences.lengths)), lowest_kind)
    targets = [None] * len(row.ids)
    for place, target in zip(row.scored.tolist(), row.targets.tolist(), strict=True):
        targets[place] = target
    return row.ids.tolist(), targets


@pytest.mark.parametrize("labels", STRATEGIES)
def test_a_hand_written_dialogue_has_the_targets_written_by_hand(labels):
    both = dialogues((FIRST, FIRST_STARTS), (SECOND, SECOND_STARTS))
    sequences = make_sequences(both, bos=S, eos=E, shift=labels == "shift")
    assert fed_and_scored(sequences, LOWEST_KIND[labels]) == GOLDEN[labels]


def test_validation_scores_a_shift_model_on_the_same_tokens_as_the_others():
    both = dialogues((FIRST, FIRST_STARTS), (SECOND, SECOND_STARTS))
    for kind in (USR, SYS, LAST_SYS):
        scored = []
        for shift in (False, True):
            sequences = make_sequences(both, bos=S, eos=E, shift=shift)
            _, targets = fed_and_scored(sequences, kind)
            scored.append([target for target in targets if target is not None])
        assert scored[0] == scored[1]


def test_a_last_reply_that_is_not_the_last_turn_ends_with_the_next_usr():
    one = dialogues(([U, 10, Y, 20, U, 11], [0, 2, 4]))
    sequences = make_sequences(one, bos=S, eos=E, shift=False)
    assert fed_and_scored(sequences, LAST_SYS)[1] == [None, None, 20, U, None, None]


def test_targets_are_counted_per_dialogue():
    both = dialogues((FIRST, FIRST_STARTS), (SECOND, SECOND_STARTS), ([U, 10], [0]))
    sequences = make_sequences(both, bos=S, eos=E, shift=False)
    assert sequences.labelled(USR).tolist() == [10, 5, 2]
    assert sequences.labelled(SYS).tolist() == [5, 3, 0]
    assert sequences.labelled(LAST_SYS).tolist() == [3, 3, 0]
    assert make_sequences(both, bos=S, eos=E, shift=True).labelled(0).tolist() == [11, 6, 3]


def slowly(turns, labels):
    """The targets of one dialogue, turn by turn, as the README tells it."""
    ids = [token for turn in turns for token in turn]
    following = [*ids[1:], E]
    targets = [None] * len(ids)
    place = 0
    replies = [number for number in range(len(turns)) if number % 2]
    for number, turn in enumerate(turns):
        wanted = {
            "input": True,
            "all-sys": number in replies,
            "last-sys": number in replies[-1:],
        }[labels]
        for _ in turn:
            if wanted:
                targets[place] = following[place]
            place += 1
    return targets


text = st.lists(st.integers(10, 99), max_size=5)


@given(
    st.lists(st.lists(text, min_size=1, max_size=6), min_size=1, max_size=6),
    st.sampled_from(["input", "all-sys", "last-sys"]),
)
def test_any_dialogues_have_the_targets_that_a_slow_reading_gives(spoken, labels):
    split = [
        [[Y if number % 2 else U, *words] for number, words in enumerate(one)] for one in spoken
    ]
    together = dialogues(
        *((joined(turns), np.cumsum([0, *map(len, turns)])[:-1].tolist()) for turns in split)
    )
    sequences = make_sequences(together, bos=S, eos=E, shift=False)
    ids, targets = fed_and_scored(sequences, LOWEST_KIND[labels])
    assert ids == together.token_ids.tolist()
    assert targets == joined(slowly(turns, labels) for turns in split)
