"""Steps in worker processes, and a limit of time for each."""

import multiprocessing
import time
from functools import partial

import pytest

from corpus.building.limit import TooLongError, at_most
from corpus.building.workers import TRIES, Death, Workers

MUCH = 1 << 40  # bytes: enough for any number of workers


def test_a_step_that_takes_too_long_is_ended_and_the_others_are_done():
    steps = [partial(time.sleep, 600), *(partial(abs, -k) for k in range(1, 6))]
    with Workers(workers=2, n_bytes=MUCH) as workers:
        assert workers.ends_steps
        answers = dict(workers.run(steps, seconds=1.5))
    told = Death("it took longer than --item-timeout, 1.5 s")
    assert answers.pop(0) == told
    assert answers.keys() == {1, 2, 3, 4, 5}
    assert all(answer in (place, told) for place, answer in answers.items())
    assert not multiprocessing.active_children()


def write_for_ever(path):
    while True:
        path.write_bytes(b"")


def fail():
    raise ValueError("no file any more")


def test_a_step_that_nobody_waits_for_writes_nothing_more(tmp_path):
    path = tmp_path / "part"
    with Workers(workers=2, n_bytes=MUCH) as workers:
        dict(workers.run([partial(abs, -1)] * 2))  # both are there
        with pytest.raises(ValueError, match="no file any more"):
            list(workers.run([partial(write_for_ever, path), partial(time.sleep, 1), fail]))
        path.unlink()
        time.sleep(0.2)
        assert not path.exists()
        assert dict(workers.run([partial(abs, -2), partial(abs, -3)])) == {0: 2, 1: 3}


def test_a_step_without_a_limit_may_take_its_time():
    with Workers(workers=2, n_bytes=MUCH) as workers:
        answers = dict(workers.run([partial(time.sleep, 0.2), partial(abs, -1)]))
    assert answers == {0: None, 1: 1}


def loop():
    while True:
        pass


@pytest.mark.parametrize("act", [loop, partial(time.sleep, 600)])
def test_an_alarm_ends_what_takes_too_long_in_this_process(act):
    for _ in range(TRIES):
        with pytest.raises(TooLongError), at_most(0.05):
            act()


def test_an_alarm_leaves_nothing_behind():
    with at_most(0.05):
        pass
    with at_most(None):
        pass
    with at_most(600), at_most(0.01):  # somebody has set an alarm already
        time.sleep(0.05)
    time.sleep(0.1)
