"""What is said: the texts of a batch as the text rules leave them."""

from bisect import bisect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import accumulate, chain, compress
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from corpus.counts import Counts
from corpus.dialogues.pieces import find_pieces, with_pieces
from corpus.dialogues.turns import Arrangement, opening_of
from corpus.names.fill import Filled, fill_names
from corpus.options import Options
from corpus.reading.quirks import place_of
from corpus.reading.sources.speakers import speaker_traits
from corpus.records import ABOUT, Dialogue, Ints, Mask
from corpus.report.chosen import chosen_of
from corpus.report.examples import Examples
from corpus.text.normalisation import normalise_texts
from corpus.text.personal import IN_PIECES
from corpus.tokens.encoder import Encoder

GARBLED = ("garbled", "other_script")  # reasons of an utterance that lost most of its letters


class Said(NamedTuple):
    """The utterances of all dialogues that the text rules left, in one list."""

    speakers: list[str]
    texts: list[str]
    places: Ints  # of each among all utterances of the batch
    lengths: Ints  # how many each dialogue has
    dropped: Mapping[int, str] = MappingProxyType({})  # the reason of each that is left out

    def of_dialogues(self, chosen: Mask) -> "Said":
        """Return what is said in some of the dialogues."""
        stays = np.repeat(chosen, self.lengths)
        of_them = stays.tolist()
        return Said(
            list(compress(self.speakers, of_them)),
            list(compress(self.texts, of_them)),
            self.places[stays],
            self.lengths[chosen],
        )


def normalise_dialogues(
    dialogues: Sequence[Dialogue],
    encoder: Encoder,
    counts: Counts,
    examples: Examples,
    options: Options,
) -> Said:
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
    counts["utterances"]["read"] += len(texts)
    counts["utterances"]["kept"] += len(texts) - len(normalised.dropped)
    counts["dropped"].update(normalised.dropped.values())
    _count_garbled(dialogues, normalised.dropped, counts)
    counts["rules"].update(normalised.rules)
    counts["tags"].update(normalised.tags)
    said = Said(
        list(chain.from_iterable(dialogue.speakers for dialogue in dialogues)),
        [text or "" for text in normalised.texts],
        np.arange(len(texts)),
        np.array([len(dialogue.texts) for dialogue in dialogues]),
    )
    said = _without(said, list(normalised.dropped))
    dropped = dict(normalised.dropped)
    if options["personal"] == "drop":
        before, said = said, _without_pieces(said, counts)
        dropped |= _gone(before, said, "personal_data")
    agent = ABOUT[dialogues[0].source].agent
    if agent:
        before, said = said, _without_openings(said, agent, counts)
        dropped |= _gone(before, said, "agent_opening")
    said = said._replace(dropped=dropped)
    named = _named_texts(dialogues, said, options["seed"])
    examples.take_tags(dialogues, texts, normalised.tags, named)
    return said


def _gone(before: Said, after: Said, reason: str) -> dict[int, str]:
    """Return the reason of each utterance that was taken out."""
    if len(before.places) == len(after.places):
        return {}
    gone: list[int] = np.setdiff1d(before.places, after.places, assume_unique=True).tolist()
    return dict.fromkeys(gone, reason)


def _count_garbled(
    dialogues: Sequence[Dialogue], dropped: Mapping[int, str], counts: Counts
) -> None:
    """Count the garbled utterances of each place, if there are any, and all beside them."""
    garbled = [place for place, reason in dropped.items() if reason in GARBLED]
    if not garbled:
        return
    ends = list(accumulate(len(dialogue.texts) for dialogue in dialogues))
    places = [place_of(one.raw_file) for one in dialogues]
    for dialogue, place in zip(dialogues, places, strict=True):
        counts["beside_garbled"][place] += len(dialogue.texts)
    counts["garbled"].update(places[bisect(ends, one)] for one in garbled)


def lacking_of(encoder: Encoder, options: Options) -> frozenset[str]:
    """Return the syllables to respell: those that the tokenizer lacks, with `--respell on`."""
    return encoder.lacking if options["respell"] == "on" else frozenset()


