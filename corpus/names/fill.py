"""Names: put an invented person, place or affiliation where a tag or a mask stood.

What follows a placeholder was typed for the real name: `particles` says what it demands, `titles`
and `mentions` what the text around it says, `casting` who is whom in a dialogue, `people` draws the
names of `given` and `lexicon`, and `places` says which word suits a place.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from corpus.names.apart import people_apart, places_apart
from corpus.names.casting import share_out
from corpus.names.gathering import WHOLE, mentions_of, speaks_of_children
from corpus.names.lexicon import PLACES, WORDS
from corpus.names.mentions import Mention
from corpus.names.people import Person, draw_word, ending_of, forms_of, invent_people
from corpus.records import PLACEHOLDERS, SpeakerTraits

_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
_SYLLABLES = re.compile("[가-힣]*")


@dataclass(frozen=True, slots=True)
class Filled:
    """A dialogue without placeholders, and what was invented for it."""

    texts: list[str]
    people: list[str]  # surname and given name of each, in order of first mention
    places: list[str]  # and affiliations, each once, with the second half that was typed
    counts: Counter[str]  # `name`, `place`, `affiliation`; of names also what followed
    persons: list[Person] = field(default_factory=list)  # the people, sex and decade of birth, too
    kinds: list[str] = field(default_factory=list)  # of each of `places`: a key of `WORDS`


def fill_names(
    dialogue_id: str,
    speakers: Sequence[str],
    texts: Sequence[str],
    *,
    seed: int,
    traits: Callable[[], Mapping[str, SpeakerTraits]] = dict,
) -> Filled:
    r"""Replace every placeholder of one dialogue and nothing else.

    Args:
        dialogue_id: decides every draw, together with `seed`.
        speakers: who wrote each text.
        texts: the normalised utterances that are left, in order.
        seed: another one gives other names, and the same text around them.
        traits: tells what is known of the speakers; asked only where somebody is invented.

    >>> filled = fill_names("d1", ["a", "b"], ["\ue000아 밥 먹자", "\ue000이도 온대"], seed=0)
    >>> len(filled.people), filled.counts
    (2, Counter({'name': 2, '아': 1, '이도': 1}))
    """
    kinds = mentions_of(speakers, texts)
    if not kinds:
        return Filled(list(texts), [], [], Counter())
    people: list[Person] = []
    places: list[str] = []
    place_kinds: list[str] = []
    counts: Counter[str] = Counter()
    words: defaultdict[int, dict[int, str]] = defaultdict(dict)  # by utterance and start
    for kind, mentions in kinds.items():
        draws = f"{seed}/{dialogue_id}/{kind}"
        if kind == "name":
            shares = share_out(mentions, people_apart(mentions, speakers, texts))
            people = invent_people(
                shares, draws, dict.fromkeys(speakers), traits, lambda: speaks_of_children(texts)
            )
            shown = list(map(forms_of, people, shares))
            counts.update(mention.particle for mention in mentions)
        else:
            shares = share_out(mentions, places_apart(mentions, texts))
            drawn = _invent_words(kind, shares, draws)
            shown = [[word] * len(share) for word, share in zip(drawn, shares, strict=True)]
            place_kinds += [kind] * len(shares)
            places += [
                word + _second_half(kind, texts[share[0].utterance], share[0].start)
                for word, share in zip(drawn, shares, strict=True)
            ]
        for share, forms in zip(shares, shown, strict=True):
            for mention, form in zip(share, forms, strict=True):
                words[mention.utterance][mention.start] = form
        counted = kind if kind == "name" else "place" if kind in PLACES else "affiliation"
        counts[counted] += len(mentions)
    filled = list(texts)
    for utterance, surrogates in words.items():
        filled[utterance] = _replaced(texts[utterance], surrogates)
    names = [person.surname + person.given for person in people]
    return Filled(filled, names, places, counts, people, place_kinds)


def _replaced(text: str, surrogates: Mapping[int, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: surrogates[match.start()], text)


def _second_half(kind: str, text: str, start: int) -> str:
    """Return what was typed of a word of which only the first half is invented: 한빛 + 대는."""
    typed = None if kind in WHOLE else _SYLLABLES.match(text, start + 1)
    return typed[0] if typed else ""


def _invent_words(kind: str, shares: Sequence[Sequence[Mention]], draws: str) -> list[str]:
    """Draw a place or an affiliation for each share of the mentions, none twice."""
    words: list[str] = []
    for nth, share in enumerate(shares):
        digest = sha256(f"{draws}/{nth}".encode()).digest()
        words.append(draw_word(WORDS[kind][ending_of(share)], digest, words))
    return words
