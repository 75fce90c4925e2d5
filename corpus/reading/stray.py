"""Bytes between two entries that are none: a run of them is one problem of the document."""

from hashlib import sha256

from corpus.records import RAW_BYTES


class Stray:
    """A run of stray bytes that may go on with the next slice.

    A document of nothing but the beginnings of entries has millions of slices, and one such run.
    """

    def __init__(self, offset: int) -> None:
        """Begin at a byte of the document."""
        self.offset, self.end = offset, offset
        self.head = b""  # the first of them, for the record
        self._length = 0
        self._gap = b""  # white space and commas behind them, which count if more follows
        self._digest = sha256()

    def take(self, data: bytes, n_gap: int) -> None:
        """Add what follows at `end`; its last `n_gap` bytes only part it from the next entry."""
        raw = self._gap + data[: len(data) - n_gap]
        self._gap = data[len(data) - n_gap :]
        self.head += raw[: RAW_BYTES - len(self.head)]
        self._length += len(raw)
        self._digest.update(raw)
        self.end += len(data)

    @property
    def whole(self) -> tuple[int, str] | None:
        """The length and the hash of the run, where `head` is only its beginning."""
        return (self._length, self._digest.hexdigest()) if self._length > RAW_BYTES else None
