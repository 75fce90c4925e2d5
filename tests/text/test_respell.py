"""Syllables that a tokenizer lacks are spelt with others, those that it knows never."""

import os
from collections import Counter
from pathlib import Path

import pytest
from effort import tries
from hypothesis import example, given, settings
from hypothesis import strategies as st
from raw_trees import summary_document, summary_entry, write

import corpus
from corpus.building import run
from corpus.options import options_of
from corpus.text.normalisation import normalise, normalise_texts, trace
from corpus.text.respell import respell_rules, spellings_for
from corpus.text.rule import apply, join, split
from corpus.tokens.encoder import Encoder
from corpus.tokens.find import find_tokenizer
from corpus.verify.checks import verify
from corpus.views.closing import closing_lines
from corpus.views.show import dialogue_lines

LACKING = frozenset("걔걘쟤쟨걍쫌쌤됬됫껀딨봣짘핰킼하핳낰읳뻥웡뷁")
LIST = {
    "걔는 왜": "그 애는 왜",
    "걘 몰라": "그 앤 몰라",
    "쟤도": "저 애도",
    "쟨 뭐야": "저 앤 뭐야",
    "걍 해": "그냥 해",
    "쫌!": "좀!",
    "쌤 안녕": "샘 안녕",
    "됬어": "됐어",
    "됫다": "됐다",
    "내껀데": "내건데",
    "어딨어": "어디 있어",
}
TEXTS = st.lists(
    st.sampled_from([*LACKING, *"하키ㅋㅎㅠㅏ 와이!?.1(", "하하", "키키", "#@이름#", "공일공"]),
    max_size=10,
).map("".join)
LAW = settings(max_examples=tries(150), deadline=None)


@pytest.mark.parametrize(("text", "spelt"), LIST.items())
def test_a_word_of_the_list_is_written_in_full(text, spelt):
    assert normalise([text], lacking=LACKING) == [spelt]
    assert normalise([text]) == [text]


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("짘ㅋㅋ", "지ㅋㅋ"),
        ("봣어", "봤어"),
        ("뭐 핰ㅋㅋㅋ", "뭐 하ㅋㅋ"),
        ("낰ㅠ", "나ㅋ ㅠ"),
        ("짘ㅎ", "지ㅋㅎ"),
    ],
)
def test_laughs_and_past_tenses_are_parted_before_runs_are_cut(text, spelt):
    lacking = LACKING - {"하"}
    assert normalise([text], lacking=lacking) == [spelt]


@pytest.mark.parametrize(
    "text",
    [
        "케잌 먹자",
        "젛아",
        "스테잌!",
        "케잌ㅋㅋ",
        "쉐잌 하나",
        "브레잌 밟아",
        "키읔 말고",
        "핰교",
        "앜기",
        "낰는",
    ],
)
def test_a_syllable_that_is_no_laugh_stays(text):
    assert normalise([text], lacking=frozenset("잌젛읔핰앜낰")) == [text]


@pytest.mark.parametrize(
    ("text", "spelt"),
    [
        ("핰", "하ㅋ"),
        ("앜!", "아ㅋ!"),
        ("젛ㅎㅎ", "저ㅎㅎ"),
        ("낰 웃겨", "나ㅋ 웃겨"),
        ("핰..", "하ㅋ.."),
        ("앜ㅋㅋ", "아ㅋㅋ"),
        ("앜ㅎ", "아ㅋㅎ"),
        ("읔~", "으ㅋ~"),
        ("아 잌ㅋ", "아 이ㅋㅋ"),
        ("핰?", "하ㅋ?"),
        ("낰키키키", "나ㅋ키키키"),
    ],
)
def test_a_laugh_is_parted_where_it_goes_on_or_ends(text, spelt):
    assert normalise([text], lacking=frozenset("잌젛읔핰앜낰")) == [spelt]


def test_what_is_known_stays_and_nothing_is_spelt_with_what_is_lacking():
    assert normalise(["걔 봣 뻥 웡카 뷁"], lacking=frozenset("뻥웡뷁")) == ["걔 봣 뻥 웡카 뷁"]
    assert spellings_for("핰하") == {}
    assert spellings_for("됫됬") == {"됫": "됐", "됬": "됐"}
    assert spellings_for("됫됬됐") == {}


