"""Where JSON objects end, told by their brackets alone: the slow and true scan of a document."""

import re
import sys
from array import array
from bisect import bisect_left

MOST_OBJECTS = 1_000_000  # in an entry: more in 4 MB are none, and their places would take 600 MB

# A bracket behind whatever strings and numbers stand before it, or the end behind them.
_BRACE = 0x7B
_OPENS = 1  # the group of a bracket that opens something
_BRACKET = re.compile(
    rb'(?:[^][{}"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z))*+(?:([{[])|([]}])|\Z)', re.DOTALL
)


class Ends:
    """Where the JSON objects in some bytes end.

    What was scanned is not scanned again for the objects in it, nor when more bytes have come:
    many objects, closed or not, cost as much as one.
    """

    def __init__(self, data: bytes = b"") -> None:
        """Look at nothing yet."""
        self._data, self._offset = data, 0
        # All that follows counts from the beginning of the document.
        self._first = 0  # where the object begins that is scanned
        self._scanned = 0  # as far as the last bracket of it
        self._scanned_all = 0  # as far as all bytes that there were
        self._depth = 0  # of the objects that are open there
        self._brackets = array("q")  # where those end that are not matched yet; closing: negative
        self._opened = array("q")  # where those begin that are, and have no end yet
        self._found: dict[int, int] = {}  # the ends of objects, by where they begin; -1: none yet
        self._told_to = sys.maxsize  # of what begins behind it and is not found no end is known

    def go_on(self, data: bytes, offset: int) -> None:
        """Take other bytes, which begin at an offset of the document; asked are these alone."""
        self._data, self._offset = data, offset
        del self._opened[: bisect_left(self._opened, offset)]
        if self._found:  # what has no end yet may have one now
            known = self._found.items()
            self._found = {start: end for start, end in known if start >= offset and end >= 0}
            self._told_to = sys.maxsize

    def of(self, start: int, stop: int | None = None) -> int:
        r"""Return where the object (or list) that begins at `start` ends, or -1 if it does not.

        Args:
            start: of the object.
            stop: where it has to end at last.

        >>> Ends(b'{"a": "}\\"", "b": [{}]}, {').of(0)
        23
        """
        place = start + self._offset
        if self._first < place < self._scanned:
            if self._brackets:
                self._match()
            n_around = bisect_left(self._opened, place)
            if n_around < len(self._opened) and self._opened[n_around] == place:
                if stop is None and self._has_all_scanned():
                    return -1
                self._first, self._depth = place, len(self._opened) - n_around
        if (end := self._found.get(place)) is not None:
            return end - self._offset if end >= 0 else -1
        if place >= self._told_to:
            return -1
        if place != self._first or not self._depth:
            self._begin_at(place)
        return self._scan(len(self._data) if stop is None else stop)

    def _has_all_scanned(self) -> bool:
        return self._scanned_all == self._offset + len(self._data)

    def _begin_at(self, place: int) -> None:
        """Begin to scan at an object that stands in a string, or behind what was scanned."""
        if place < self._scanned and self._has_all_scanned():
            room = max(0, MOST_OBJECTS - len(self._found))
            self._found.update(dict.fromkeys(self._opened[:room], -1))
        self._first = self._scanned = place
        self._scanned_all = self._depth = 0
        self._brackets, self._opened = array("q"), array("q")

    def _scan(self, stop: int) -> int:
        """Go on until the first object ends, and return where that is, or -1."""
        if self._scanned_all == self._offset + stop:
            return -1
        offset, depth, brackets = self._offset, self._depth, self._brackets
        end, closed = self._scanned - offset, -1
        for token in _BRACKET.finditer(self._data, end, stop):
            if not token.lastindex:
                break
            end = token.end()
            if token.lastindex == _OPENS:
                depth += 1
                brackets.append(offset + end)
                continue
            depth -= 1
            brackets.append(-offset - end)
            if depth <= 0:
                depth, closed = 0, end
                break
        self._depth, self._scanned = depth, offset + end
        self._scanned_all = 0 if closed >= 0 else offset + stop
        return closed

    def _match(self) -> None:
        """Match the brackets, as long as the objects are not too many; no list is asked for."""
        data, offset, opened, found = self._data, self._offset, self._opened, self._found
        for end in self._brackets:
            if end > 0:
                opened.append(end - 1)
            elif opened:
                start = opened.pop()
                if start < offset or data[start - offset] != _BRACE:
                    continue
                if len(found) < MOST_OBJECTS:
                    found[start] = -end
                else:
                    self._told_to = min(self._told_to, start)
        self._brackets = array("q")


def object_end(data: bytes, start: int) -> int:
    """Return where one JSON object (or list) ends, or -1 if it does not."""
    return Ends(data).of(start)
