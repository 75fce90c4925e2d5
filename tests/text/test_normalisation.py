"""The laws of the text rules, and golden cases for each of them."""

import json
import os
import re
import unicodedata
from collections import Counter
from itertools import chain
from pathlib import Path
from time import process_time

import pytest
from effort import tries
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from corpus.records import PLACEHOLDERS, SOURCES, CorpusError
from corpus.text.characters import CHARACTER_RULES
from corpus.text.normalisation import normalise, normalise_texts, trace
from corpus.text.rule import apply, join, split
from corpus.text.rules import RULES
from corpus.text.tags import shown

CASES = json.loads((Path(__file__).parents[1] / "cases" / "normalisation.json").read_text("utf-8"))

# What the rules are about, and what may come between: a few alphabets narrow enough for rules to
# meet, and all of them together.
ALPHABETS = [
    [*"ㅋㅎㅠㅜㅡㅏㄳ나각 "],
    [*"?!.,~^_'\"%; "],
    [*"12().<>-:a ,"],
    ["**", "*", "^", "동", "에서", "에", "씨", "나", "는", " ", "3"],
    ["#@기타#", "#@이름#", "에서", "으로", "바뀌었어", "들이", *" 아에는하ㅋ(응)"],
    ["**", "***", "*", "에서", "으로 ", "바뀐", "어", "었", " 거", "패스", *" 나살(응)"],
    [*"#@1ㅠㄳ ", "#@이름#", "#@이모티콘#", "이름#", "우와#", "URL", "시스템#", "번호#"],
    ["\u1100", "\u1161", "\u11a8", "\u11aa", "\u119e", "\u115f", "\u200b", *"가각ㄱㅏ "],
    [*"키하와이ㅋ 나(*)", "#@이름#"],
    [*"\n\r\t \x1c\x00a1ㅋㅏ()", "\u200b", "\u2028", "\ue000", "\ue010", "\U000f0000", "\ud800"],
    [
        *"&;amp#62 x",
        "&gt;",
        "&amp;",
        "&#40;",
        "&nbsp;",
        "①②",
        "½",
        "㎡",
        "²",
        "ㆍ",
        "·",
        "ᆢ",
        *"12é",
    ],
    [*"(웃음)한숨을이가는에서랑? ", "(웃음)", "(이)", "(으)", "(강남)", "_", "-_-", ">_<", *"1가"],
    ["사진을", "보냈습니다", "님이", "들어왔습니다", "www.", "a.kr/", "://", "http", *"b1. (/)"],
    [*"ñèçÇìˆãは漢� 가a"],
    [*"쿠럭허스키키우와이ㅋ 나"],
    [*"…“”‘’～〜—－＞＜（）１ＡAKİéㆍㆎㅥ😂①", "e\u0301", "\u3164", "\u302e", "\u037e", "\u212a"],
    [
        "010",
        "1234",
        "5678",
        *"0- .,(공@+",
        "일이삼사",
        "12가",
        "네이버",
        "닷컴",
        "국민은행",
        "900101",
    ],
    ["<usr>", "</s>", ">.<", "(웃음)", "#@주소#", "#@소속#", "#@", "와이키키", "*^^*"],
]
HOSTILE = st.one_of(
    *(
        st.lists(st.sampled_from(atoms), max_size=12).map("".join)
        for atoms in [*ALPHABETS, [*chain.from_iterable(ALPHABETS)]]
    ),
    st.text(max_size=8),
)
SOURCE = st.sampled_from(SOURCES)
LAW = settings(max_examples=tries(100), deadline=None)
TAG = re.compile("#@(?:이름|주소|소속)#")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"] or "empty")
def test_a_golden_text_is_written_as_the_case_says(case):
    options = {name: case[name] for name in ("source", "personal") if name in case}
    assert normalise([case["text"]], **options) == [case["normal"]]


def test_most_of_what_people_write_is_left_as_it_is():
    untouched = [case for case in CASES if case["text"] == case["normal"]]

    assert len(untouched) > 60
    for case in untouched:
        options = {name: case[name] for name in ("source", "personal") if name in case}
        assert trace(case["text"], **options) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_example_of_a_rule_is_what_the_rule_does(rule):
    fired = Counter()
    before, after = rule.example

    batch = apply((rule,), join([before]), rule.only or "summary", fired)

    assert [shown(text) for text in split(batch)] == [after]
    assert set(fired) == {rule.name}


