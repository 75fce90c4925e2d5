"""Personal data is found as people type it, and numbers that are nobody's are left alone."""

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from effort import tries
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_trees import summary_document, summary_entry, write

import corpus
from corpus.building import run
from corpus.dialogues.pieces import with_pieces
from corpus.text.identifiers import RAW_TRIGGERS, find
from corpus.text.normalisation import normalise, normalise_texts, trace
from corpus.text.personal import in_pieces
from corpus.text.rule import join, places_of
from corpus.verify.checks import verify
from corpus.views.show import dialogue_lines

CASES = json.loads((Path(__file__).parents[1] / "cases" / "personal_data.json").read_text("utf-8"))
KINDS = ("resident_number", "phone", "email", "account", "plate")
ATOMS = "010 02 공일공 일이 하나 0000 골뱅이 네이버 닷컴 .com hong 국민은행 우리 900101 주민번호 at"
PIECES = st.lists(
    st.sampled_from([*"0123456789 -.,()@+ㅡ★가나호도원", *ATOMS.split()]), max_size=14
).map("".join)
LAW = settings(max_examples=tries(150), deadline=None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"])
def test_a_case_is_dropped_by_its_kind_or_kept(case):
    normalised = normalise_texts([case["text"]])
    expected = {} if case["kind"] is None else {0: "personal_data"}
    assert normalised.dropped == expected
    assert {kind for kind in KINDS if normalised.rules[kind]} == {case["kind"]} - {None}


def test_there_are_enough_cases_of_both_sorts():
    kinds = Counter(case["kind"] for case in CASES)
    assert len(CASES) - kinds[None] >= 150
    assert kinds[None] >= 150
    assert all(kinds[kind] >= 20 for kind in KINDS)


@given(PIECES)
@LAW
def test_what_holds_personal_data_has_a_trigger(text):
    if find(text):
        assert places_of(RAW_TRIGGERS, join(["안녕", text, "응"])) == [1]


@given(PIECES)
@LAW
def test_what_was_kept_is_kept_again(text):
    for once in normalise([text], source="topic"):
        assert once is None or normalise([once], source="topic") == [once]
        assert once is None or find(once) is None


@given(st.lists(PIECES, max_size=4))
@LAW
def test_without_it_every_text_is_as_the_other_rules_leave_it(texts):
    dropped, kept = normalise_texts(texts), normalise_texts(texts, personal="keep")
    for k, text in enumerate(dropped.texts):
        assert text == kept.texts[k] or dropped.dropped[k] == "personal_data"
    assert "personal_data" not in kept.dropped.values()


def test_a_trace_says_by_which_kind():
    assert trace("번호는 010-0000-1234") == [("phone", "번호는 010-0000-1234", "")]
    assert trace("번호는 010★0000★1234")[-1] == ("laid_open", "번호는 010 0000 1234", "")
    assert trace("010-0000-1234", personal="keep") == []


def test_the_rules_of_2023_keep_it():
    assert normalise(["010 0000 1234"], rules="chathuman") == ["010 0000 1234"]


def test_personal_data_in_pieces_is_found_together():
    assert in_pieces(["응", "010", "0000 1234", "끝"]) == [1, 2]
    assert in_pieces(["메일은 hong", "골뱅이", "네이버 닷컴"]) == [0, 1, 2]
    assert in_pieces(["010", "번호", "0000"]) == []


@given(
    st.lists(
        st.lists(
            st.sampled_from(["응", "010", "1234", "5678 9", "공일공", "공", "일이"]),
            max_size=5,
        ),
        max_size=6,
    )
)
@LAW
def test_a_dialogue_is_looked_at_whatever_stands_beside_it(lines):
    texts = [text for line in lines for text in line]
    suspects = with_pieces(texts, np.array([len(line) for line in lines], int))
    for place, line in enumerate(lines):
        if find(" ".join(line)):
            assert place in suspects


@pytest.fixture
def raw(tmp_path):
    return write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry(
                "whole",
                ("A", "번호 뭐야?"),
                ("B", "010-0000-1234"),
                ("B", "여기로"),
                ("A", "응"),
                ("B", "ㅇㅋ"),
            ),
            summary_entry(
                "pieces",
                ("A", "번호 뭐야?"),
                ("B", "010"),
                ("B", "0000"),
                ("B", "1234"),
                ("B", "여기야"),
            ),
            summary_entry("gone", ("A", "번호 뭐야?"), ("B", "010"), ("B", "0000 1234")),
            summary_entry("price", ("A", "얼마야?"), ("B", "3000000원이래")),
        ),
    )


def test_utterances_are_dropped_counted_and_verified(raw, tmp_path):
    manifest = run.build(raw, tmp_path / "out", tokenizer="builtin")
    rows = corpus.load(tmp_path / "out").set_index("dialogue_id")["conversation"].to_dict()
    assert rows == {
        "whole": "<usr>번호 뭐야?<sys>여기로<usr>응<sys>ㅇㅋ",
        "pieces": "<usr>번호 뭐야?<sys>여기야",
        "price": "<usr>얼마야?<sys>3000000원이래",
    }
    assert manifest["utterances"]["dropped"] == {"personal_data": 6}
    assert manifest["rules"] == {"phone": 1, "in_pieces": 2}
    assert manifest["reasons"] == {"one_speaker": 1}
    assert verify(tmp_path / "out", raw=raw).exit_code == 0
    told = "\n".join(dialogue_lines(tmp_path / "out", "pieces", raw=raw))
    assert "dropped: 3 utterances that are personal data together" in told
    assert "dropped: personal_data" in "\n".join(dialogue_lines(tmp_path / "out", "whole", raw=raw))


def test_kept_is_kept_and_verify_finds_it_where_it_should_not_be(raw, tmp_path):
    out = tmp_path / "out"
    kept = run.build(raw, out, tokenizer="builtin", personal="keep")
    assert "personal_data" not in kept["utterances"]["dropped"]
    assert verify(out, raw=raw).exit_code == 0
    manifest = (out / "_manifest.json").read_bytes()
    changed = manifest.replace(b'"personal": "keep"', b'"personal": "drop"')
    (out / "_manifest.json").write_bytes(changed)
    lines = [line for line in verify(out).lines() if "its text holds personal data" in line]
    assert len(lines) == 3
    chathuman = run.build(raw, tmp_path / "2023", tokenizer="builtin", rules="chathuman")
    assert chathuman["options"]["personal"] == "keep"


def test_a_batch_of_many_is_looked_through_as_each_alone():
    draw = random.Random(1)
    texts = [draw.choice(CASES)["text"] for _ in range(3000)]
    alone = {text: normalise([text])[0] for text in set(texts)}
    assert normalise(texts) == [alone[text] for text in texts]
