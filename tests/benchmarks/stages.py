"""CPU time by stage: functions are timed where they are called, less the stages that they call."""

import inspect
import resource
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def timed(stages: Mapping[str, Sequence[tuple[object, str]]], whole: str) -> Iterator[Counter[str]]:
    """Yield the CPU-seconds of each stage, of which `whole` calls the others.

    Args:
        stages: for each stage its functions, as the object that has them and their name there.
        whole: what happens outside of it is not counted.
    """
    spent: Counter[str] = Counter()
    inner = [0.0]  # what was called takes, at each depth of calls
    untimed = [(home, name, getattr(home, name)) for row in stages.values() for home, name in row]

    def measure(stage, function, *args, **kwargs):
        if stage != whole and len(inner) == 1:
            return function(*args, **kwargs)
        began = cpu_seconds()
        inner.append(0.0)
        try:
            return function(*args, **kwargs)
        finally:
            took = cpu_seconds() - began
            spent[stage] += took - inner.pop()
            inner[-1] += took

    def watched(stage, function):
        @wraps(function)
        def call(*args, **kwargs):
            return measure(stage, function, *args, **kwargs)

        @wraps(function)
        def generate(*args, **kwargs):
            values, end = function(*args, **kwargs), object()
            while (value := measure(stage, next, values, end)) is not end:
                yield value

        return generate if inspect.isgeneratorfunction(function) else call

    for stage, functions in stages.items():
        for home, name in functions:
            setattr(home, name, watched(stage, getattr(home, name)))
    try:
        yield spent
    finally:
        for home, name, function in untimed:
            setattr(home, name, function)
