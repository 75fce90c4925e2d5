"""Which step a worker does next."""

from corpus.building.waiting import Waiting

STEPS = [f"step {place}" for place in range(6)]


def taken(waiting, here, others=()):
    where, place, step = waiting.take(here, others)
    assert step == STEPS[place]
    return where, place


def test_steps_that_are_near_nothing_are_taken_in_order():
    waiting = Waiting(STEPS)
    assert [taken(waiting, k - 1, (3,))[1] for k in range(3)] == [0, 1, 2]


def test_a_worker_goes_on_where_it_is_and_keeps_away_from_others():
    waiting = Waiting(STEPS, near="aaabbc")
    assert taken(waiting, None) == ("a", 0)
    assert taken(waiting, None, ["a"]) == ("b", 3)
    assert taken(waiting, "b", ["a"]) == ("b", 4)
    assert taken(waiting, "a", ["b"]) == ("a", 1)
    assert taken(waiting, "b", ["a"]) == ("c", 5)


def test_who_has_nothing_else_to_do_helps_another_one():
    waiting = Waiting(STEPS, near="aaaaaa")
    assert [taken(waiting, "c", ["a"])[1] for _ in STEPS] == [0, 1, 2, 3, 4, 5]
    assert not waiting


def test_a_step_that_failed_waits_behind_all_others():
    waiting = Waiting(STEPS, near="aabbcc")
    assert taken(waiting, None) == ("a", 0)
    waiting.put_back(0)
    order = []
    while waiting:
        order.append(taken(waiting, "a")[1])
    assert order == [1, 2, 3, 4, 5, 0]