@pytest.mark.parametrize("rule", respell_rules(frozenset("걔걍쫌짘봣")), ids=lambda rule: rule.name)
def test_the_example_of_a_rule_is_what_the_rule_does(rule):
    fired = Counter()
    assert split(apply((rule,), join([rule.example[0]]), "summary", fired)) == [
        rule.example[1]
    ] or (rule.name == "laugh_parted")
    assert set(fired) == {rule.name}


@given(TEXTS, st.sampled_from(["summary", "topic"]))
@example("하핳", "summary")
@example("키킼", "topic")
@example("킼키키", "topic")
@example("킼키키우고", "topic")
@example("읳키킼", "topic")
@example("짘키킼", "summary")
@LAW
def test_twice_is_once_and_nothing_that_could_be_spelt_is_left(text, source):
    for once in normalise([text], source=source, lacking=LACKING):
        if once is not None:
            assert normalise([once], source=source, lacking=LACKING) == [once]
            left = set(once) & set(spellings_for(LACKING))
            assert all(spellings_for(LACKING)[one][1:] in ("ㅋ", "ㅎ") for one in left)


@given(st.lists(TEXTS, max_size=5))
@LAW
def test_a_batch_is_its_members_and_a_trace_goes_to_what_is_written(texts):
    batch = normalise_texts(texts, lacking=LACKING)
    members = [normalise_texts([text], lacking=LACKING) for text in texts]
    assert batch.texts == [member.texts[0] for member in members]
    assert batch.rules == sum((member.rules for member in members), Counter())
    for text in texts:
        steps = trace(text, lacking=LACKING)
        last = steps[-1][2] if steps else text
        assert last == (normalise([text], lacking=LACKING)[0] or "")


def test_the_rules_of_2023_respell_nothing():
    assert normalise(["봣어"], rules="chathuman", lacking=LACKING) == ["봣어"]


def test_what_the_built_in_tokenizer_lacks_is_what_it_does_not_know():
    encoder = Encoder(find_tokenizer("builtin").json)
    assert "뷁" in encoder.lacking
    for syllable in "안녕뷁쀍":
        ids = memoryview(encoder.encode([syllable])[0]).cast("i")
        assert (encoder.unk_id in ids) == (syllable in encoder.lacking)


@pytest.mark.skipif("KOGPT2_TOKENIZER" not in os.environ, reason="needs the real tokenizer")
def test_kogpt2_knows_1_995_syllables():
    encoder = Encoder(Path(os.environ["KOGPT2_TOKENIZER"]).read_bytes())
    assert len(encoder.lacking) == 11_172 - 1_995
    assert set("걔걍쫌쌤됬됫껀딨봣") <= encoder.lacking
    assert set("그애저냥좀샘됐건디있봤지") & encoder.lacking == set()


def test_a_build_respells_counts_and_says_what_it_would_gain(tmp_path):
    encoder = Encoder(find_tokenizer("builtin").json)
    [laugh, *_] = [one for one in spellings_for(sorted(encoder.lacking)) if one in "짘핰앜엌헠읔"]
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry("d0", ("A", f"{laugh}ㅋㅋㅋ"), ("B", f"뷁 {laugh} #@이름#아")),
            summary_entry("d1", ("A", f"{laugh}이 뭐해"), ("B", f"놀아 {laugh}나")),
        ),
    )
    off = run.build(raw, tmp_path / "off", tokenizer="builtin")
    on = run.build(raw, tmp_path / "on", tokenizer="builtin", respell="on")
    assert (off["unk_tokens"], off["unk_respellable"]) == (5, 2)
    assert (on["unk_tokens"], on["unk_respellable"]) == (3, 0)
    assert on["rules"]["laugh_parted"] == 2
    assert f"{'    less by --respell on':<24}{2:>12,}  40.00%" in list(closing_lines(off))
    assert not any("--respell" in line for line in closing_lines(on))
    text = corpus.load(tmp_path / "on")["conversation"][0]
    assert text.startswith(f"<usr>{spellings_for(encoder.lacking)[laugh]}ㅋ<sys>")
    for name in ("on", "off"):
        assert verify(tmp_path / name, raw=raw).exit_code == 0
    assert "laugh_parted" in "\n".join(dialogue_lines(tmp_path / "on", "d0", raw=raw))
    assert options_of(rules="chathuman", respell="on")["respell"] == "off"
