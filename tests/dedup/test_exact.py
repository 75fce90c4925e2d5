from hashlib import sha256

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from corpus.dedup.exact import (
    as_duplicates,
    choices,
    duplicates_of,
    occurs_twice,
    rejected_duplicates,
    rows_of,
    rows_repeated,
)
from corpus.dedup.keys import KEY
from corpus.options import CHOICES
from corpus.records import RAW_BYTES

OVERLONG = CHOICES["overlong"]
ENTRY = st.tuples(st.integers(0, 4), st.integers(0, 4), st.booleans())


def keys_of(*entries):
    """Entries are (id, text, validation) or the first nine of KEY, up to the rows."""
    filled = [e if len(e) == 9 else (*e, False, False, 1, 1, 1, 1) for e in entries]
    return np.array([(*e, *[0] * (len(KEY) - 9)) for e in filled], KEY)


def slow_duplicates(entries):
    """The contract, literally: first in plan order wins, validation before train."""
    found = [-1] * len(entries)
    kept: list[int] = []
    for validation in (True, False):
        for place, (one, text, is_validation) in enumerate(entries):
            if is_validation != validation:
                continue
            same_id = [k for k in kept if entries[k][0] == one]
            same_text = [k for k in kept if entries[k][1] == text]
            if same_id or same_text:
                found[place] = (same_id or same_text)[0]
            else:
                kept.append(place)
    return found


def test_the_first_in_plan_order_wins():
    assert duplicates_of(keys_of((1, 1, False), (2, 1, False))).tolist() == [-1, 0]


def test_validation_wins_over_train():
    assert duplicates_of(keys_of((1, 1, False), (1, 2, True))).tolist() == [1, -1]


def pair(one, first):
    """A duplicate and its original, as arrays."""
    return np.array([one]), np.array([first]), np.zeros(1)


def with_versions(keys, *versions):
    keys["version"] = versions
    return keys


def test_of_one_id_in_two_versions_the_newer_stays_whatever_its_place_and_its_split():
    keys = with_versions(keys_of((1, 1, True), (2, 2, False), (1, 3, False)), 0, 0, 20250929)
    assert duplicates_of(keys).tolist() == [2, -1, -1]
    assert as_duplicates(keys, *pair(0, 2)).other_text.tolist() == [True]


def test_the_same_text_under_the_same_id_is_no_other_text():
    keys = with_versions(keys_of((1, 1, False), (1, 1, False)), 0, 20250929)
    assert duplicates_of(keys).tolist() == [1, -1]
    assert as_duplicates(keys, *pair(0, 1)).other_text.tolist() == [False]


def test_a_newer_folder_changes_nothing_for_other_ids():
    keys = with_versions(keys_of((1, 1, False), (2, 1, False)), 0, 20250929)
    assert duplicates_of(keys).tolist() == [-1, 0]


def test_a_duplicate_is_nobodys_first():
    keys = keys_of((1, 1, False), (1, 2, False), (3, 2, False))
    assert duplicates_of(keys).tolist() == [-1, 0, -1]


@given(st.lists(ENTRY, max_size=12))
def test_duplicates_follow_the_contract(entries):
    assert duplicates_of(keys_of(*entries)).tolist() == slow_duplicates(entries)


def rows_under(keys, *, dedup="exact", built_as="drop", **choice):
    n_rows = int(rows_of(keys, choice, built_as).sum())
    return n_rows - rows_repeated(keys, choice, built_as) if dedup != "off" else n_rows


def other_choices(keys, **given):
    """The rows under each other choice."""
    built_as = given["multi_party"]
    return {
        name: rows_under(keys, **choice, built_as=built_as)
        for name, choice in choices(given).items()
    }


def test_every_other_choice_is_counted_alone_and_all_together():
    keys = keys_of(
        (1, 1, False, False, False, 1, 1, 1, 1),  # a plain row
        (2, 2, False, True, False, 1, 3, 0, 0),  # three speakers, over the limit
        (3, 3, False, False, True, 1, 1, 1, 0),  # ends on <usr>
        (4, 3, False, False, True, 1, 1, 1, 0),  # and its duplicate
        (5, 5, False, False, False, 1, 2, 0, 1),  # over the limit
    )
    for name in ("text", *OVERLONG):  # nearest keeps of a group what folding keeps
        keys[f"other_{name}"] = keys[name]
    defaults = {"multi_party": "drop", "usr_ending": "drop", "overlong": "truncate"}
    assert rows_under(keys, **defaults) == 2
    assert other_choices(keys, **defaults) == {
        "--multi-party nearest": 3,
        "--multi-party fold": 3,
        "--usr-ending trim": 3,
        "--overlong split": 3,
        "--multi-party nearest --usr-ending trim --overlong split": 7,
    }
    assert other_choices(keys, **defaults | {"overlong": "split", "usr_ending": "trim"}) == {
        "--multi-party nearest": 7,
        "--multi-party fold": 7,
    }


def test_what_nearest_keeps_of_a_group_is_counted_by_its_own_text_and_tokens():
    keys = keys_of(
        (1, 1, False, False, False, 1, 1, 1, 1),
        (2, 2, False, True, False, 0, 0, 0, 0),  # folded it is too long
        (3, 3, False, True, False, 1, 1, 1, 0),
    )
    keys["other_text"], keys["other_truncate"] = [0, 9, 1], [0, 1, 1]
    given = {"usr_ending": "drop", "overlong": "truncate"}
    assert rows_under(keys, multi_party="fold", **given) == 2
    assert rows_under(keys, multi_party="nearest", **given) == 2  # the third repeats the first
    assert rows_under(keys, multi_party="nearest", **given, dedup="off") == 3
    keys["other_text"], keys["text"] = keys["text"].copy(), keys["other_text"].copy()
    assert rows_under(keys, multi_party="nearest", **given, built_as="nearest") == 2
    assert list(other_choices(keys, multi_party="nearest", **given)) == [
        "--usr-ending trim",
        "--overlong split",
        "--usr-ending trim --overlong split",
    ]


@given(st.lists(st.integers(0, 9), max_size=12))
def test_what_occurs_twice_is_found(values):
    found = occurs_twice(np.array(values, np.uint64)).tolist()
    assert found == [values.count(value) > 1 for value in values]


def test_a_duplicate_says_what_it_repeats_and_keeps_little_of_its_raw_text():
    ones, firsts = (
        [
            {
                "dialogue_id": f"d{k}",
                "source": "sns",
                "split": "train",
                "raw_file": "a.json",
                "raw_offset": k,
            }
            for k in places
        ]
        for places in (range(4, 12), [k % 4 for k in range(4, 12)])
    )

    def read_raw(places):
        yield from ((place, b"%d" % place[1] * RAW_BYTES) for place in reversed(places))

    for k, one in enumerate(rejected_duplicates(ones, firsts, [0.0] * 8, [False] * 8, read_raw), 4):
        raw = b"%d" % k * RAW_BYTES
        assert (one.dialogue_id, one.raw_file, one.raw_offset) == (f"d{k}", "a.json", k)
        assert one.detail == f"same text as d{k % 4} in a.json at {k % 4}"
        assert (one.raw, one.whole) == (raw[:RAW_BYTES], (len(raw), sha256(raw).hexdigest()))
