"""영타: what was typed on the English keyboard is found, and English is not."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from hangulpy import convert_hangul_to_qwerty

from corpus.chat.services import keyboard
from corpus.chat.services.keyboard import as_hangul, convert, english_words

CASES = json.loads((Path(__file__).parents[1] / "cases" / "keyboard.json").read_text())
SCOWL = Path("/usr/share/dict/scowl/english-words.35")
SYLLABLES = [chr(code) for code in range(ord("가"), ord("힣") + 1)]


@pytest.mark.parametrize(("typed", "text"), CASES["put_right"])
def test_korean_on_the_english_keyboard_is_put_right(typed, text, tokens_of):
    converted = convert(typed, tokens_of)
    assert (converted.text, converted.typed, converted.is_changed) == (text, typed, True)


@pytest.mark.parametrize("typed", CASES["left_alone"])
def test_what_is_english_korean_or_neither_stays(typed, tokens_of):
    converted = convert(typed, tokens_of)
    assert converted.text == typed
    assert not converted.is_changed


def test_every_syllable_comes_back_from_its_keys():
    assert [as_hangul(convert_hangul_to_qwerty(one)) for one in SYLLABLES] == SYLLABLES


def test_what_the_tokenizer_does_not_know_is_not_converted():
    def knows_nothing(text):
        return ["<unk>"] if text[0] >= "가" else [*text]

    assert not convert("gksrmf", knows_nothing).is_changed
    assert convert("gksrmf", lambda text: [*text]).text == "한글"


def test_hangul_that_takes_more_than_half_the_tokens_is_not_converted():
    tokens = {"한글": ["한", "글"], "gksrmf": ["gks", "r", "mf"]}
    assert not convert("gksrmf", tokens.__getitem__).is_changed
    tokens["gksrmf"] = ["gks", "r", "m", "f"]
    assert convert("gksrmf", tokens.__getitem__).text == "한글"


def test_every_listed_english_word_needs_its_place_in_the_list(tokens_of, monkeypatch):
    listed = english_words()
    text = files("corpus.chat.services").joinpath("english.txt").read_text("utf-8")
    assert text.split() == sorted(listed)
    assert not [word for word in listed if convert(word, tokens_of).is_changed]
    monkeypatch.setattr(keyboard, "english_words", frozenset)
    hardly = {"dj", "dna", "fps", "sns", "sos"}
    needless = {word for word in listed if not convert(word, tokens_of).is_changed}
    assert needless <= hardly


@pytest.mark.skipif(not SCOWL.exists(), reason="Debian's package scowl is not installed")
def test_no_english_word_alone_is_taken_for_korean(tokens_of):
    words = [one for one in SCOWL.read_text("latin-1").split() if one.isalpha() and one.islower()]
    assert len(words) > 20_000
    assert not [one for one in words if len(set(one)) > 1 and convert(one, tokens_of).is_changed]
