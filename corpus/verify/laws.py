"""The laws of rows: each as words, with the rows that break it.

A law looks at a table of `COLUMNS` without nulls, some thousands of rows at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.output.rows import ROLES
from corpus.records import SOURCES, Ints, Mask
from corpus.splits import split_with_test
from corpus.text.identifiers import TRIGGERS, find
from corpus.text.rule import join, places_of
from corpus.tokens.encoder import Encoder

Broken = Iterator[tuple[str, Mask]]  # what is wrong, and of which rows

# By RE2, which has no back-references. `--rules chathuman` leaves more in a text than ours do.
_RESIDUE_OF_ALL = {
    "a control token": r"</?(?:s|d|usr|pad|sys|unk|mask|unused[0-9]+)>",
    "a private-use character": r"\p{Co}",
    "a line end": r"[\n\r]",
}
_RESIDUE_OF_DEFAULT = {
    "a tag (#@)": "#@",
    "a mask (*)": r"\*",
    "an angle bracket": "[<>]",
    "a control character": r"[\p{Cc}\p{Cf}]",
    "one sign three times": "|".join(
        f"{sign}{{3}}"
        for sign in (*map(chr, range(ord("ㄱ"), ord("ㆎ") + 1)), *r"!,~", r"\.", r"\?")
    ),
}


@dataclass(frozen=True, slots=True)
class Lists:
    """A column of lists, flat."""

    values: Any  # a pyarrow array
    bounds: Ints  # list k is values[bounds[k] : bounds[k + 1]]

    @property
    def lengths(self) -> Ints:
        """Return how many values each list has."""
        return np.diff(self.bounds)

    @property
    def owners(self) -> Ints:
        """Return for each value the row whose list it is in."""
        return np.repeat(np.arange(len(self.bounds) - 1), self.lengths)

    @property
    def places(self) -> Ints:
        """Return for each value its place in its list."""
        return np.arange(len(self.values)) - np.repeat(self.bounds[:-1], self.lengths)

    def rows_with(self, chosen: Mask) -> Mask:
        """Return which lists hold one of the chosen values."""
        rows = np.zeros(len(self.bounds) - 1, np.bool_)
        rows[self.owners[chosen]] = True
        return rows


def lists_of(rows: pa.Table, name: str) -> Lists:
    """Return a column of lists."""
    column = rows[name].combine_chunks()
    lengths = pc.list_value_length(column).to_numpy(zero_copy_only=False)
    return Lists(column.flatten(), np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))))


def nulls(rows: pa.Table) -> Broken:
    """Yield the columns that lack a value; all other laws take for granted that none does."""
    for name in rows.column_names:
        column = rows[name].combine_chunks()
        missing = column.is_null().to_numpy(zero_copy_only=False)
        if pa.types.is_list(column.type) and not missing.any():
            inner = lists_of(rows, name)
            is_struct = pa.types.is_struct(inner.values.type)
            for leaf in (inner.values, *(inner.values.flatten() if is_struct else ())):
                missing |= inner.rows_with(leaf.is_null().to_numpy(zero_copy_only=False))
        if missing.any():
            yield f"{name} lacks a value", missing


def broken_laws(
    rows: pa.Table, *, split: str, options: dict[str, Any], encoder: Encoder | None
) -> Broken:
    """Yield the laws of a single row; without an encoder the role tokens are not looked at."""
    numbers = {
        name: rows[name].to_numpy() for name in ("part", "n_turns", "n_turns_cut", "n_tokens")
    }
    yield f"split is not {split}, its folder", _differ(rows["split"], pa.scalar(split))
    share = options["test_share"]
    drawn = [split_with_test("train", one, share) for one in rows["dialogue_id"].to_pylist()]
    if split != "validation":  # whose dialogues a folder name may have chosen, not their id
        yield f"its id is not of {split}", np.array([one != split for one in drawn], np.bool_)
    yield "there is no such source", ~_as_mask(pc.is_in(rows["source"], pa.array(SOURCES)))
    n_turns, n_tokens = numbers["n_turns"], numbers["n_tokens"]
    yield "n_turns is not even and 2 or more", (n_turns < 2) | (n_turns % 2 > 0)
    yield "n_turns_cut is below 0", numbers["n_turns_cut"] < 0
    yield "raw_offset is below 0", rows["raw_offset"].to_numpy() < 0
    limit = options["max_tokens"]
    yield f"n_tokens + 2 is over max_tokens, {limit:,}", n_tokens + 2 > limit
    if options["overlong"] != "split":
        yield "is a part though nothing was split", numbers["part"] != 0
    yield from _broken_turns(rows, n_turns)
    yield from _broken_tokens(rows, n_turns, n_tokens, encoder)


def _broken_turns(rows: pa.Table, n_turns: Ints) -> Broken:
    messages = lists_of(rows, "messages")
    is_sys = messages.places % 2
    roles, contents = messages.values.flatten()
    yield "n_turns is not the number of messages", messages.lengths != n_turns
    expected = pa.array(ROLES).take(pa.array(is_sys))
    yield "roles do not alternate from user", messages.rows_with(_differ(roles, expected))
    empty = _as_mask(pc.equal(pc.binary_length(contents), 0))
    yield "a message is empty", messages.rows_with(empty)
    tokens = pa.array(["<usr>", "<sys>"]).take(pa.array(is_sys))
    turns = pc.binary_join_element_wise(tokens, contents, "")
    spelt = pc.binary_join(
        pa.ListArray.from_arrays(pa.array(messages.bounds, pa.int32()), turns), ""
    )
    yield "conversation is not its messages", _differ(rows["conversation"], spelt)


def _broken_tokens(
    rows: pa.Table, n_turns: Ints, n_tokens: Ints, encoder: Encoder | None
) -> Broken:
    ids, starts = lists_of(rows, "token_ids"), lists_of(rows, "turn_starts")
    yield "n_tokens is not the number of token_ids", ids.lengths != n_tokens
    yield "n_turns is not the number of turn_starts", starts.lengths != n_turns
    offsets = starts.values.to_numpy()
    first, end = starts.places == 0, ids.lengths[starts.owners]
    ordered = np.diff(offsets, prepend=0) > 0
    wrong = np.where(first, offsets != 0, ~ordered) | (offsets < 0) | (offsets >= end)
    yield "turn_starts do not rise from 0 within token_ids", starts.rows_with(wrong)
    if encoder is not None:
        at = (ids.bounds[:-1][starts.owners] + offsets)[~wrong]
        expected = np.where(starts.places % 2, encoder.sys_id, encoder.usr_id)[~wrong]
        no_role = np.zeros(len(offsets), np.bool_)
        no_role[~wrong] = ids.values.to_numpy()[at] != expected
        yield "turn_starts do not lead to <usr>, <sys>, ...", starts.rows_with(no_role)


def other_tokens(rows: pa.Table, encoder: Encoder) -> Mask:
    """Return which rows do not have the ids that the encoder gives for their messages."""
    messages, ids = lists_of(rows, "messages"), lists_of(rows, "token_ids")
    texts = messages.values.field("content").to_pylist()
    turns = [
        (encoder.sys_bytes if is_sys else encoder.usr_bytes) + of_text
        for is_sys, of_text in zip(messages.places % 2, encoder.encode(texts), strict=True)
    ]
    stored = ids.values.to_numpy().astype("<i4", copy=False).tobytes()
    spans = zip(pairwise(messages.bounds.tolist()), pairwise(4 * ids.bounds), strict=True)
    differs = [
        b"".join(turns[first:last]) != stored[start:end] for (first, last), (start, end) in spans
    ]
    return np.array(differs, np.bool_)


def residue(rows: pa.Table, *, rules: str, personal: str) -> Broken:
    """Yield what the text rules should have removed."""
    messages = lists_of(rows, "messages")
    contents = messages.values.field("content")
    for name, pattern in (
        _RESIDUE_OF_ALL | (_RESIDUE_OF_DEFAULT if rules == "default" else {})
    ).items():
        found = _as_mask(pc.match_substring_regex(contents, pattern))
        if found.any():
            yield f"its text holds {name}", messages.rows_with(found)
    if personal == "drop":
        yield "its text holds personal data", messages.rows_with(_holds_personal(contents))


def _holds_personal(contents: pa.Array) -> Mask:
    texts = contents.to_pylist()
    held = np.zeros(len(texts), np.bool_)
    for place in places_of(TRIGGERS, join(texts)):
        held[place] = find(texts[place]) is not None
    return held


def _differ(left: Any, right: Any) -> Mask:  # noqa: ANN401 - pyarrow has no types
    return ~_as_mask(pc.equal(left, right))


def _as_mask(values: Any) -> Mask:  # noqa: ANN401
    return np.asarray(
        values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values
    )
