"""Scraps: what begins like an entry and is shorter than any entry can be.

A damaged document has a few of them, and each is told as what it is. A file of nothing else has
millions, and each line of the ledger takes 300 bytes: from some number on they are told together.
"""

from hashlib import sha256

from corpus.reading.unreadable import file_problem
from corpus.records import RAW_BYTES, Document, Rejected

MOST_SCRAPS = 5_000  # of a range of a document are told one by one


class Scraps:
    """The scraps of one range of a document that are told together."""

    def __init__(self, shortest: int) -> None:
        """Begin with none; `shortest` is the length of the shortest entry that there can be."""
        self.shortest = shortest
        self._n_alone = self._n = self._first = self._length = 0
        self._beginning = bytearray()
        self._digest = sha256()

    def take(self, data: bytes, offset: int) -> bool:
        """Say whether a piece is a scrap that is told together with others, and take it then."""
        if len(data) >= self.shortest:
            return False
        if self._n_alone < MOST_SCRAPS:
            self._n_alone += 1
            return False
        if not self._n:
            self._first = offset
        self._n += 1
        self._length += len(data)
        self._digest.update(data)
        if len(self._beginning) < RAW_BYTES:
            self._beginning += data
        return True

    def told(self, document: Document) -> list[Rejected]:
        """Return the record of all of them, if there are any; it holds their bytes joined."""
        if not self._n:
            return []
        detail = (
            f"{self._n:,} more pieces from here on begin like an entry, each of fewer than "
            f"{self.shortest} bytes, which no entry has"
        )
        whole = self._length, self._digest.hexdigest()
        raw = bytes(self._beginning)
        together = file_problem(document, "scraps", detail, self._first, raw, whole)
        return [together._replace(n=self._n)]