def _without(said: Said, places: Sequence[int]) -> Said:
    """Take some utterances out."""
    if not places:
        return said
    stays = np.ones(len(said.texts), np.bool_)
    stays[places] = False
    dialogue = np.repeat(np.arange(len(said.lengths)), said.lengths)
    chosen = stays.tolist()
    return Said(
        list(compress(said.speakers, chosen)),
        list(compress(said.texts, chosen)),
        said.places[stays],
        np.bincount(dialogue[stays], minlength=len(said.lengths)),
    )


def _without_pieces(said: Said, counts: Counts) -> Said:
    """Take out messages that are personal data only together with their neighbours."""
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


def _without_openings(said: Said, agent: str, counts: Counts) -> Said:
    """Take out what the agent says before the customer: a dialogue begins on `<usr>`."""
    gone: list[int] = []
    ends = np.cumsum(said.lengths).tolist()
    for start, end in zip([0, *ends], ends, strict=False):
        gone += range(start, start + opening_of(said.speakers[start:end], agent))
    counts["dropped"]["agent_opening"] += len(gone)
    counts["utterances"]["kept"] -= len(gone)
    return _without(said, gone)


def count_joined(
    dialogues: Sequence[Dialogue],
    said: Said,
    arranged: Arrangement,
    reasons: Sequence[str | None],
    counts: Counts,
) -> None:
    """Count, of dialogues that are kept, what the loss of an utterance did to the turns.

    `turns_joined`: two turns of one speaker are one, since all that stood between them was dropped.
    `other_speaker`: utterances of a group that are in no turn, since another one spoke last.
    """
    kept = np.array([reason is None for reason in reasons], np.bool_)[arranged.dialogue]
    source = dialogues[0].source
    if n_others := int((arranged.other_speaker & kept).sum()):
        counts["other_speaker"][source] += n_others
    after = np.flatnonzero(
        (np.diff(said.places) > 1)
        & (np.diff(arranged.dialogue) == 0)
        & kept[1:]
        & arranged.in_turn[1:]
    )
    starts = np.cumsum([0, *(len(one.texts) for one in dialogues)])
    for place in after.tolist():
        if said.speakers[place] == said.speakers[place + 1]:
            k = int(arranged.dialogue[place])
            first, last = (int(said.places[one] - starts[k]) for one in (place, place + 1))
            between = dialogues[k].speakers[first + 1 : last]
            counts["turns_joined"][source] += any(one != said.speakers[place] for one in between)


def fill_dialogue(
    dialogue: Dialogue, speakers: Sequence[str], texts: Sequence[str], seed: int
) -> Filled:
    """Fill in the names of one dialogue. Rows, report and `show` all call this function.

    Args:
        dialogue: its id and its header decide the names.
        speakers: of the utterances that are left.
        texts: the utterances that are left, normalised.
        seed: of the names.
    """
    traits = partial(speaker_traits, dialogue.source, dialogue.raw)
    return fill_names(dialogue.dialogue_id, speakers, texts, seed=seed, traits=traits)


def _named_texts(
    dialogues: Sequence[Dialogue], said: Said, seed: int
) -> Callable[[int], tuple[str, str]]:
    """Return a function from an utterance's place to its text in the row, and what was chosen.

    Of one that was dropped it gives no text, and why.
    """

    def named_text(place: int) -> tuple[str, str]:
        at = int(np.searchsorted(said.places, place))
        if at == len(said.places) or said.places[at] != place:
            return "", said.dropped.get(place, "")
        ends = np.cumsum(said.lengths)
        k = int(np.searchsorted(ends, at, "right"))
        start = int(ends[k] - said.lengths[k])
        part = slice(start, int(ends[k]))
        filled = fill_dialogue(dialogues[k], said.speakers[part], said.texts[part], seed)
        text: str = filled.texts[at - start]
        return text, chosen_of(filled, text, said.texts[at])

    return named_text
