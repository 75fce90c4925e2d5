"""What was counted on the way, as named counters that can be added up and written as JSON.

- `read`: dialogues by source · `rejected`: by source/reason · `not_chosen`: by source (--sources)
- `broken`: files and entries by reason · `quirks`: of raw, all of them handled
- `odd`: dialogues that have a quirk by quirk/place, and `dialogues_in`: all of a place
- `drawn`: dialogues by source whose split no path tells
- `newer`: dialogues by the folder in which AIHub published files again
- `garbled`: garbled utterances by place, and `beside_garbled`: all utterances of their batches
- `utterances`: `read` and `kept` · `dropped`: utterances by reason
- `rules`, `tags`: how often they fired or stood there
- `names`: by what was filled and what followed · `people`: dialogues by invented people
- `surnames`, `given_names`: of invented people
- `speakers`: by source/age/sex, of the rows of one dialogue in `Item.one_in`
- `turns_joined`: two turns of one speaker that are one, since what stood between was dropped; and
  `other_speaker`: utterances in no turn, with `--multi-party nearest`; both by source
- `left_out`: utterances of dialogues that were rejected, by reason
- `declared`, `found`: entries by document, where a document says how many it holds
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

Counts = defaultdict[str, Counter[str]]


def merge_counts(receipts: Iterable[Mapping[str, Mapping[str, int]]]) -> Counts:
    """Add up counters of equal names."""
    total: Counts = defaultdict(Counter)
    for receipt in receipts:
        for name, counter in receipt.items():
            total[name].update(counter)
    return total


LISTED = (
    200  # names that raw files give, such as tags, are listed in a manifest; the others counted
)


def most_of(
    counter: Mapping[str, int], most: int = LISTED
) -> tuple[dict[str, int], dict[str, int]]:
    """Return what counts most, and of all others how many they are and their sum.

    >>> most_of({"#@a#": 1, "#@b#": 5, "#@c#": 1, "#@d#": 2}, 2)
    ({'#@b#': 5, '#@d#': 2}, {'names': 2, 'sum': 2})
    """
    ranked = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    others = ranked[most:]
    return dict(ranked[:most]), {"names": len(others), "sum": sum(n for _, n in others)}
