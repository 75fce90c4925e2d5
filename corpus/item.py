"""One item of the plan, from raw bytes to its part: the steps of a build, in their order.

read → decode → normalise (tags and masks first) → turns → names → tokens → cap. The steps know the
record types alone; this module knows the steps.
"""

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Literal, TypedDict, Unpack

from corpus.cap import OVERLONG, cap_turns
from corpus.counts import Counts
from corpus.names.fill import fill_names
from corpus.near import Texts
from corpus.part import HELD_OUT, PartWriter, key_of, part_folder
from corpus.reading.decode import decode_document
from corpus.reading.documents import open_document
from corpus.reading.entries import Decoded
from corpus.reading.sources.speakers import ages_and_sexes, speaker_traits
from corpus.records import PLACEHOLDERS, Dialogue, Item, Rejected, Source
from corpus.remote import Folder
from corpus.report.examples import Examples
from corpus.rows import Row
from corpus.splits import split_with_test
from corpus.text.normalisation import Normalised, normalise_texts
from corpus.text.personal import IN_PIECES, in_pieces, where_pieces_begin
from corpus.tokens.encoder import Encoder
from corpus.turns import Arrangement, arrange_turns, reject_reason

BATCH_UTTERANCES = 16_384  # the text rules run on so many at once: enough to be fast, few megabytes
MANY = 8  # where one in so many dialogues is looked at, there are so many items that each shows few
LONGEST_SURROGATE = "가" * 12  # no invented name or place is longer; a test measures them all

_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")


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


@dataclass(frozen=True, slots=True)
class Draft:
    """A dialogue with its turns: a row to be, or, with a reason, what other options would keep."""

    dialogue: Dialogue
    speakers: list[str]  # of the utterances that are left
    texts: list[str]
    arrangement: Arrangement
    reason: str | None

    def turns(self, texts: Sequence[str]) -> list[str]:
        """Return the turns of the arrangement, `texts` being those of the utterances."""
        return [" ".join([texts[place] for place in turn]) for turn in self.arrangement.turns]


def build_item(
    raw: Folder, work: Folder, item: Item, encoder: Encoder, **options: Unpack[Options]
) -> Counts:
    """Take one item through all steps into its part of `work`, and return what was counted."""
    counts: Counts = defaultdict(Counter)
    lacking = lacking_of(encoder, options)
    examples = Examples(of_many=item.one_in >= MANY)
    with part_folder(work, item.index) as folder, PartWriter(folder, item.index) as part:
        for read, rejected in _read(raw, item, counts, options["sources"]):
            dialogues = [_in_its_split(dialogue, options["test_share"]) for dialogue in read]
            drafts, undrafted = _draft(dialogues, counts, examples, options, lacking)
            rows, keys, uncut, texts = _finish(drafts, encoder, counts, options, item.one_in)
            left_out = [*rejected, *undrafted, *uncut]
            examples.take_rejected(left_out)
            for one in left_out:
                if one.stage != "file":
                    counts["rejected"][f"{one.source}/{one.reason}"] += 1
                if one.stage in {"file", "decode"}:
                    counts["broken"][one.reason] += 1
            part.write(rows, keys, left_out, texts)
        part.finish(counts, examples.found(), near=options["dedup"] == "near")
    return counts


def lacking_of(encoder: Encoder, options: Options) -> frozenset[str]:
    """Return the syllables to respell: those that the tokenizer lacks, with `--respell on`."""
    return encoder.lacking if options["respell"] == "on" else frozenset()


def reject_item(work: Folder, item: Item, why: str) -> Counts:
    """Leave a part without rows for an item that cannot be built; it is one line in the ledger."""
    counts: Counts = defaultdict(Counter)
    counts["broken"]["failed_item"] += 1
    first = item.documents[0]
    detail = f"{why}; {len(item.documents)} documents from here, to byte {item.end or 'the end'}"
    rejected = Rejected(
        stage="file",
        reason="failed_item",
        detail=detail,
        source=None,
        dialogue_id=None,
        raw_file=first.raw_file,
        raw_offset=item.start,
        raw=b"",
    )
    examples = Examples(of_many=True)
    examples.take_rejected([rejected])
    with part_folder(work, item.index) as folder, PartWriter(folder, item.index) as part:
        part.write([], [], [rejected])
        part.finish(counts, examples.found(), near=True)  # the commit may look for it
    return counts


