"""What is counted of the keys of all dialogues for the report, while the commit decides."""

from collections import Counter
from typing import Any

import numpy as np

from corpus.dedup.keys import Keys

BIN = 8  # tokens
LONGEST = 16_384  # tokens and turns; what has more is counted as having so many
SAMPLED = 1_000  # dialogues whose words are looked at, and rows with unknown characters


class OfKeys:
    """Counts the keys of all dialogues for the report; `take` gets those of one part.

    Attributes:
        last_id: of the dialogues whose words are looked at, the largest id.
    """

    def __init__(self) -> None:
        self._ids = np.zeros(0, np.uint64)  # the smallest
        self._uncapped: Counter[int] = Counter()
        self._in_rows = self._cut = self._in_duplicates = 0

    def take(self, kept: Keys, repeated: Keys) -> None:
        """Count dialogues that have rows: those that stay, and the duplicates."""
        ids = np.concatenate((self._ids, kept["id"]))
        if len(ids) > SAMPLED:
            ids = np.partition(ids, SAMPLED - 1)[:SAMPLED]
        self._ids = ids
        values, counts = np.unique(binned(kept["tokens"]), return_counts=True)
        self._uncapped.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        in_rows = int(kept["in_rows"].sum())
        self._in_rows += in_rows
        self._cut += int(kept["utterances"].sum()) - in_rows
        self._in_duplicates += int(repeated["utterances"].sum())

    @property
    def last_id(self) -> int:
        """The words of the dialogues up to this id are looked at."""
        return int(self._ids.max()) if len(self._ids) else 0

    def uncapped(self) -> dict[str, int]:
        """Return how many dialogues have how many tokens before the cap, as `binned`."""
        return {str(value): n for value, n in sorted(self._uncapped.items())}

    def utterances(self) -> dict[str, int]:
        """Return where the utterances of the dialogues are that had rows."""
        return {
            "in_rows": self._in_rows,
            "cut": self._cut,
            "in_duplicates": self._in_duplicates,
        }


def binned(tokens: Any) -> Any:  # noqa: ANN401 - arrays of numpy
    """Return the lower ends of the bins, each of which holds its upper end: 8 stands for 9 to 16.

    So a limit that is a multiple of `BIN` parts what is over it from what is not.
    """
    return (np.minimum(tokens, LONGEST).astype(np.int64) - 1) // BIN * BIN
