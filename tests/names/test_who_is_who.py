"""Whole dialogues of which a reader knows who is who, and of which kind, sex and age."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from corpus.names.fill import fill_names
from corpus.names.gathering import mentions_of
from corpus.names.lexicon import PLACES
from corpus.records import PLACEHOLDERS, SpeakerTraits
from corpus.text.normalisation import normalise_texts

CASES = json.loads(
    (Path(__file__).parents[1] / "cases" / "who_is_who.json").read_text(encoding="utf-8")
)


def left_of(case):
    """Return speakers and normalised texts of the utterances that are not dropped."""
    speakers, texts = zip(*(text.split(": ", 1) for text in case["texts"]), strict=True)
    normal = normalise_texts([*texts], source=case.get("source", "summary")).texts
    left = [pair for pair in zip(speakers, normal, strict=True) if pair[1] is not None]
    return [speaker for speaker, _ in left], [text for _, text in left]


def shown(before, after):
    """Return what stands in `after` for each placeholder of `before`."""
    parts = re.split(f"[{PLACEHOLDERS}]", before)
    return re.fullmatch("(.+?)".join(map(re.escape, parts)), after).groups()


@pytest.mark.parametrize("case", CASES, ids=lambda case: " / ".join(case["texts"])[:80])
def test_everybody_is_who_a_reader_takes_him_for(case):
    speakers, texts = left_of(case)
    traits = {name: SpeakerTraits(*told) for name, told in case.get("speakers", {}).items()}
    kinds = case.get("kinds", ["name"] * len(case["who"]))
    for seed in range(5):
        filled = fill_names("d", speakers, texts, seed=seed, traits=lambda: traits)
        words = [
            word
            for before, after in zip(texts, filled.texts, strict=True)
            for word in shown(before, after)
        ]
        people = {
            form: person
            for person in filled.persons
            for form in (person.given, person.surname, person.surname + person.given)
        }
        who = [people.get(word, word) for word in words]
        for one, other in combinations(range(len(who)), 2):
            if kinds[one] == kinds[other]:
                is_same = case["who"][one] == case["who"][other]
                assert (who[one] == who[other]) == is_same, (filled.texts, words)
        for place, name in case.get("is", {}).items():
            person = who[case["who"].index(int(place))]
            if (speaker := traits.get(name)) is not None:
                assert person.sex == speaker.sex
                assert person.decade == speaker.decade
        for place, decades in case.get("born", {}).items():
            assert decades[0] <= who[case["who"].index(int(place))].decade <= decades[-1]


@pytest.mark.parametrize(
    "case", [case for case in CASES if "kinds" in case], ids=lambda case: case["texts"][0]
)
def test_what_stands_for_a_placeholder_is_of_the_kind_that_a_reader_sees(case):
    found = [
        (mention.utterance, mention.start, kind)
        for kind, mentions in mentions_of(*left_of(case)).items()
        for mention in mentions
    ]
    kinds = [
        "name" if k == "name" else "place" if k in PLACES else "affiliation"
        for *_, k in sorted(found)
    ]
    assert kinds == case["kinds"]
