"""One batch of dialogues, all at once, from texts as they were typed to rows: the steps in order.

normalise (tags and masks first) → turns → names → tokens → cap. Utterances, turns and tokens of all
dialogues stand one behind the other, beside arrays that say how many each has, so that a step is a
few calls for a batch and not for every dialogue.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, compress
from typing import Literal, NamedTuple, TypedDict

import numpy as np
import pyarrow as pa

from corpus.counts import Counts
from corpus.dedup.near import Texts
from corpus.dialogues.cap import OVERLONG, cap_turns
from corpus.dialogues.turns import Arrangement, Ints, arrange_turns, reject_reasons, turns_of
from corpus.names.fill import fill_names
from corpus.output.result import HELD_OUT, KEY, Keys, key_of
from corpus.output.rows import COLUMNS, Rows, places_within, table_of
from corpus.reading.sources.speakers import ages_and_sexes, speaker_traits
from corpus.records import PLACEHOLDERS, Dialogue, Rejected, Source
from corpus.report.examples import Examples
from corpus.text.normalisation import normalise_texts
from corpus.text.personal import IN_PIECES, in_pieces, where_pieces_begin
from corpus.tokens.encoder import Encoder, Ids

LONGEST_SURROGATE = "가" * 12  # no invented name or place is longer; a test measures them all

_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
# What stands before a text: nothing where it is in no turn. No normalised text holds the last two.
_NONE, _BESIDE, _TURN, _DIALOGUE = "", " ", "\n", "\x1e"


class Options(TypedDict):
    """What the user chose, as the manifest records it."""

    rules: str
    sources: list[Source]
    multi_party: str
    usr_ending: str
    overlong: str
    max_tokens: int
    dedup: str
    test_share: float
    personal: str
    respell: str
    seed: int


class Built(NamedTuple):
    """What becomes of a batch."""

    rows: pa.Table  # of `COLUMNS`, in the order of the dialogues
    keys: Keys  # one for every dialogue that some choice of options would keep
    rejected: list[Rejected]
    texts: list[Texts]  # of the rows, if near-duplicates are looked for


class _Said(NamedTuple):
    """The utterances that are left, of all dialogues one behind the other."""

    speakers: list[str]
    texts: list[str]
    lengths: Ints  # how many each dialogue has


class _Drafts(NamedTuple):
    """The dialogues that have turns: rows to be, or what other options would keep."""

    dialogues: list[Dialogue]
    kept: list[bool]  # under these options
    scripts: list[str]  # of each its turns, one a line, with placeholders
    n_turns: list[int]
    said: list[slice]  # of each its utterances, also those in no turn, in these two:
    all_said: _Said
    marks: list[str]


class _Tokens(NamedTuple):
    """The turns of some drafts as the corpus writes them, and their tokens."""

    drafts: list[int]  # which
    turns: list[str]
    n_turns: Ints  # of each draft
    n_tokens: Ints  # of each turn, the role token included
    ids: Ids


class _Cut(NamedTuple):
    """One row."""

    draft: int
    part: int
    start: int  # of its turns, among those of `_Tokens`
    n_turns: int
    n_turns_cut: int  # before the next row


def build_batch(
    dialogues: Sequence[Dialogue],
    encoder: Encoder,
    counts: Counts,
    examples: Examples,
    options: Options,
    *,
    one_in: int,
) -> Built:
    """Take dialogues of one source through all steps, and count what was done.

    Args:
        dialogues: in plan order.
        one_in: the speakers of one in so many dialogues are counted.
    """
    if not dialogues:
        return Built(COLUMNS.empty_table(), np.empty(0, KEY), [], [])
    said = _normalise(dialogues, encoder, counts, examples, options)
    arranged = arrange_turns(said.speakers, said.lengths)
    reasons = reject_reasons(
        arranged, multi_party=options["multi_party"], usr_ending=options["usr_ending"]
    )
    rejected = list(_not_arranged(dialogues, said, arranged, reasons, counts))
    drafts = _drafts(dialogues, said, arranged, reasons)
    tokens = _encode(drafts, encoder, counts, options)
    keys = _keys(drafts, arranged)
    cuts, over = _cap(drafts, tokens, keys, options)
    rejected += _over_limit(drafts, over, counts, options)
    counted = (keys["rows"] > 0) & (keys["id"] % np.uint64(one_in) == 0)
    for dialogue in compress(drafts.dialogues, counted.tolist()):
        for age, sex in ages_and_sexes(dialogue.source, dialogue.raw):
            counts["speakers"][f"{dialogue.source}/{age}/{sex}"] += 1
    texts = _texts(drafts, tokens, cuts) if options["dedup"] == "near" else []
    return Built(table_of(_rows(drafts, tokens, cuts)), keys, rejected, texts)


def lacking_of(encoder: Encoder, options: Options) -> frozenset[str]:
    """Return the syllables to respell: those that the tokenizer lacks, with `--respell on`."""
    return encoder.lacking if options["respell"] == "on" else frozenset()


def _normalise(
    dialogues: Sequence[Dialogue],
    encoder: Encoder,
    counts: Counts,
    examples: Examples,
    options: Options,
) -> _Said:
    """Normalise all texts, and return what is left."""
    texts = list(chain.from_iterable(dialogue.texts for dialogue in dialogues))
    normalised = normalise_texts(
        texts,
        rules=options["rules"],
        source=dialogues[0].source,
        personal=options["personal"],
        lacking=lacking_of(encoder, options),
        samples=examples.rules,
    )
    examples.take_tags(dialogues, texts, normalised, options["seed"])
    counts["utterances"]["read"] += len(texts)
    counts["utterances"]["kept"] += len(texts) - len(normalised.dropped)
    counts["dropped"].update(normalised.dropped.values())
    counts["rules"].update(normalised.rules)
    counts["tags"].update(normalised.tags)
    said = _Said(
        list(chain.from_iterable(dialogue.speakers for dialogue in dialogues)),
        [text or "" for text in normalised.texts],
        np.array([len(dialogue.texts) for dialogue in dialogues]),
    )
    said = _without(said, list(normalised.dropped))
    return _without_pieces(said, counts) if options["personal"] == "drop" else said


def _without(said: _Said, places: Sequence[int]) -> _Said:
    """Take some utterances out."""
    if not places:
        return said
    stays = np.ones(len(said.texts), np.bool_)
    stays[places] = False
    dialogue = np.repeat(np.arange(len(said.lengths)), said.lengths)
    chosen = stays.tolist()
    return _Said(
        list(compress(said.speakers, chosen)),
        list(compress(said.texts, chosen)),
        np.bincount(dialogue[stays], minlength=len(said.lengths)),
    )


def _without_pieces(said: _Said, counts: Counts) -> _Said:
    """Take out what is personal data not in a message alone, but in a whole turn."""
    gone: list[int] = []
    ends = np.cumsum(said.lengths)
    for k in with_pieces(said.texts, said.lengths):
        place = slice(int(ends[k] - said.lengths[k]), int(ends[k]))
        for pieces in find_pieces(said.speakers[place], said.texts[place]):
            counts["rules"][IN_PIECES[0]] += 1
            counts["dropped"]["personal_data"] += len(pieces)
            counts["utterances"]["kept"] -= len(pieces)
            gone += [place.start + piece for piece in pieces]
    return _without(said, gone)


def with_pieces(texts: list[str], lengths: Ints) -> list[int]:
    """Return which dialogues may hold personal data that is parted into messages."""
    places = where_pieces_begin(texts)
    found: list[int] = np.unique(np.searchsorted(np.cumsum(lengths), places, "right")).tolist()
    return found


def find_pieces(speakers: Sequence[str], texts: Sequence[str]) -> Iterator[list[int]]:
    """Yield which messages of a dialogue are personal data together, until none are.

    When they are gone, messages of one speaker that they kept apart are one turn.
    """
    left = list(range(len(texts)))
    while True:
        pieces = [
            left[turn[piece]]
            for turn in turns_of([speakers[place] for place in left])
            if len(turn) > 1  # a message alone was looked at
            for piece in in_pieces([texts[left[place]] for place in turn])
        ]
        if not pieces:
            return
        yield pieces
        left = [place for place in left if place not in pieces]


def _not_arranged(
    dialogues: Sequence[Dialogue],
    said: _Said,
    arranged: Arrangement,
    reasons: Sequence[str | None],
    counts: Counts,
) -> Iterator[Rejected]:
    """Yield the dialogues whose turns cannot be a row."""
    numbers = zip(arranged.n_speakers.tolist(), said.lengths.tolist(), strict=True)
    for dialogue, reason, (n_speakers, n_left) in zip(dialogues, reasons, numbers, strict=True):
        if reason:
            who = f"{n_speakers} speakers, " if n_speakers > 1 else ""
            counts["left_out"][reason] += n_left
            yield _reject(dialogue, "turns", reason, f"{who}{n_left} utterances left")


def _reject(
    dialogue: Dialogue, stage: Literal["turns", "tokens"], reason: str, detail: str
) -> Rejected:
    return Rejected(
        stage=stage,
        reason=reason,
        detail=detail,
        source=dialogue.source,
        dialogue_id=dialogue.dialogue_id,
        raw_file=dialogue.raw_file,
        raw_offset=dialogue.raw_offset,
        raw=dialogue.raw,
    )


def _drafts(
    dialogues: Sequence[Dialogue],
    said: _Said,
    arranged: Arrangement,
    reasons: Sequence[str | None],
) -> _Drafts:
    """Write the turns of each dialogue that has some."""
    kinds = np.where(arranged.begins, _TURN, _BESIDE)
    kinds[~arranged.in_turn] = _NONE
    in_turn = np.flatnonzero(arranged.in_turn)
    kinds[in_turn[np.diff(arranged.dialogue[in_turn], prepend=-1) > 0]] = _DIALOGUE
    marks: list[str] = kinds.tolist()
    places = np.flatnonzero(arranged.n_turns)
    ends, lengths = np.cumsum(said.lengths)[places], said.lengths[places]
    return _Drafts(
        dialogues=[dialogues[place] for place in places.tolist()],
        kept=[reasons[place] is None for place in places.tolist()],
        scripts=_script(marks, said.texts).split(_DIALOGUE)[1:],
        n_turns=arranged.n_turns[places].tolist(),
        said=list(map(slice, (ends - lengths).tolist(), ends.tolist())),
        all_said=said,
        marks=marks,
    )


def _script(marks: Sequence[str], texts: Sequence[str]) -> str:
    return "".join([mark + text for mark, text in zip(marks, texts, strict=True) if mark])


def _encode(drafts: _Drafts, encoder: Encoder, counts: Counts, options: Options) -> _Tokens:
    """Fill names and encode.

    A draft that is not kept gives no row, only its key. Its tokens are counted only where its
    characters do not show already that it fits, so what other options would keep costs little.
    """
    chosen: list[int] = []
    scripts: list[str] = []
    for k, (script, kept) in enumerate(zip(drafts.scripts, drafts.kept, strict=True)):
        if kept or not _surely_fits(script, encoder, options["max_tokens"]):
            chosen.append(k)
            named = _PLACEHOLDER.search(script)
            scripts.append(_fill(drafts, k, counts, options["seed"]) if named else script)
    turns = _TURN.join(scripts).split(_TURN) if scripts else []
    of_texts, n_of_texts = encoder.encode_flat(turns)
    n_turns = np.array([drafts.n_turns[k] for k in chosen], np.int64)
    n_tokens = n_of_texts + 1
    is_role = np.zeros(n_tokens.sum(), np.bool_)
    is_role[np.cumsum(n_tokens) - n_tokens] = True
    ids = np.empty(len(is_role), np.int32)
    ids[~is_role] = of_texts
    ids[is_role] = np.where(places_within(n_turns) % 2, encoder.sys_id, encoder.usr_id)
    return _Tokens(chosen, turns, n_turns, n_tokens, ids)


def _surely_fits(script: str, encoder: Encoder, max_tokens: int) -> bool:
    text = _PLACEHOLDER.sub(LONGEST_SURROGATE, script.replace(_TURN, _BESIDE))
    n_turns = script.count(_TURN) + 1
    return encoder.n_tokens_at_most(text) + n_turns <= max_tokens - 2


def _fill(drafts: _Drafts, k: int, counts: Counts, seed: int) -> str:
    """Return the script of a draft with invented names."""
    dialogue, place = drafts.dialogues[k], drafts.said[k]
    filled = fill_names(
        dialogue.dialogue_id,
        drafts.all_said.speakers[place],
        drafts.all_said.texts[place],
        seed=seed,
        traits=partial(speaker_traits, dialogue.source, dialogue.raw),
    )
    if drafts.kept[k]:
        counts["names"].update(filled.counts)
        counts["people"][str(len(filled.people))] += 1
        counts["surnames"].update(person[0] for person in filled.people)
        counts["given_names"].update(person[1:] for person in filled.people)
    return _script(drafts.marks[place], filled.texts).removeprefix(_DIALOGUE)


def _keys(drafts: _Drafts, arranged: Arrangement) -> Keys:
    """Return the keys of the drafts, as they are of those that fit; no tokens are counted yet."""
    keys = np.zeros(len(drafts.dialogues), KEY)
    # sns and summary share their ids
    spaces = ["topic" if one.source == "topic" else "summary" for one in drafts.dialogues]
    keys["id"] = [
        key_of(f"{space}/{one.dialogue_id}")
        for space, one in zip(spaces, drafts.dialogues, strict=True)
    ]
    keys["text"] = list(map(key_of, drafts.scripts))  # turns alternate from <usr>
    keys["held_out"] = [HELD_OUT.index(one.split) for one in drafts.dialogues]
    has_turns = arranged.n_turns > 0
    keys["folded"], keys["trimmed"] = arranged.folded[has_turns], arranged.trimmed[has_turns]
    for name in OVERLONG:
        keys[name] = 1
    keys["rows"] = drafts.kept
    keys["utterances"] = [place.stop - place.start for place in drafts.said]
    in_turns = np.bincount(arranged.dialogue[arranged.in_turn], minlength=len(has_turns))
    keys["in_rows"] = in_turns[has_turns] * keys["rows"]
    return keys


def _cap(
    drafts: _Drafts, tokens: _Tokens, keys: Keys, options: Options
) -> tuple[list[_Cut], dict[int, list[int]]]:
    """Return the rows, and of drafts that give none the tokens of each turn.

    What is over the limit is put into the keys.
    """
    max_tokens = options["max_tokens"]
    cuts: list[_Cut] = []
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
            cuts.append(_Cut(k, part, start + row.start, len(row), stop - first - len(row)))
    return cuts, over


def _n_utterances(marks: Sequence[str]) -> list[int]:
    """Return how many utterances each turn of a dialogue has."""
    return [1 + len(more) for more in "".join(marks)[1:].split(_TURN)]


def _over_limit(
    drafts: _Drafts, over: Mapping[int, Sequence[int]], counts: Counts, options: Options
) -> Iterator[Rejected]:
    """Yield the dialogues that are over the limit and of which no pair of turns is kept."""
    for k, n_tokens in over.items():
        detail = f"its first pair of turns has {sum(n_tokens[:2])} tokens"
        if options["overlong"] == "drop":
            fit = options["max_tokens"] - 2
            detail = f"{sum(n_tokens)} tokens; {fit} fit beside <s> and </s>"
        counts["left_out"]["over_max_tokens"] += drafts.said[k].stop - drafts.said[k].start
        yield _reject(drafts.dialogues[k], "tokens", "over_max_tokens", detail)


def _rows(drafts: _Drafts, tokens: _Tokens, cuts: Sequence[_Cut]) -> Rows:
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


def _texts(drafts: _Drafts, tokens: _Tokens, cuts: Sequence[_Cut]) -> list[Texts]:
    """Return the turns of each row before names were filled and after."""
    starts = dict(zip(tokens.drafts, np.cumsum(tokens.n_turns) - tokens.n_turns, strict=True))
    texts: list[Texts] = []
    for cut in cuts:
        first = cut.start - int(starts[cut.draft])
        before = drafts.scripts[cut.draft].split(_TURN)[first : first + cut.n_turns]
        written = tokens.turns[cut.start : cut.start + cut.n_turns]
        texts.append(Texts(_TURN.join(before), _TURN.join(written)))
    return texts
