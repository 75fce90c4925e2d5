"""Every pattern that reads strangers' text takes time that grows with it, not with its square."""

import re
from collections import Counter
from functools import cache
from importlib import import_module
from itertools import chain
from math import inf
from pathlib import Path
from time import process_time, sleep

import pytest
from effort import IS_THOROUGH

import corpus
from corpus.chat.services.bad_words import bad_word_pattern
from corpus.chat.services.table import SERVICES
from corpus.dialogues.pieces import find_pieces
from corpus.names import affiliations, mentions, places, titles
from corpus.names.fill import fill_names
from corpus.records import NAME, PLACEHOLDERS, SOURCES
from corpus.text import (
    brackets,
    characters,
    chathuman,
    identifiers,
    links,
    masks,
    normalisation,
    tags,
)
from corpus.text.normalisation import normalise
from corpus.text.rule import apply, join
from corpus.text.rules import TABLES

N = 1_000 if IS_THOROUGH else 500  # characters
READ_AROUND = 1_000  # characters: so much around a name is read
GROWTH = 2.5  # at most, for twice the text
NOTHING = 0.005  # seconds: what takes less is not measured
TRIES = 20  # at most
PAUSE = 0.05  # seconds before the second try, more before each of the next

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


def timed(run, n):
    started = process_time()
    run(n)
    return process_time() - started


def assert_linear(run, name="", tries=TRIES, size=N):
    """Hold that 4 times `size` characters take at most `GROWTH` times as long as twice `size`.

    Only one doubling is timed, of long texts: there the square of a length weighs most. A busy
    machine makes some times longer. So they are taken again, later and later, and the least of
    each counts.
    """
    longer = timed(run, 4 * size)
    if longer <= NOTHING:
        return
    shorter = inf
    for n_tried in range(tries):
        sleep(min(n_tried, 6) * PAUSE)
        shorter = min(shorter, timed(run, 2 * size))
        grown = longer / max(shorter, NOTHING / 4)
        if grown <= GROWTH:
            return
        longer = min(longer, timed(run, 4 * size))
    raise AssertionError(name, grown)


@pytest.mark.parametrize("pattern", ["a+b", r"\s+$", "a.*b", "[a-z ]+@"])
def test_a_pattern_that_grows_with_the_square_is_found(pattern):
    """A busy machine may hide it once, not ten times."""

    def run(n):
        list(re.finditer(pattern, (" " if "s" in pattern else "a") * 3 * n + "!"))

    for _ in range(10):
        try:
            assert_linear(run, tries=2)
        except AssertionError:
            return
    pytest.fail(f"{pattern} was taken for linear")


OF_TEXT = (brackets, characters, chathuman, identifiers, links, masks, normalisation, tags)
OF_NAMES = (affiliations, mentions, places, titles)


def patterns():
    for module in (*OF_TEXT, *OF_NAMES):
        yield from compiled(module)