def _read(
    raw: Folder, item: Item, counts: Counts, sources: Sequence[Source]
) -> Iterator[tuple[list[Dialogue], list[Rejected]]]:
    """Yield the dialogues of an item in batches of one source, with what is broken beside them."""
    dialogues: list[Dialogue] = []
    rejected: list[Rejected] = []
    n_utterances = 0
    for decoded in _decode(raw, item, counts):
        source = _source(decoded)
        if source and source not in sources:
            counts["not_chosen"][source] += decoded.n_entries
            continue
        _count_decoded(decoded, counts)
        rejected += decoded.rejected
        for dialogue in decoded.dialogues:
            other_source = dialogues and dialogue.source != dialogues[0].source
            if other_source or n_utterances >= BATCH_UTTERANCES:
                yield dialogues, rejected
                dialogues, rejected, n_utterances = [], [], 0
            dialogues.append(dialogue)
            n_utterances += len(dialogue.texts)
    yield dialogues, rejected


def _decode(raw: Folder, item: Item, counts: Counts) -> Iterator[Decoded]:
    for document in item.documents:
        stream = open_document(raw, document)
        declared, n_found = None, 0
        for decoded in decode_document(stream, document, start=item.start, end=item.end):
            declared = decoded.declared if decoded.declared is not None else declared
            n_found += decoded.n_entries
            yield decoded
        if declared is not None:
            counts["declared"][document.raw_file] = declared
        if declared is not None or item.start:  # a later range of one that may declare it
            counts["found"][document.raw_file] += n_found


def _source(decoded: Decoded) -> Source | None:
    """Return the source of a run of entries, which has but one; None if nothing was met."""
    for one in decoded.dialogues[:1]:
        return one.source
    return next((one.source for one in decoded.rejected if one.source), None)


def _in_its_split(dialogue: Dialogue, test_share: float) -> Dialogue:
    split = split_with_test(dialogue.split, dialogue.dialogue_id, test_share)
    return dialogue if split == dialogue.split else replace(dialogue, split=split)


def _count_decoded(decoded: Decoded, counts: Counts) -> None:
    counts["read"].update(one.source for one in decoded.dialogues)
    counts["read"].update(str(one.source) for one in decoded.rejected if one.stage != "file")
    counts["quirks"].update(decoded.quirks)
    doubled = decoded.quirks["doubled_line"]  # the reader left these out already
    if doubled:
        counts["utterances"]["read"] += doubled
        counts["dropped"]["doubled_line"] += doubled


def _draft(
    dialogues: Sequence[Dialogue],
    counts: Counts,
    examples: Examples,
    options: Options,
    lacking: frozenset[str],
) -> tuple[list[Draft], list[Rejected]]:
    """Normalise a batch and arrange each dialogue's turns."""
    if not dialogues:
        return [], []
    texts = [text for dialogue in dialogues for text in dialogue.texts]
    source = dialogues[0].source
    normalised = normalise_texts(
        texts,
        rules=options["rules"],
        source=source,
        personal=options["personal"],
        lacking=lacking,
        samples=examples.rules,
    )
    examples.take_tags(dialogues, texts, normalised, options["seed"])
    counts["utterances"]["read"] += len(texts)
    counts["utterances"]["kept"] += len(texts) - len(normalised.dropped)
    counts["dropped"].update(normalised.dropped.values())
    counts["rules"].update(normalised.rules)
    counts["tags"].update(normalised.tags)
    drafts: list[Draft] = []
    rejected: list[Rejected] = []
    start = 0
    suspects = _suspects(dialogues, normalised) if options["personal"] == "drop" else set()
    for place, dialogue in enumerate(dialogues):
        end = start + len(dialogue.texts)
        pairs = zip(dialogue.speakers, normalised.texts[start:end], strict=True)
        left = [(speaker, text) for speaker, text in pairs if text is not None]
        start = end
        arrangement = arrange_turns([speaker for speaker, _ in left])
        if place in suspects:
            arrangement = without_pieces(left, arrangement, counts)
        speakers = [speaker for speaker, _ in left]
        if isinstance(arrangement, str):
            rejected.append(_reject(dialogue, "turns", arrangement, f"{len(left)} utterances left"))
            counts["left_out"][arrangement] += len(left)
            continue
        reason = reject_reason(
            arrangement, multi_party=options["multi_party"], usr_ending=options["usr_ending"]
        )
        if reason:
            detail = f"{len(set(speakers))} speakers, {len(left)} utterances left"
            rejected.append(_reject(dialogue, "turns", reason, detail))
            counts["left_out"][reason] += len(left)
        drafts.append(Draft(dialogue, speakers, [text for _, text in left], arrangement, reason))
    return drafts, rejected