def test_no_two_rules_have_one_name():
    assert len({rule.name for rule in RULES}) == len(RULES)


@given(st.lists(HOSTILE, max_size=4), SOURCE)
@LAW
def test_normalising_twice_is_normalising_once(texts, source):
    once = [text for text in normalise(texts, source=source) if text is not None]

    assert normalise(once, source=source) == once


@given(st.lists(HOSTILE, max_size=6), SOURCE, st.sampled_from(["default", "chathuman"]))
@LAW
def test_a_batch_is_its_members_one_by_one(texts, source, rules):
    batch = normalise_texts(texts, source=source, rules=rules)
    members = [normalise_texts([text], source=source, rules=rules) for text in texts]

    assert batch.texts == [member.texts[0] for member in members]
    assert batch.dropped == {
        k: member.dropped[0] for k, member in enumerate(members) if member.dropped
    }
    assert batch.rules == sum((member.rules for member in members), Counter())
    assert batch.tags == sum((member.tags for member in members), Counter())


@given(HOSTILE, SOURCE)
@example("1(a)(b)2", "summary")
@example("1#@이모티콘#2", "summary")
@example("사진을(사진을1)", "summary")
@LAW
def test_numbers_are_kept_outside_of_asides_and_tags(text, source):
    (written,) = normalise([text], source=source)
    if written is None:
        return
    (spelled,) = split(apply(CHARACTER_RULES, join([text]), source, Counter()))
    said = re.sub(r"#@이모티콘#(?:[^#@\s]{1,12}#(?!@))?", " ", spelled)
    outside = re.sub(r"\([^()]*\)", " ", said)  # in brackets words stay, stage directions go
    numbers = re.findall("[0-9]+", written)

    assert stands_in(re.findall("[0-9]+", outside), numbers)
    assert stands_in(numbers, re.findall("[0-9]+", re.sub("[()]", " ", said)))


def stands_in(few, many):
    """Whether all of `few` are among `many`, in their order."""
    rest = iter(many)
    return all(one in rest for one in few)


# The sign of a number (-5, +10, 5+-1) and the plus of a grade (a+, 1++).
SIGNED = (
    r"(?<![^ ~])(?:\+-|[+\-])(?=[0-9])|(?<=[0-9])\+-(?=[0-9])"
    r"|(?<=(?<![0-9a-z+])[0-9a-z])\+{1,2}(?![0-9a-z+])"
)


@given(HOSTILE, SOURCE)
@LAW
def test_what_is_written_holds_kept_characters_and_short_runs_alone(text, source):
    (written,) = normalise([text], source=source)
    if written is None:
        return
    untagged = TAG.sub("", written)

    assert re.fullmatch(r"""[가-힣ㄱ-ㅣㅥ-ㆎ0-9a-z?!.,~^_'"%; :/&+\-]*""", untagged)
    between = re.sub(SIGNED, " ", written)
    assert not re.search(r"(?<![0-9a-z])[:/&+\-]|[:/&+\-](?![0-9a-z])", between)
    assert not re.search(r"""([ㄱ-ㆎ.^])\1\1|([?!,~;_'"% ])\2|[?!]{3}|ㅜㅜ|ㅠㅜ|ㅜㅠ""", written)
    assert written == written.strip()


@given(HOSTILE, SOURCE)
@LAW
def test_the_tokenizer_s_nfkc_fuses_nothing(text, source):
    (written,) = normalise([text], source=source)
    if written is None:
        return
    for piece in re.split(
        r"ㅠㅠ|ㅡㅡ|\^\^", TAG.sub("가", written)
    ):  # tokens, or a name in a vowel
        assert len(unicodedata.normalize("NFKC", piece)) == len(piece)


@pytest.mark.parametrize(
    "jamo", [chr(code) for code in range(0x3131, 0x318F) if code not in (0x3164, 0x318D)]
)
def test_a_jamo_comes_back_from_nfkc(jamo):
    assert normalise([unicodedata.normalize("NFKC", jamo), jamo]) == [jamo, jamo]


