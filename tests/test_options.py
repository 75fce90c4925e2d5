"""The table of options, and that the command line, `corpus.build` and README agree with it."""

import inspect
import re
import shlex

import pytest

from corpus.__main__ import parser_of
from corpus.building.run import build
from corpus.options import OPTIONS, flags_of, options_of
from corpus.records import CorpusError

NAMES = [option.name for option in OPTIONS]


def parsed(*flags):
    return vars(parser_of("build").parse_args(["build", "raw", "processed", *flags]))


@pytest.mark.parametrize("option", OPTIONS, ids=NAMES)
def test_an_option_has_one_default_everywhere(option):
    assert inspect.signature(build).parameters[option.name].default == option.default
    assert parsed()[option.name] == option.default
    assert option.checked(option.default) == options_of()[option.name]


@pytest.mark.parametrize("option", OPTIONS, ids=NAMES)
def test_the_docstring_of_build_names_every_choice(option):
    told = re.search(
        rf"^    {option.name}: (.*?)(?=^    \w+: |^\w)",
        inspect.getdoc(build),
        re.DOTALL | re.MULTILINE,
    )
    assert all(f"`{choice}`" in told[1] for choice in option.choices)


def test_build_has_no_option_that_the_table_lacks():
    how = {
        "tokenizer",
        "update",
        "fresh",
        "workers",
        "item_timeout",
        "engine",
        "address",
        "progress",
    }
    parameters = inspect.signature(build).parameters
    assert parameters.keys() - how - {"raw", "processed"} == set(NAMES)


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"rules": "chathuman"},
        {"sources": ["sns", "topic"], "overlong": "split"},
        {"max_tokens": 64, "seed": -3, "test_share": 0.25, "respell": "on"},
    ],
)
def test_the_command_of_a_build_builds_the_same(chosen):
    options = options_of(**chosen)
    flags = [word for flag in flags_of(options) for word in shlex.split(flag)]
    assert options_of(**{name: parsed(*flags)[name] for name in NAMES}) == options


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("rules", "mine", "rules can be default or chathuman, not 'mine'."),
        ("sources", [], "sources can be topic, summary, sns, task, not none."),
        ("sources", ["topic", "kakao"], "sources can be topic, summary, sns, task, not kakao."),
        ("max_tokens", 5, "max_tokens is 5; the shortest row has 6: <s> <usr> one <sys> one </s>"),
        ("max_tokens", 2**64, "max_tokens is 18446744073709551616; the shortest row has 6"),
        ("test_share", 1, "test_share is 1; it is a share of train: 0.05, say."),
        ("test_share", float("nan"), "test_share is nan; it is a share of train"),
        ("seed", None, "seed is None; it is a whole number"),
        ("seed", "a", "seed is 'a'; it is a whole number"),
        ("seed", 1.5, "seed is 1.5; it is a whole number"),
        ("seed", [1], "seed is [1]; it is a whole number"),
        ("seed", True, "seed is True; it is a whole number"),
        ("seed", 2**70, "it is a whole number of at most 63 bits"),
    ],
)
def test_what_an_option_cannot_be_is_told_in_a_sentence(name, value, sentence):
    with pytest.raises(CorpusError) as error:
        options_of(**{name: value})
    assert sentence in str(error.value)


def test_an_unknown_option_is_no_option():
    with pytest.raises(TypeError, match="build has no option max_token"):
        options_of(max_token=3)
