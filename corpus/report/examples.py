"""Examples that an item keeps for the report: before → after, and what was left out.

All examples are chosen by hash, so they do not depend on workers or order. Of rejected dialogues
those with the smallest hash of their place in raw/ are kept. Samples of rules and tags are searched
in each item from a place that a hash draws, because reading every utterance again would cost more
than the rules; of the samples of all items those with the smallest hashes are kept.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import nsmallest
from itertools import accumulate
from typing import Any
from zlib import crc32

from corpus.dedup.keys import key_of
from corpus.reading.sources import EntryError, read_entry
from corpus.records import Dialogue, Document, Rejected
from corpus.text.rule import LOOKS, Samples, join
from corpus.text.tags import find_tag, shown

SAMPLES = 3  # of each rule and tag
WINDOW = 2_000  # utterances are looked through at a time
REJECTED = 2  # examples of each reason
LONGEST = 160  # characters of an utterance are kept, around what changed
UTTERANCES = 6  # of a rejected dialogue are kept: half from its beginning, half from its end
DETAIL = 300  # characters of why, or of what cannot be read

# "rules": by name [before, after]; "tags": [before, after, what was chosen]; "rejected": by reason
Found = dict[str, Any]


class Examples:
    """What one item found."""

    def __init__(self, *, of_many: bool) -> None:
        """Start empty. One of many items keeps one sample of each rule; a few items keep three."""
        n = 1 if of_many else SAMPLES
        self.rules, self._tags = Samples(n), Samples(n)
        self._chosen: dict[tuple[str, str], str] = {}  # by tag and what was typed
        self._rejected: dict[str, list[tuple[int, Rejected]]] = {}

    def take_tags(
        self,
        dialogues: Sequence[Dialogue],
        texts: list[str],
        tags: Iterable[str],
        named_text: Callable[[int], tuple[str, str]],
    ) -> None:
        """Take samples of tags and masks of a batch: before, and as the row has them.

        Args:
            dialogues: of the batch.
            texts: all their utterances, as they were typed.
            tags: that stand in them.
            named_text: gives an utterance, by its place, as a row has it, and what was chosen; of
                one that was dropped no text, and why.
        """
        wanted = [tag for tag in tags if self._tags.wants(tag)]
        if not wanted:
            return
        for first, last in _windows(len(texts), key_of(dialogues[0].dialogue_id)):
            if not wanted:
                break
            batch = join(texts[first:last])
            line_ends = list(accumulate(len(text) + 1 for text in texts[first:last]))
            for tag, line in [(one, line) for one in wanted for line in _lines(one, batch)]:
                if not self._tags.wants(tag):
                    continue
                place = first + bisect_left(line_ends, line)
                after, self._chosen[tag, texts[place]] = named_text(place)
                self._tags.take(tag, texts[place], after)
            wanted = [tag for tag in wanted if self._tags.wants(tag)]

    def take_rejected(self, rejected: Iterable[Rejected]) -> None:
        """Take dialogues, entries and files that were left out."""
        for one in rejected:
            kept = self._rejected.setdefault(one.reason, [])
            draw = crc32(f"{one.raw_offset} {one.raw_file}".encode())
            if len(kept) < REJECTED or draw < kept[-1][0]:
                kept.append((draw, one))
                kept.sort(key=lambda pair: pair[0])
                del kept[REJECTED:]

    def found(self) -> Found:
        """Return all as JSON has it."""
        return {
            "rules": {
                name: [_clipped(shown(before), shown(after)) for before, after in taken.items()]
                for name, taken in self.rules.taken.items()
            },
            "tags": {
                name: [
                    (*_clipped(before, after), self._chosen[name, before])
                    for before, after in taken.items()
                ]
                for name, taken in self._tags.taken.items()
            },
            "rejected": {
                reason: [{"draw": draw} | _record(one) for draw, one in kept]
                for reason, kept in self._rejected.items()
            },
        }


def _windows(n: int, draw: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of `n` utterances, beginning at a drawn one and wrapping around.

    Searching a whole batch costs milliseconds; mostly the first range holds a sample.
    """
    drawn = draw % n
    for first in (*range(drawn, n, WINDOW), *range(0, drawn, WINDOW)):
        yield first, min(first + WINDOW, n if first >= drawn else drawn)


def _lines(tag: str, batch: str) -> Iterator[int]:
    """Yield the first place of a tag in each line that holds it, for at most `LOOKS` lines."""
    at = 0
    for _ in range(LOOKS):
        at = find_tag(tag, batch, at)
        if at < 0:
            break
        yield at
        at = batch.find("\n", at)


def merge_examples(of_items: Iterable[Mapping[str, Any]]) -> Found:
    """Return what is kept of what several items found."""
    pairs: dict[str, dict[str, dict[tuple[str, ...], None]]] = {"rules": {}, "tags": {}}
    rejected: dict[str, list[dict[str, Any]]] = {}
    for found in of_items:
        for kind, by_name in pairs.items():
            for name, some in found[kind].items():
                by_name.setdefault(name, {}).update(dict.fromkeys(map(tuple, some)))
        for reason, some in found["rejected"].items():
            rejected.setdefault(reason, []).extend(some)
    return {
        kind: {name: nsmallest(SAMPLES, some, key=_rank) for name, some in by_name.items()}
        for kind, by_name in pairs.items()
    } | {
        "rejected": {
            reason: nsmallest(REJECTED, some, key=lambda one: one["draw"])
            for reason, some in rejected.items()
        }
    }


def _rank(sample: tuple[str, ...]) -> tuple[bool, int]:
    """Return what samples are ordered by: first those of utterances that stay, then by hash."""
    _, after, *_ = sample
    return not after, key_of("\n".join(sample))


def _clipped(before: str, after: str) -> tuple[str, str]:
    """Return excerpts of two texts around their first difference, `LONGEST` characters at most."""
    if len(before) <= LONGEST and len(after) <= LONGEST:
        return before, after
    same = next(
        (k for k, (a, b) in enumerate(zip(before, after, strict=False)) if a != b),
        min(len(before), len(after)),
    )
    start = max(0, same - LONGEST // 2)
    return _excerpt(before, start), _excerpt(after, start)


def _excerpt(text: str, start: int = 0, length: int = LONGEST) -> str:
    kept = text[start : start + length]
    return ("…" if start and kept else "") + kept + ("…" if start + length < len(text) else "")


def _record(one: Rejected) -> dict[str, Any]:
    """Return a rejected dialogue as the report shows it."""
    record: dict[str, Any] = {
        "id": one.dialogue_id,
        "source": one.source,
        "raw_file": one.raw_file,
        "raw_offset": one.raw_offset,
        "detail": _excerpt(one.detail, length=DETAIL),
        "first": [],
        "last": [],
        "n_between": 0,
    }
    if one.stage == "file" or one.source is None:
        return record
    try:
        document = Document(one.raw_file, (), None, 0, None)
        entry = read_entry(one.source, one.raw, document, one.raw_offset, Counter())
    except EntryError:
        text = one.raw[: 4 * DETAIL].decode("utf-8", "replace")
        return record | {"excerpt": _excerpt(" ".join(text.split()), length=DETAIL)}
    names = {speaker: nth for nth, speaker in enumerate(dict.fromkeys(entry.speakers))}
    said = [
        (names[speaker], _excerpt(text))
        for speaker, text in zip(entry.speakers, entry.texts, strict=True)
    ]
    if len(said) <= UTTERANCES:
        return record | {"first": said}
    half = UTTERANCES // 2
    between = len(said) - UTTERANCES
    return record | {"first": said[:half], "last": said[-half:], "n_between": between}
