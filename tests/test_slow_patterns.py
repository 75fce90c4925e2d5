"""Every pattern of the text rules takes time that grows with the text, and not with its square."""

import re
from collections import Counter
from itertools import chain, pairwise
from time import process_time

import pytest

from corpus.dialogues.pieces import find_pieces
from corpus.names import mentions, places, titles
from corpus.names.fill import fill_names
from corpus.records import NAME, PLACEHOLDERS, SOURCES
from corpus.text import brackets, characters, chathuman, identifiers, links, normalisation, tags
from corpus.text.normalisation import normalise
from corpus.text.rule import apply, join
from corpus.text.rules import TABLES

N = 2_000  # characters
GROWTH = 2.5  # at most, for twice the text
NOTHING = 0.02  # seconds: what takes less is not measured
TRIES = 4  # the least of some times is a machine that was not busy

# What patterns begin with, repeated: each opens a match that never closes, or closes in vain.
ATOMS = [
    *(
        "a",
        "a@",
        "a.",
        "0",
        "010",
        "0-",
        "01 ",
        "공",
        "가",
        "가 ",
        "(",
        "()",
        "(가",
        "(웃음",
        ")(",
        "<",
        ">",
    ),
    *(
        "<s",
        "<s>",
        "<u",
        "-_",
        "_",
        "*",
        "**",
        "***에서",
        "**에서 ",
        "#@",
        "#@이름#",
        "#@이름#에서",
        "#@기타#",
    ),
    *(
        "&",
        "&g",
        "&amp;",
        "ㅋ",
        "ㅋ ",
        "키",
        "와이키",
        "쿠키",
        "하",
        "ㅠ",
        "ㅜ",
        ".",
        "!?",
        "?!",
        "^",
        " ",
        "님이 ",
    ),
    *(
        "12호 3456 ",
        "900101-1234560 ",
        "900101",
        "주민 ",
        "국민은행 ",
        "123-",
        "at ",
        "골뱅이",
        "a at ",
        "네이버",
    ),
    *(
        "사진을 ",
        "보냈습니다",
        "www.",
        "a/",
        "a.kr",
        "http",
        "é",
        "ìˆ",
        "①",
        "½",
        "ㆍ",
        "\u1100",
        "\u1161",
        "…",
    ),
    *(
        "다시 ",
        "에 ",
        "01012345",
        "영일",
        "하나",
        "차 ",
        "서울 12가 ",
        "#@이모티콘#",
        "#@이모티콘#가",
        "*^",
        "'",
    ),
]


def growths(run):
    """Return how much longer a run takes on twice the text; nothing where none takes long."""
    if timed(run, 4 * N) <= NOTHING:
        return []
    times = [min(timed(run, factor * N) for _ in range(TRIES)) for factor in (1, 2, 4)]
    return [
        after / max(before, NOTHING / 4) for before, after in pairwise(times) if after > NOTHING
    ]


def timed(run, n):
    started = process_time()
    run(n)
    return process_time() - started


def assert_linear(run):
    for _ in range(3):  # a machine that is busy is asked again
        found = growths(run)
        if all(growth <= GROWTH for growth in found):
            return
    raise AssertionError(found)


def patterns():
    for module in (brackets, characters, chathuman, identifiers, links, normalisation, tags):
        yield from compiled(module)
    for module in (mentions, places, titles):
        yield from compiled(module)


def compiled(module):
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern):
            yield f"{module.__name__}.{name}", value
    for kind, (needed, _) in getattr(module, "KINDS", {}).items():
        yield f"{module.__name__}.{kind}", needed


@pytest.mark.parametrize("atom", ATOMS)
def test_each_rule_alone_grows_no_faster_than_the_text(atom):
    for rule in chain.from_iterable(TABLES.values()):
        source = rule.only or "summary"
        assert_linear(
            lambda n, rule=rule, source=source: apply(
                (rule,), join([atom * (n // len(atom))]), source, Counter()
            )
        )


@pytest.mark.parametrize("atom", ATOMS)
def test_each_other_pattern_grows_no_faster_than_the_text(atom):
    for _, pattern in patterns():
        assert_linear(lambda n, pattern=pattern: list(pattern.finditer(atom * (n // len(atom)))))


@pytest.mark.parametrize("atom", ATOMS)
@pytest.mark.parametrize("source", SOURCES)
def test_all_rules_together_grow_no_faster_than_the_text(atom, source):
    assert_linear(lambda n: normalise([atom * (n // len(atom))], source=source))


@pytest.mark.parametrize(
    "text", ["<" * 1000 + "s>" * 1000, "<s" * 2000 + ">" * 2000, "<u" * 2000 + "sr>" * 2000]
)
def test_hidden_control_tokens_are_taken_away_in_one_pass(text):
    assert_linear(lambda n: normalise([text * (n // 1000)], rules="chathuman"))


def test_pieces_of_many_numbers_in_one_turn_are_found_in_one_pass():
    def run(n):
        texts = ["010", "0000", "1234야"] * (n // 12)
        speakers = [*["a"] * len(texts), "b"]
        assert sum(map(len, find_pieces(speakers, [*texts, "응"]))) == len(texts)

    assert_linear(run)


def test_pieces_within_pieces_are_found_in_time_that_grows_with_them():
    def run(n):
        depth = n // 8
        texts = [*["010", "0000"] * depth, *["1234야"] * depth, "응"]
        speakers = [
            *(f"{k // 2 % 2}" for k in range(2 * depth)),
            *(f"{(depth - 1 - k) % 2}" for k in range(depth)),
            "0",
        ]
        gone = list(chain.from_iterable(find_pieces(speakers, texts)))
        assert len(gone) == len(set(gone)) >= 3 * depth

    assert_linear(run)


@pytest.mark.parametrize(
    "after", ["", "이가 ", "아 ", "님은 요", " 씨는요? ", "이는 하고 ", "에서 "]
)
@pytest.mark.parametrize("one", [NAME, PLACEHOLDERS])
def test_many_names_in_one_utterance_take_time_that_grows_with_them(after, one):
    text = "".join(character + after for character in one)

    def run(n):
        fill_names("d", ["a", "b"], [text * (n // len(text) // 4), "네"], seed=0)

    assert_linear(run)
