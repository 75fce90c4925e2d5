"""What becomes of tags and star masks."""

import json
from pathlib import Path

import pytest

from corpus.records import (
    ADDRESS,
    AFFILIATION,
    MASKED_FULL,
    MASKED_GIVEN,
    MASKED_PLACE,
    MASKED_STEM,
    MASKED_SURNAME,
    NAME,
)
from corpus.text.normalisation import normalise, normalise_texts

CASES = json.loads((Path(__file__).parents[1] / "cases" / "tags.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.get('source')} {case['text']}")
def test_a_golden_text_keeps_its_tag_or_is_dropped_with_the_reason(case):
    options = {name: case[name] for name in ("source", "personal") if name in case}

    assert normalise([case["text"]], **options) == [case["normal"]]
    assert normalise_texts([case["text"]], **options).dropped.get(0) == case.get("dropped")


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("#@이름#아", f"{NAME}아"),
        ("#@주소#에", f"{ADDRESS}에"),
        ("#@장소#에", f"{ADDRESS}에"),
        ("#@소속#에", f"{AFFILIATION}에"),
        ("**아", f"{MASKED_GIVEN}아"),
        ("***아", f"{MASKED_FULL}아"),
        ("*님", f"{MASKED_SURNAME}님"),
        ("**역에서", f"{MASKED_STEM}역에서"),
        ("**에서", f"{MASKED_PLACE}에서"),
        ("***에서", f"{MASKED_PLACE}에서"),
    ],
)
def test_each_tag_and_mask_has_its_own_placeholder(text, marked):
    assert normalise_texts([text], source="topic").texts == [marked]


@pytest.mark.parametrize("suffix", "동역구시읍")
@pytest.mark.parametrize(
    "particle",
    ["에", "에서", "으로", "로", "은", "는", "이", "가", "을", "를", "도", "의", "까지", "부터"],
)
def test_two_stars_before_the_suffix_of_a_place_are_its_stem(suffix, particle):
    texts = [f"**{suffix}", f"**{suffix} 앞", f"**{suffix}{particle}", f"**{suffix}ㅋㅋ"]

    assert all(
        text.startswith(MASKED_STEM) for text in normalise_texts(texts, source="topic").texts
    )


@pytest.mark.parametrize("source", ["summary", "sns"])
def test_stars_are_no_masks_in_a_source_that_has_tags(source):
    texts = ["**가", "***", "*씨", "5*3"]

    assert normalise(texts, source=source) == ["가", None, "씨", "5x3"]


def test_tags_and_masks_are_counted_as_they_were_written():
    texts = [
        "#@이름#아 #@이름#",
        "#@시스템#사진# @URL",
        "#@상호명# #@",
        "#@주소 #",
        "#@이모티콘#헉#",
    ]

    assert normalise_texts(texts).tags == {
        "#@이름#": 2,
        "#@시스템#사진#": 1,
        "@URL": 1,
        "#@상호명#": 1,
        "#@": 1,
        "#@주소 #": 1,
        "#@이모티콘#헉#": 1,
    }


def test_masks_are_counted_in_source_topic_alone():
    texts = ["**가 ***를", "**동", "*", "*^^*"]

    assert normalise_texts(texts, source="topic").tags == {"**": 2, "***": 1, "*": 1}
    assert normalise_texts(texts, source="summary").tags == {}


def test_what_an_unknown_tag_hides_is_not_counted_by_name():
    assert normalise_texts(["#@010-1234-5678 로 전화해"]).tags == {"#@": 1}
