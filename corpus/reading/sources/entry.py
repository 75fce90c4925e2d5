"""What the readers of all sources share: what an entry gives, and why one cannot be read."""

import json
from collections import Counter
from typing import Any, NamedTuple


class Read(NamedTuple):
    """What the JSON of one dialogue says."""

    dialogue_id: str
    topic: str
    speakers: list[str]
    texts: list[str]


class EntryError(Exception):
    """An entry that is no dialogue: `bad_json`, `bad_shape` or `duplicate_key`, and the place."""

    def __init__(self, reason: str, detail: str) -> None:
        """Say why in the words of the ledger."""
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def forbid_repeated_keys(raw: bytes) -> None:
    """Raise EntryError if an object in `raw` has a key twice; of two values JSON means neither."""

    def check(pairs: list[tuple[str, Any]]) -> None:
        key, n = Counter(key for key, _ in pairs).most_common(1)[0] if pairs else ("", 0)
        if n > 1:
            raise EntryError("duplicate_key", f"{n} times {key!r} in one object")

    json.loads(
        raw.decode("utf-8", "replace"),
        object_pairs_hook=check,
        parse_int=str,  # Python refuses integers of more than 4,300 digits
    )
