import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.reading import ends
from corpus.reading.ends import Ends

PIECES = (b'{"id":', b"{", b"}", b"[", b"]", b'"', b"\\", b"1", b",", b'{"id":1},', b"}}}")


@st.composite
def bytes_in_pieces(draw):
    """Bytes that somebody broke, and where they are asked for and read on."""
    data = b"".join(draw(st.lists(st.sampled_from(PIECES), max_size=60)))
    return data, sorted(draw(st.lists(st.integers(0, len(data)), max_size=4)))


@given(bytes_in_pieces())
def test_ends_that_were_asked_for_while_bytes_came_are_those_of_a_fresh_scan(one):
    data, cuts = one
    objects = [found.start() for found in re.finditer(rb"\{", data)]
    told, offset = Ends(), 0
    for cut in (*cuts, len(data)):
        told.go_on(data[offset:cut], offset)
        for start in [start for start in objects if offset <= start < cut]:
            end = told.of(start - offset)
            around = [other for other in objects if other < start and other >= offset]
            # A scan from further outside may see other strings: each is asked as it is met.
            fresh = {Ends(data[other:cut]).of(start - other) for other in (*around, start)}
            scans = {Ends(data[start:cut]).of(0)} | fresh
            assert (end if end < 0 else end + offset - start) in scans
            offset = start
            told.go_on(data[offset:cut], offset)


def test_an_object_that_does_not_end_yet_ends_when_its_bytes_have_come():
    told, data = Ends(), b'{"a": [{"b": "}"}, {"c": ' + b"1" * 50 + b"}]} {}"
    for cut in range(1, len(data) - 4):
        told.go_on(data[:cut], 0)
        assert told.of(0) == -1
        assert told.of(7) == (17 if cut >= 17 else -1) or cut < 8
    told.go_on(data, 0)
    assert [told.of(start) for start in (0, 7, 19)] == [len(data) - 3, 17, len(data) - 5]


def test_of_more_objects_than_are_kept_the_first_are_told(monkeypatch):
    monkeypatch.setattr(ends, "MOST_OBJECTS", 3)
    told = Ends(b"[" + b"{}," * 9)
    assert told.of(0) == -1
    assert [told.of(1 + 3 * n) for n in range(5)] == [3, 6, 9, -1, -1]


@pytest.mark.parametrize("piece", [b'{"id":', b'{"id":"'])
def test_bytes_are_scanned_once_however_often_they_are_asked_for(piece, monkeypatch):
    n_tokens = 0
    pattern = ends._BRACKET

    class Counting:
        def finditer(self, *args):
            nonlocal n_tokens
            for token in pattern.finditer(*args):
                n_tokens += 1
                yield token

    monkeypatch.setattr(ends, "_BRACKET", Counting())
    data, told = piece * 3_000, Ends()
    for cut in (len(data) // 3, len(data) // 3 * 2, len(data)):
        told.go_on(data[:cut], 0)
        for start in range(0, cut, len(piece)):
            told.of(start)
    assert n_tokens < 3 * 3_000
