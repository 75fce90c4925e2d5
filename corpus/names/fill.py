"""Names: put an invented person, place or affiliation where a tag or a mask stood.

What follows a placeholder was typed for the real name: `particles` says what it demands, `titles`
and `mentions` what the text around it says, `casting` who is whom in a dialogue, `people` draws the
names of `given` and `lexicon`, and `places` says which word suits a place.
"""

import re
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import accumulate

from corpus.names.casting import share_out
from corpus.names.lexicon import PROVINCES, WORDS
from corpus.names.mentions import (
    Mention,
    mention_of,
    people_apart,
    places_apart,
    word_mention,
)
from corpus.names.people import Person, draw_word, ending_of, forms_of, invent_people
from corpus.names.places import kind_at
from corpus.names.spoken import addressee, asks_for_name, is_polite
from corpus.records import MASKED_PLACE, MASKED_STEM, PLACEHOLDERS, SpeakerTraits

_PLACEHOLDER = re.compile(f"[{PLACEHOLDERS}]")
_SYLLABLES = re.compile("[가-힣]*")
_WHOLE = (
    "place",
    "inner",
    "affiliation",
    "firm name",
    *PROVINCES,
)  # kinds that nothing but a particle follows
_COUPLE = re.compile("여보(?!세요)|(?<![가-힣])자기(?:야|는|도|가)?(?![가-힣])")
_PLACES = ("place", "inner", *"동역구시읍군면리", *PROVINCES)


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
    kinds = _mentions(speakers, texts)
    people: list[Person] = []
    places: list[str] = []
    place_kinds: list[str] = []
    counts: Counter[str] = Counter()
    words: defaultdict[int, dict[int, str]] = defaultdict(dict)  # by utterance and start
    for kind, mentions in kinds.items():
        draws = f"{seed}/{dialogue_id}/{kind}"
        if kind == "name":
            shares = share_out(mentions, people_apart(mentions, texts))
            people = invent_people(shares, draws, dict.fromkeys(speakers), traits)
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
        counted = kind if kind == "name" else "place" if kind in _PLACES else "affiliation"
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
    typed = None if kind in _WHOLE else _SYLLABLES.match(text, start + 1)
    return typed[0] if typed else ""


def _mentions(speakers: Sequence[str], texts: Sequence[str]) -> dict[str, list[Mention]]:
    """Return the mentions of a dialogue by what stands for them."""
    both = list(dict.fromkeys(speakers))
    other = dict(zip(both, reversed(both), strict=True)) if len(both) == 2 else {}

    polite: dict[str, bool] = {}

    def is_polite_speaker(speaker: str) -> bool:
        if speaker not in polite:
            said = zip(speakers, texts, strict=True)
            polite[speaker] = is_polite([text for who, text in said if who == speaker])
        return polite[speaker]

    kinds: defaultdict[str, list[Mention]] = defaultdict(list)
    place_named = False
    ends = list(accumulate(len(text) + 1 for text in texts))
    for match in _PLACEHOLDER.finditer("\n".join(texts)):
        utterance = bisect(ends, match.start())
        text, speaker = texts[utterance], speakers[utterance]
        start = match.start() - ends[utterance] + len(text) + 1
        kind = kind_at(text, start, place_named=place_named)
        place_named |= match[0] in (MASKED_PLACE, MASKED_STEM)
        if kind == "name":
            before = texts[utterance - 1] if utterance else ""
            mention = mention_of(
                utterance,
                speaker,
                text,
                start,
                other.get(speaker),
                is_polite_speaker,
                asked=speakers[utterance - 1] != speaker and asks_for_name(before),
            )
            if len(both) > 2 and mention.bounds.caller:
                mention = mention._replace(answers=addressee(speakers, texts, utterance))
            if mention.bounds.owner and any(map(_COUPLE.search, texts)):  # one child of both
                mention = mention._replace(bounds=mention.bounds._replace(owner="", relation=""))
        else:
            mention = word_mention(utterance, text, start, ends=kind in _WHOLE)
        kinds[kind].append(mention)
    return kinds


def _invent_words(kind: str, shares: Sequence[Sequence[Mention]], draws: str) -> list[str]:
    """Draw a place or an affiliation for each share of the mentions, none twice."""
    words: list[str] = []
    for nth, share in enumerate(shares):
        digest = sha256(f"{draws}/{nth}".encode()).digest()
        words.append(draw_word(WORDS[kind][ending_of(share)], digest, words))
    return words
