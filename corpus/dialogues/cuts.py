"""Cuts: which turns of a draft are rows, and the key of each draft."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import compress
from typing import NamedTuple

import numpy as np

from corpus.counts import Counts
from corpus.dedup.keys import HELD_OUT, KEY, Keys, id_key, key_of, version_of
from corpus.dedup.near import Texts
from corpus.dialogues.cap import cap_turns
from corpus.dialogues.drafts import TURN, Drafts, reject
from corpus.dialogues.encoding import Tokens
from corpus.dialogues.turns import Arrangement
from corpus.options import CHOICES, Options
from corpus.output.rows import Rows, places_within
from corpus.records import Rejected

OVERLONG = CHOICES["overlong"]


class Cut(NamedTuple):
    """One row."""

    draft: int
    part: int
    start: int  # of its turns, among those of `Tokens`
    n_turns: int
    n_turns_cut: int  # before the next row


def keys_of(drafts: Drafts, arranged: Arrangement) -> Keys:
    """Return the keys of the drafts as if all of them fitted; tokens are counted later."""
    keys = text_keys_of(drafts)
    keys["id"] = [id_key(one.source, one.dialogue_id) for one in drafts.dialogues]
    keys["version"] = [version_of(one.raw_file)[0] for one in drafts.dialogues]
    keys["held_out"] = [HELD_OUT.index(one.split) for one in drafts.dialogues]
    has_turns = arranged.n_turns > 0
    keys["folded"], keys["trimmed"] = arranged.folded[has_turns], arranged.trimmed[has_turns]
    keys["rows"] = drafts.kept
    keys["utterances"] = [place.stop - place.start for place in drafts.said]
    in_turns = np.bincount(arranged.dialogue[arranged.in_turn], minlength=len(has_turns))
    keys["in_rows"] = in_turns[has_turns] * keys["rows"]
    return keys


def text_keys_of(drafts: Drafts) -> Keys:
    """Return keys with the texts of the drafts alone, as if all of them fitted."""
    keys = np.zeros(len(drafts.dialogues), KEY)
    keys["text"] = list(map(key_of, drafts.scripts))  # turns alternate from <usr>
    for name in OVERLONG:
        keys[name] = 1
    return keys


def cap_drafts(
    drafts: Drafts, tokens: Tokens, keys: Keys, options: Options
) -> tuple[list[Cut], dict[int, list[int]]]:
    """Return the cuts, and for each draft that gives no row the number of tokens of each turn.

    The keys of drafts that are over the limit are corrected.
    """
    max_tokens = options["max_tokens"]
    cuts: list[Cut] = []
    over: dict[int, list[int]] = {}
    ends = np.cumsum(tokens.n_turns)
    totals = np.diff(np.cumsum(tokens.n_tokens)[ends - 1], prepend=0)
    keys["tokens"][tokens.drafts] = totals + 2
    numbers = (one.tolist() for one in (ends, tokens.n_turns, totals))
    for k, end, n_turns, total in zip(tokens.drafts, *numbers, strict=True):
        start, rows = end - n_turns, [range(n_turns)]
        if total > max_tokens - 2:
            n_tokens = tokens.n_tokens[start:end].tolist()
            capped = {name: cap_turns(n_tokens, max_tokens, name) for name in OVERLONG}
            for name in OVERLONG:
                keys[name][k] = len(capped[name])
            if drafts.kept[k]:
                rows = capped[options["overlong"]]
                n_utterances = _n_utterances(drafts.marks[drafts.said[k]])
                keys["rows"][k] = len(rows)
                keys["in_rows"][k] = sum(n_utterances[turn] for row in rows for turn in row)
                if not rows:
                    over[k] = n_tokens
        if not drafts.kept[k]:
            continue
        stops = [*(row.start for row in rows[1:]), n_turns]
        for part, (row, stop) in enumerate(zip(rows, stops, strict=False)):
            first = row.start if part else 0
            cuts.append(Cut(k, part, start + row.start, len(row), stop - first - len(row)))
    return cuts, over


def _n_utterances(marks: Sequence[str]) -> list[int]:
    """Return how many utterances each turn of a dialogue has."""
    return [1 + len(more) for more in "".join(marks)[1:].split(TURN)]


def over_limit(
    drafts: Drafts, over: Mapping[int, Sequence[int]], counts: Counts, options: Options
) -> Iterator[Rejected]:
    """Yield the dialogues that are over the limit and of which no pair of turns is kept."""
    for k, n_tokens in over.items():
        detail = f"its first pair of turns has {sum(n_tokens[:2])} tokens"
        if options["overlong"] == "drop":
            fit = options["max_tokens"] - 2
            detail = f"{sum(n_tokens)} tokens; {fit} fit beside <s> and </s>"
        counts["left_out"]["over_max_tokens"] += drafts.said[k].stop - drafts.said[k].start
        yield reject(drafts.dialogues[k], "tokens", "over_max_tokens", detail)


def rows_of(drafts: Drafts, tokens: Tokens, cuts: Sequence[Cut]) -> Rows:
    """Return the rows, one behind the other."""
    dialogues = [drafts.dialogues[cut.draft] for cut in cuts]
    n_turns = np.array([cut.n_turns for cut in cuts], np.int64)
    starts = np.array([cut.start for cut in cuts], np.int64)
    turns = np.repeat(starts, n_turns) + places_within(n_turns)
    is_in_row = np.zeros(len(tokens.turns), np.bool_)
    is_in_row[turns] = True
    return Rows(
        dialogue_ids=[one.dialogue_id for one in dialogues],
        parts=[cut.part for cut in cuts],
        sources=[one.source for one in dialogues],
        topics=[one.topic for one in dialogues],
        splits=[one.split for one in dialogues],
        n_turns=n_turns,
        n_turns_cut=[cut.n_turns_cut for cut in cuts],
        turns=list(compress(tokens.turns, is_in_row.tolist())),
        n_tokens=tokens.n_tokens[is_in_row],
        token_ids=tokens.ids[np.repeat(is_in_row, tokens.n_tokens)],
        raw_files=[one.raw_file for one in dialogues],
        raw_offsets=[one.raw_offset for one in dialogues],
    )


def texts_of(drafts: Drafts, tokens: Tokens, cuts: Sequence[Cut]) -> list[Texts]:
    """Return the turns of each row before names were filled and after."""
    starts = dict(zip(tokens.drafts, np.cumsum(tokens.n_turns) - tokens.n_turns, strict=True))
    texts: list[Texts] = []
    for cut in cuts:
        first = cut.start - int(starts[cut.draft])
        before = drafts.scripts[cut.draft].split(TURN)[first : first + cut.n_turns]
        written = tokens.turns[cut.start : cut.start + cut.n_turns]
        texts.append(Texts(TURN.join(before), TURN.join(written)))
    return texts
