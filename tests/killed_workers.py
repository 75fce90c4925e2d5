"""Worker processes that die while they do a step."""

import os
import signal
import sys
from contextlib import contextmanager

import pytest

from corpus.building import workers


@contextmanager
def dying(is_meant, *, most=sys.maxsize):
    """Kill the workers that are given a step that is meant; yield the places of these steps."""
    died, give = [], workers._Worker.give

    def dies(worker, place, step):
        dies_now = len(died) < most and is_meant(step)
        if dies_now:  # stopped first, else it may be done before it is killed
            died.append(place)
            os.kill(worker.process.pid, signal.SIGSTOP)
        give(worker, place, step)
        if dies_now:
            os.kill(worker.process.pid, signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers._Worker, "give", dies)
        yield died
