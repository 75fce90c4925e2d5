"""What a placeholder hides: a person, a place, or an affiliation that suits its second half."""

import json
from pathlib import Path

import pytest

from corpus.names.gathering import mentions_of
from corpus.names.lexicon import WORDS, names_a_place
from corpus.report.chosen import about
from corpus.text.normalisation import normalise_texts

CASES = json.loads((Path(__file__).parents[1] / "cases" / "places.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: " / ".join(case["texts"]))
def test_what_stands_around_a_placeholder_says_of_which_kind_it_is(case):
    texts = normalise_texts(case["texts"], source=case.get("source", "summary")).texts
    assert None not in texts
    speakers = [("a", "b")[nth % 2] for nth in range(len(texts))]
    found = sorted(
        (mention.utterance, mention.start, kind)
        for kind, mentions in mentions_of(speakers, texts).items()
        for mention in mentions
    )
    assert [kind for *_, kind in found] == case["kinds"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("부산 갈까", True),
        ("제주도는 어때", True),
        ("이번엔 오사카로 가자", True),
        ("고양이 귀엽다", False),
        ("밥 먹자", False),
        ("", False),
    ],
)
def test_a_place_is_known_by_its_name_with_or_without_a_particle(text, named):
    assert names_a_place(text) is named


@pytest.mark.parametrize("kind", WORDS)
def test_every_kind_of_word_is_told_in_both_languages(kind):
    assert all(about(kind))