def _suspects(dialogues: Sequence[Dialogue], normalised: Normalised) -> set[int]:
    """Return which dialogues may hold personal data that is parted into messages."""
    begun = where_pieces_begin([text for text in normalised.texts if text is not None])
    # Of the dropped, how many messages are left before each: a message's place among all follows.
    left_before = [place - n for n, place in enumerate(sorted(normalised.dropped))]
    ends = list(accumulate(len(dialogue.texts) for dialogue in dialogues))
    return {bisect_right(ends, place + bisect_right(left_before, place)) for place in begun}


def without_pieces(
    left: list[tuple[str, str]], arrangement: Arrangement | str, counts: Counts
) -> Arrangement | str:
    """Take out of `left` what is personal data in a whole turn; return the arrangement then."""
    while not isinstance(arrangement, str):
        pieces = [
            turn[piece]
            for turn in arrangement.turns
            if len(turn) > 1  # a message alone was looked at
            for piece in in_pieces([left[place][1] for place in turn])
        ]
        if not pieces:
            break
        counts["rules"][IN_PIECES[0]] += 1
        counts["dropped"]["personal_data"] += len(pieces)
        counts["utterances"]["kept"] -= len(pieces)
        for place in reversed(pieces):
            del left[place]
        arrangement = arrange_turns([speaker for speaker, _ in left])
    return arrangement


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