@pytest.mark.skipif("KOGPT2_TOKENIZER" not in os.environ, reason="needs the real tokenizer")
def test_the_real_tokenizer_reads_what_is_written():
    tokenizer = Tokenizer.from_file(os.environ["KOGPT2_TOKENIZER"])

    @settings(max_examples=tries(50), deadline=None)
    @given(st.lists(HOSTILE, max_size=10))
    def law(texts):
        for text in normalise(texts, source="topic"):
            written = TAG.sub("가", text or "")
            tokens = tokenizer.encode(written).tokens
            if "<unk>" not in tokens:
                read = "".join(tokens).replace("▁", "")
                read = re.sub("[\u1100-\u11ff]", lambda jamo: normalise([jamo[0]])[0], read)
                assert read == written.replace(" ", "")

    law()


@given(st.lists(HOSTILE, max_size=6), SOURCE)
@LAW
def test_a_rule_that_fired_has_changed_something_and_does_not_fire_again(texts, source):
    before = join(texts)
    for rule in RULES:
        fired, again = Counter(), Counter()
        after = apply((rule,), before, source, fired)
        apply((rule,), after, source, again)

        assert (after != before) == bool(fired), rule.name
        assert not again or rule.name == "aside"  # ((웃음)): once is meant
        before = after


@given(HOSTILE, SOURCE, st.sampled_from(["default", "chathuman"]))
@LAW
def test_a_trace_goes_step_by_step_from_the_text_to_what_is_written(text, source, rules):
    """All rules one by one: that a batch skips groups of rules for most texts loses nothing."""
    steps = trace(text, source=source, rules=rules)

    texts = [text, *(after for _, _, after in steps)]
    (written,) = normalise([text], source=source, rules=rules)

    assert [before for _, before, _ in steps] == texts[:-1]
    assert all(before != after for _, before, after in steps)
    assert texts[-1] == (written or "")


@given(st.lists(HOSTILE, max_size=6), SOURCE)
@LAW
def test_what_is_dropped_has_a_reason_and_nothing_else_has_one(texts, source):
    normalised = normalise_texts(texts, source=source)

    assert {k for k, text in enumerate(normalised.texts) if text is None} == set(normalised.dropped)
    assert set(normalised.dropped.values()) <= {
        "system_tag",
        "url_tag",
        "number_tag",
        "unknown_tag",
        "mask",
        "personal_data",
        "other_tag",
        "garbled",
        "other_script",
        "empty",
    }


@given(st.lists(HOSTILE, max_size=6), SOURCE, st.sampled_from(["default", "chathuman"]))
@LAW
def test_private_use_characters_stay_inside(texts, source, rules):
    private = {
        character
        for text in normalise_texts(texts, source=source, rules=rules).texts
        for character in text or ""
        if unicodedata.category(character) == "Co"
    }
    assert private <= set(PLACEHOLDERS)
    for text in normalise(texts, source=source, rules=rules):
        assert not any(unicodedata.category(character) == "Co" for character in text or "")


def test_rules_are_counted_by_how_often_they_fired():
    normalised = normalise_texts(["ㅋㅋㅋ ㅎㅎㅎ", "ㅋㅋ", "네ㅋㅋㅋㅋㅠ"])

    assert normalised.rules == {"jamo_run": 3, "vowel_parted": 1}


def test_no_utterances_are_no_texts():
    assert normalise([]) == []
    assert normalise([], rules="chathuman") == []


def test_utterances_given_are_left_alone():
    texts = ["ㅋㅋㅋ", "<usr>"]

    normalise(texts)

    assert texts == ["ㅋㅋㅋ", "<usr>"]


def test_an_unknown_rule_table_or_source_is_told_in_a_sentence():
    with pytest.raises(CorpusError, match="there are no rules '2022'"):
        normalise(["안녕"], rules="2022")
    with pytest.raises(CorpusError, match="there is no source 'kakao'"):
        normalise(["안녕"], source="kakao")


@pytest.mark.parametrize("rules", ["default", "chathuman"])
@pytest.mark.parametrize("piece", ["(", "#@", "#@이름#", "#@번호", "*", "*^", "하", "ㅋㅏ", "<s"])
def test_ten_times_the_text_takes_about_ten_times_as_long(piece, rules):
    def seconds(text):
        times = []
        for _ in range(3):
            start = process_time()
            normalise([text], rules=rules, source="topic")
            times.append(process_time() - start)
        return min(times)

    assert seconds(piece * 20_000) < 40 * max(seconds(piece * 2_000), 1e-3)
