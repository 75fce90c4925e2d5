from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.dialogues.cap import cap_turns
from corpus.dialogues.cuts import OVERLONG

LENGTHS = st.lists(st.tuples(st.integers(2, 9), st.integers(2, 9)), min_size=1, max_size=8).map(
    lambda pairs: [n for pair in pairs for n in pair]
)


@pytest.mark.parametrize("overlong", OVERLONG)
def test_what_fits_exactly_is_kept_whole(overlong):
    assert cap_turns([5, 5], 12, overlong) == [range(2)]


def test_one_token_too_many_costs_the_last_pair():
    assert cap_turns([5, 5, 2, 2], 15, "truncate") == [range(2)]


def test_a_first_pair_over_the_limit_leaves_nothing_to_truncate():
    assert cap_turns([9, 9, 2, 2], 15, "truncate") == []


def test_split_goes_on_behind_a_pair_over_the_limit():
    assert cap_turns([9, 9, 2, 2, 3, 3], 10, "split") == [range(2, 4), range(4, 6)]


@given(LENGTHS, st.integers(6, 60), st.sampled_from(OVERLONG))
def test_rows_are_whole_pairs_in_order_within_the_limit(n_tokens, max_tokens, overlong):
    rows = cap_turns(n_tokens, max_tokens, overlong)
    assert all(row and row.start % 2 == 0 and row.stop % 2 == 0 for row in rows)
    assert all(before.stop <= after.start for before, after in pairwise(rows))
    assert all(sum(n_tokens[row.start : row.stop]) + 2 <= max_tokens for row in rows)


@given(LENGTHS, st.integers(6, 60))
def test_truncate_keeps_the_longest_prefix(n_tokens, max_tokens):
    fitting = [
        end for end in range(2, len(n_tokens) + 1, 2) if sum(n_tokens[:end]) + 2 <= max_tokens
    ]
    expected = [range(max(fitting))] if fitting else []
    assert cap_turns(n_tokens, max_tokens, "truncate") == expected


@given(LENGTHS, st.integers(6, 60))
def test_split_skips_only_pairs_that_exceed_the_limit_alone(n_tokens, max_tokens):
    rows = cap_turns(n_tokens, max_tokens, "split")
    kept = {turn for row in rows for turn in row}
    for turn in range(0, len(n_tokens), 2):
        too_long = n_tokens[turn] + n_tokens[turn + 1] + 2 > max_tokens
        assert (turn in kept) != too_long
    for row, after in pairwise(rows):
        if row.stop == after.start:
            assert sum(n_tokens[row.start : row.stop + 2]) + 2 > max_tokens


@given(LENGTHS, st.integers(6, 60))
def test_drop_keeps_all_or_nothing(n_tokens, max_tokens):
    fits = sum(n_tokens) + 2 <= max_tokens
    assert cap_turns(n_tokens, max_tokens, "drop") == ([range(len(n_tokens))] if fits else [])