def _finish(
    drafts: Sequence[Draft], encoder: Encoder, counts: Counts, options: Options, one_in: int
) -> tuple[list[Row], list[tuple[int, ...]], list[Rejected], list[Texts]]:
    """Fill names, encode and cap a batch: its rows, its keys, what is over the limit.

    Last come the texts of the rows, if near-duplicates are looked for.

    A draft with a reason gives no row, only its key. Its tokens are counted only where its
    characters do not show already that it fits, so what other options would keep costs little.
    """
    keyed = [draft.turns(draft.texts) for draft in drafts]
    exact = [
        draft.reason is None or not _surely_fits(turns, encoder, options["max_tokens"])
        for draft, turns in zip(drafts, keyed, strict=True)
    ]
    filled = [
        _fill(draft, turns, counts, options["seed"]) if needed else []
        for draft, turns, needed in zip(drafts, keyed, exact, strict=True)
    ]
    encoded = iter(encoder.encode([text for turns in filled for text in turns]))
    rows: list[Row] = []
    keys: list[tuple[int, ...]] = []
    rejected: list[Rejected] = []
    texts: list[Texts] = []
    for draft, before, turns in zip(drafts, keyed, filled, strict=True):
        ids = [
            (encoder.sys_bytes if place % 2 else encoder.usr_bytes) + next(encoded)
            for place in range(len(turns))
        ]
        n_tokens = [len(one) // 4 for one in ids]
        kept = []
        if draft.reason is None:
            kept = cap_turns(n_tokens, options["max_tokens"], options["overlong"])
            if not kept:
                rejected.append(_over(draft, n_tokens, options))
                counts["left_out"]["over_max_tokens"] += len(draft.texts)
            rows += _rows(draft.dialogue, turns, ids, kept)
            if options["dedup"] == "near":
                texts += [
                    Texts(*("\n".join(one[row.start : row.stop]) for one in (before, turns)))
                    for row in kept
                ]
        key = _key(draft, before, n_tokens, kept, options["max_tokens"])
        keys.append(key)
        if kept and key[0] % one_in == 0:
            _count_speakers(draft.dialogue, counts)
    return rows, keys, rejected, texts


def _count_speakers(dialogue: Dialogue, counts: Counts) -> None:
    for age, sex in ages_and_sexes(dialogue.source, dialogue.raw):
        counts["speakers"][f"{dialogue.source}/{age}/{sex}"] += 1


def _surely_fits(turns: Sequence[str], encoder: Encoder, max_tokens: int) -> bool:
    text = _PLACEHOLDER.sub(LONGEST_SURROGATE, " ".join(turns))
    return encoder.n_tokens_at_most(text) + len(turns) <= max_tokens - 2


def _fill(draft: Draft, turns: list[str], counts: Counts, seed: int) -> list[str]:
    if not _PLACEHOLDER.search("".join(turns)):
        return turns
    dialogue = draft.dialogue
    traits = partial(speaker_traits, dialogue.source, dialogue.raw)
    filled = fill_names(dialogue.dialogue_id, draft.speakers, draft.texts, seed=seed, traits=traits)
    if draft.reason is None:
        counts["names"].update(filled.counts)
        counts["people"][str(len(filled.people))] += 1
        counts["surnames"].update(person[0] for person in filled.people)
        counts["given_names"].update(person[1:] for person in filled.people)
    return draft.turns(filled.texts)


def _rows(
    dialogue: Dialogue, turns: Sequence[str], ids: Sequence[bytes], kept: Sequence[range]
) -> Iterator[Row]:
    """Yield the row of each range of turns; a turn in none is counted as cut by the row before."""
    for part, place in enumerate(kept):
        start = place.start if part else 0
        end = kept[part + 1].start if part + 1 < len(kept) else len(turns)
        yield Row(
            dialogue_id=dialogue.dialogue_id,
            part=part,
            source=dialogue.source,
            topic=dialogue.topic,
            split=dialogue.split,
            turns=turns[place.start : place.stop],
            token_ids=ids[place.start : place.stop],
            n_turns_cut=end - start - len(place),
            raw_file=dialogue.raw_file,
            raw_offset=dialogue.raw_offset,
        )


def _over(draft: Draft, n_tokens: Sequence[int], options: Options) -> Rejected:
    if options["overlong"] == "drop":
        detail = f"{sum(n_tokens)} tokens; {options['max_tokens'] - 2} fit beside <s> and </s>"
    else:
        detail = f"its first pair of turns has {n_tokens[0] + n_tokens[1]} tokens"
    return _reject(draft.dialogue, "tokens", "over_max_tokens", detail)


def _key(
    draft: Draft,
    turns: Sequence[str],
    n_tokens: Sequence[int],
    kept: Sequence[range],
    max_tokens: int,
) -> tuple[int, ...]:
    """Return the `KEY` of a draft with the turns of its rows; without `n_tokens` it surely fits."""
    dialogue, arrangement = draft.dialogue, draft.arrangement
    space = "topic" if dialogue.source == "topic" else "summary"  # sns and summary share their ids
    fits = not n_tokens or sum(n_tokens) <= max_tokens - 2
    return (
        key_of(f"{space}/{dialogue.dialogue_id}"),
        key_of("\n".join(turns)),  # roles alternate from <usr>, so the turns tell them
        HELD_OUT.index(dialogue.split),
        arrangement.folded,
        arrangement.trimmed,
        *(1 if fits else len(cap_turns(n_tokens, max_tokens, overlong)) for overlong in OVERLONG),
        len(kept),
        sum(n_tokens) + 2 if n_tokens else 0,
        len(draft.texts),
        sum(sum(map(len, arrangement.turns[row.start : row.stop])) for row in kept),
    )