# What is looked for in strangers' text beside the text rules; and patterns of whole names of files
# and of whole messages, which are asked for a match at the first character alone.
READ = (
    *("corpus.reading.ends", "corpus.reading.framing"),
    *("corpus.reading.decode", "corpus.reading.utf8"),
    *("corpus.reading.tars", "corpus.reading.sources.merged", "corpus.reading.sources.task"),
    *("corpus.reading.sources.topic", "corpus.reading.sources.summary"),
    *("corpus.reading.sources.speakers", "corpus.dialogues.encoding", "corpus.names.fill"),
    *("corpus.report.korean", "corpus.tokens.encoder", "corpus.views.screen"),
    *(
        "corpus.dedup.keys",
        "corpus.evaluation.measure",
        "corpus.chat.filters",
        "corpus.chat.window",
        "corpus.building.unknown_tokens",
        "corpus.names.answers",
        "corpus.names.apart",
        "corpus.names.compared",
        "corpus.names.contrast",
        "corpus.names.gathering",
        "corpus.names.introduced",
        "corpus.names.lives",
        "corpus.names.own_name",
        "corpus.names.relatives",
        "corpus.names.replies",
        "corpus.names.spoken",
        "corpus.text.scripts",
    ),
    *("corpus.chat.services.keyboard", "corpus.chat.services.table", "corpus.chat.services.clock"),
    *("corpus.chat.services.weather", "corpus.chat.server.wire"),
)
WHOLE = (
    *("corpus.reading.parts", "corpus.reading.search", "corpus.reading.missing_labels"),
    "corpus.reading.foreign",
    *("corpus.output.standing", "corpus.tokens.find", "corpus.remote", "corpus.splits"),
    *("corpus.chat.services.asking", "corpus.chat.services.sums"),
)
# Of modules that search, those that are asked for a match at the first character alone.
AT_START = {
    "corpus.names.own_name._STATED",
    "corpus.names.spoken._SAID_TO",
    "corpus.names.replies._OF_ONESELF",
    "corpus.reading.sources.merged._FIRST_BARE",
    *("corpus.reading.sources.task._PREFIX", "corpus.reading.sources.task._LETTER"),
    *("corpus.reading.sources.topic._PREFIX", "corpus.reading.sources.summary._AROUND"),
    *("corpus.reading.sources.summary._FIRST_IN_FILE",),
}
READ_ATOMS = [
    *('{"header":', '{"header" : ', '"data" : [', "{", "{ ", '{"id":', '{"id":1,', '"id" : "'),
    *("[ ", " ", "} ", '"annotations" : {', '"title": "', '"dialogueID": "', '"info":[{'),
    *('"info": [ { "a" : "b" , ', '"numberOfItems": ', '{"numberOfItems": {"0":1,'),
    *('"date":"19', '"text":"1 : ', '"', "\\", '\\"', "10 path=", "9 size=", "\n", ",", "}"),
    *("a/", "_add_", "TL_", "[라벨]", "_1", "TL_1.", ".zip", ".part1", "a.zip.", "_200101_add"),
    *("날씨 ", "서울 ", "까지 며칠", "1+", "(1", "시1", "zz", "ㅋㅋ ", "ㅜㅜ", "</s", "</", "@kr."),
    *("-1", " ,", "이랑아 "),
]


# Patterns that are compiled when a text needs them.
AS_TEXT = {
    "corpus.text.scripts._PLAIN",
    "corpus.text.scripts._BROKEN",
    "corpus.text.scripts._MIXED",
}


def compiled(module):
    for name, value in vars(module).items():
        if f"{module.__name__}.{name}" in AS_TEXT:
            yield f"{module.__name__}.{name}", re.compile(value)
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
    for name, pattern in patterns():
        assert_linear(
            lambda n, pattern=pattern: list(pattern.finditer(atom * (n // len(atom)))), name
        )


def finds(name, pattern):
    """What is done with a pattern of a module."""
    if name in WHOLE or name in AT_START:
        return lambda text: (pattern.match(text), pattern.fullmatch(text))
    return lambda text: list(pattern.finditer(text))


@cache
def asked():
    """Each pattern that reads strangers' text, with how it is asked."""
    return list(_asked())


def _asked():
    for name in (*READ, *WHOLE):
        for called, pattern in compiled(import_module(name)):
            yield called, pattern, finds(called if called in AT_START else name, pattern)
    for service in SERVICES:
        yield service.name, service.pattern, service.pattern.fullmatch
    yield "bad words", bad_word_pattern(), bad_word_pattern().search


@pytest.mark.parametrize("atom", [*READ_ATOMS, *ATOMS])
def test_what_reads_strangers_text_grows_no_faster_than_the_text(atom):
    for name, pattern, find in asked():
        in_bytes = isinstance(pattern.pattern, bytes)

        def run(n, find=find, in_bytes=in_bytes):
            text = atom * (n // len(atom)) + "!a"
            find(text.encode() if in_bytes else text)

        assert_linear(run, name)


def test_no_pattern_that_reads_text_is_left_out():
    here = Path(corpus.__file__).parent
    known = {*READ, *WHOLE, *(module.__name__ for module in (*OF_TEXT, *OF_NAMES))}
    holding = {
        ".".join(("corpus", *path.relative_to(here).with_suffix("").parts))
        for path in here.rglob("*.py")
        if re.search(r"^_?[A-Z_]+(?:: .*)? = re\.compile", path.read_text("utf-8"), re.MULTILINE)
    }
    own = ("corpus.sample.", "corpus.training.", "corpus.tokens.builtin.", "corpus.text.tags")
    assert {name for name in holding if not name.startswith(own)} <= known


@pytest.mark.parametrize("source", SOURCES)
def test_all_rules_together_grow_no_faster_than_the_text(source):
    for atom in ATOMS:

        def run(n, atom=atom):
            normalise([atom * (n // len(atom))], source=source)

        assert_linear(run, atom)


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
        fill_names("d", ["a", "b"], [text * (n // len(text)), "네"], seed=0)

    assert_linear(run, size=READ_AROUND)
