"""The rules of 2023 against a slow, literal version of that year's function."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from effort import tries
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.text.chathuman import CHATHUMAN_RULES
from corpus.text.normalisation import normalise, normalise_texts
from corpus.text.rule import apply, join, split
from corpus.text.tags import shown

CASES = json.loads((Path(__file__).parents[1] / "cases" / "chathuman.json").read_text("utf-8"))
SPECIAL = {"s", "d", "usr", "pad", "sys", "unk", "mask", *(f"unused{k}" for k in range(100))}
SUBSTITUTIONS = (
    ("[^0-9a-zA-Z가-힣ㅋㅎㅜㅠ?!<>._ ]", ""),
    ("ㅋㅋ+", "ㅋㅋ"),
    ("ㅎㅎ+", "ㅋㅋ"),
    ("ㅠㅠ+", "ㅠㅠ"),
    ("ㅜㅜ+", "ㅠㅠ"),
    (r"\.\.+", ".."),
    ("!!+", "!"),
    (r"\?\?+", "?"),
    ("키키+", "ㅋㅋ"),
    (" +", " "),
)
ATOMS = [
    *"ㅋㅎㅠㅜㅇ키 .!?<>()우가aZ1 \n\t~",
    "#@이름#",
    "#@이모티콘#",
    "#@주소#",
    "#@시스템#사진#",
    "@URL",
    "@",
    "<s>",
    "</s>",
    "<usr>",
    "<unused1>",
    "u",
    "r",
    "İ",
    "\u212a",
    "\ue000",
    "\ue011",
]


def clear_sentence(text, name):
    """Return what the function of 2023 returns, then without control tokens; None: dropped."""
    if "#@시스템#사진#" in text or "@URL" in text:
        return None
    text = re.sub(r"\([^)]*\)", "", text.lower())
    text = text.replace("#@이름#", name).replace("#@이모티콘#", "")
    for pattern, replacement in SUBSTITUTIONS:
        text = re.sub(pattern, replacement, text)
    before = None
    while text != before:
        before = text
        text = re.sub("<([a-z0-9]+)>", lambda m: m[1] if m[1] in SPECIAL else m[0], text)
    return text.strip() or None


@given(st.lists(st.lists(st.sampled_from(ATOMS), max_size=14).map("".join), max_size=6))
@settings(max_examples=tries(150), deadline=None)
def test_the_rules_of_2023_are_the_function_of_2023(texts):
    written = [
        text and text.replace("#@이름#", "민준") for text in normalise(texts, rules="chathuman")
    ]
    assert written == [clear_sentence(text, "민준") for text in texts]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"] or "empty")
def test_a_golden_text_is_written_as_in_2023(case):
    assert normalise([case["text"]], rules="chathuman") == [case["normal"]]
    normalised = normalise_texts([case["text"]], rules="chathuman")
    assert normalised.dropped.get(0) == case.get("dropped")


@pytest.mark.parametrize("rule", CHATHUMAN_RULES, ids=lambda rule: rule.name)
def test_the_example_of_a_rule_is_what_the_rule_does(rule):
    fired = Counter()
    before, after = rule.example

    batch = apply((rule,), join([before]), "summary", fired)

    assert [shown(text) for text in split(batch)] == [after]
    assert set(fired) == {rule.name}


def test_no_two_rules_have_one_name():
    assert len({rule.name for rule in CHATHUMAN_RULES}) == len(CHATHUMAN_RULES)


@given(st.lists(st.lists(st.sampled_from(ATOMS), max_size=14).map("".join), max_size=6))
@settings(deadline=None)
def test_a_rule_that_fired_has_changed_something_and_does_not_fire_again(texts):
    before = join(texts)
    for rule in CHATHUMAN_RULES:
        fired, again = Counter(), Counter()
        after = apply((rule,), before, "summary", fired)
        apply((rule,), after, "summary", again)

        assert (after != before) == bool(fired), rule.name
        assert not again, rule.name
        before = after
