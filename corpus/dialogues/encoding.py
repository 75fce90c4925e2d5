"""Drafts with names, as tokens."""

import re
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from corpus.counts import Counts
from corpus.dialogues.drafts import BESIDE, DIALOGUE, TURN, Drafts, script_of
from corpus.dialogues.said import fill_dialogue
from corpus.options import Options
from corpus.output.rows import places_within
from corpus.records import PLACEHOLDERS, Ids, Ints
from corpus.tokens.encoder import Encoder

LONGEST_SURROGATE = "가" * 12  # no invented name or place is longer; a test measures them all

PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")


class Tokens(NamedTuple):
    """The turns of some drafts with names filled in, and their tokens."""

    drafts: list[int]  # which
    turns: list[str]
    n_turns: Ints  # of each draft
    n_tokens: Ints  # of each turn, the role token included
    ids: Ids


def encode_drafts(
    drafts: Drafts,
    encoder: Encoder,
    counts: Counts,
    options: Options,
    *,
    fitting: Collection[int] = (),
) -> Tokens:
    """Fill names and encode.

    A draft that is not kept gives no row, only its key. If the number of its characters already
    shows that it fits, its tokens are not counted: so counting what other options would keep is
    cheap.

    Args:
        drafts: of a batch.
        encoder: of the tokenizer.
        counts: gets what was invented for the drafts that are kept.
        options: of the build.
        fitting: drafts that are known to fit and are not kept.
    """
    chosen: list[int] = []
    scripts: list[str] = []
    for k, (script, kept) in enumerate(zip(drafts.scripts, drafts.kept, strict=True)):
        if k in fitting:
            continue
        if kept or not _surely_fits(script, encoder, options["max_tokens"]):
            chosen.append(k)
            named = PLACEHOLDER.search(script)
            scripts.append(_fill(drafts, k, counts, options["seed"]) if named else script)
    turns = TURN.join(scripts).split(TURN) if scripts else []
    of_texts, n_of_texts = encoder.encode_flat(turns)
    n_turns = np.array([drafts.n_turns[k] for k in chosen], np.int64)
    n_tokens = n_of_texts + 1
    is_role = np.zeros(n_tokens.sum(), np.bool_)
    is_role[np.cumsum(n_tokens) - n_tokens] = True
    ids = np.empty(len(is_role), np.int32)
    ids[~is_role] = of_texts
    ids[is_role] = np.where(places_within(n_turns) % 2, encoder.sys_id, encoder.usr_id)
    return Tokens(chosen, turns, n_turns, n_tokens, ids)


def _surely_fits(script: str, encoder: Encoder, max_tokens: int) -> bool:
    text = PLACEHOLDER.sub(LONGEST_SURROGATE, script.replace(TURN, BESIDE))
    n_turns = script.count(TURN) + 1
    return encoder.n_tokens_at_most(text) + n_turns <= max_tokens - 2


def _fill(drafts: Drafts, k: int, counts: Counts, seed: int) -> str:
    """Return the script of a draft with invented names."""
    dialogue, place = drafts.dialogues[k], drafts.said[k]
    said = drafts.all_said
    filled = fill_dialogue(dialogue, said.speakers[place], said.texts[place], seed)
    if drafts.kept[k]:
        counts["names"].update(filled.counts)
        counts["people"][str(len(filled.people))] += 1
        counts["surnames"].update(person[:-2] for person in filled.people)
        counts["given_names"].update(person[-2:] for person in filled.people)
    return script_of(drafts.marks[place], filled.texts).removeprefix(DIALOGUE)
