"""Near-duplicates: what is near, that the commit finds it, and that nothing is chained."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from raw_trees import summary_document, summary_entry, write

import corpus
from corpus.building import run
from corpus.dedup.near import BANDS, NEAR, bands_of, shingles, similarity
from corpus.output.ledger import read_ledger
from corpus.verify.checks import verify

_WORDS = """
오늘 내일 어제 점심 저녁 아침 영화 여행 가방 우산 바다 산책 커피 빵집 친구 동생 회사 학교 시험
숙제 노래 그림 사진 전화 버스 기차 공항 시장 과일 김밥 라면 냉면 치킨 피자 축구 농구 수영 등산
"""
_ENDINGS = "이야 했어 갔다 먹자 볼까 좋아 싫어 그래 알지 몰라 해줘 온대 간다며 라던데"
WORDS, ENDINGS = _WORDS.split(), _ENDINGS.split()


def slow_similarity(one, other):
    """The definition, literally."""
    sets = [{text[k : k + 3] for k in range(len(text) - 2)} for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def talk(draw, n=8):
    def message():
        return " ".join(
            draw.choice(WORDS) + draw.choice(ENDINGS) for _ in range(draw.randint(2, 6))
        )

    return [("AB"[k % 2], message()) for k in range(n)]


def changed(draw, messages, share):
    """The same messages, each word another by this chance, and the last one surely."""
    words = [
        (
            who,
            [
                draw.choice(WORDS) + "라니" if draw.random() < share else word
                for word in text.split()
            ],
        )
        for who, text in messages
    ]
    words[-1][1][-1] = draw.choice(WORDS) + "라니까"
    return [(who, " ".join(said)) for who, said in words]


def reasons_of(processed):
    return {
        line["dialogue_id"]: (line["reason"], line["detail"]) for line in read_ledger(processed)
    }


def text_of(row):
    return "\n".join(message["content"] for message in row["messages"])


@given(st.text("가나다ㅋ\n ", min_size=3), st.text("가나다ㅋ\n ", min_size=3))
def test_the_similarity_is_that_of_the_sets_of_three_characters(one, other):
    assert similarity(shingles(one), shingles(other)) == slow_similarity(one, other)


def test_bands_depend_on_the_text_alone_and_stay():
    """A change here changes which dialogues are candidates: it belongs in the changelog."""
    draw = random.Random(1)
    texts = ["\n".join(text for _, text in talk(draw)) for _ in range(1200)]
    bands = bands_of(texts)
    assert bands.shape == (BANDS, 1200)
    assert (bands[:, ::-1] == bands_of(texts[::-1])).all()
    assert (bands[:, [700]] == bands_of([texts[700]])).all()
    assert bands_of(["안녕\n반가워"])[:3, 0].tolist() == [416778821, 1592681252, 3505502962]


def test_two_texts_share_bands_as_their_similarity_says():
    draw = random.Random(2)
    pairs = [(one, changed(draw, one, 0.15)) for one in (talk(draw) for _ in range(600))]
    texts = [
        ["\n".join(text for _, text in one) for one in side] for side in zip(*pairs, strict=True)
    ]
    expected = np.array([slow_similarity(*pair) ** 4 for pair in zip(*texts, strict=True)])
    shared = (bands_of(texts[0]) == bands_of(texts[1])).mean(axis=0)
    assert abs(shared - expected).mean() < 0.06
    assert abs(shared.mean() - expected.mean()) < 0.02


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Forty dialogues in two splits, and near copies of some of them."""
    draw = random.Random(3)
    talks = [talk(draw) for _ in range(40)]
    talks[0][0] = ("A", "#@이름#아 " + talks[0][0][1])
    train = [summary_entry(f"t{k}", *one) for k, one in enumerate(talks[:30])]
    train += [summary_entry(f"n{k}", *changed(draw, talks[k], 0.05)) for k in range(10)]
    train += [summary_entry(f"v{k}", *changed(draw, talks[30 + k], 0.05)) for k in range(5)]
    train += [summary_entry("same", *talks[5])]
    held_out = [summary_entry(f"h{k}", *one) for k, one in enumerate(talks[30:])]
    return write(
        tmp_path_factory.mktemp("near") / "raw",
        Training__a=summary_document(*train),
        Validation__b=summary_document(*held_out),
    )


def test_near_copies_go_and_say_whom_they_are_near_and_how_much(raw, tmp_path):
    manifest = run.build(raw, tmp_path / "out", tokenizer="builtin", dedup="near")
    reasons = reasons_of(tmp_path / "out")
    assert {name: reason for name, (reason, _) in reasons.items()} == (
        {f"n{k}": "near_duplicate" for k in range(10)}
        | {f"v{k}": "near_validation" for k in range(5)}
        | {"same": "duplicate"}
    )
    for name, (reason, detail) in reasons.items():
        if reason != "duplicate":
            alike, first = float(detail.split()[0]), detail.split()[3]
            assert NEAR <= alike < 1
            assert first == name.replace("n", "t").replace("v", "h")
    assert manifest["reasons"] == {"near_duplicate": 10, "near_validation": 5, "duplicate": 1}
    assert manifest["rows"]["train"] == 30


def test_off_keeps_everything_and_exact_what_is_no_copy(raw, tmp_path):
    off = run.build(raw, tmp_path / "off", tokenizer="builtin", dedup="off")
    exact = run.build(raw, tmp_path / "exact", tokenizer="builtin")
    assert (off["reasons"], exact["reasons"]) == ({}, {"duplicate": 1})
    assert len(corpus.load(tmp_path / "off")) == 56
    assert verify(tmp_path / "off", raw=raw).exit_code == 0


def test_every_pair_of_rows_is_far_apart_by_brute_force(tmp_path):
    draw = random.Random(4)
    talks = [talk(draw, 4)]
    for _ in range(250):  # a walk: each is a near copy of one before, and so on
        talks.append(changed(draw, draw.choice(talks[-20:]), draw.choice((0.05, 0.2))))
    entries = [summary_entry(f"d{k}", *one) for k, one in enumerate(talks)]
    held_out = [entries.pop(draw.randrange(len(entries))) for _ in range(40)]
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(*entries),
        Validation__b=summary_document(*held_out),
    )
    run.build(raw, tmp_path / "out", tokenizer="builtin", dedup="near")
    texts = list(map(text_of, corpus.load(tmp_path / "out").to_dict("records")))
    assert len(texts) > 60  # nothing is chained: of a walk many rows stay
    for k, one in enumerate(texts):
        assert all(slow_similarity(one, other) < NEAR for other in texts[:k])
    kept = {
        row["dialogue_id"]: text_of(row) for row in corpus.load(tmp_path / "out").to_dict("records")
    }
    said = {f"d{k}": "\n".join(text for _, text in one) for k, one in enumerate(talks)}
    for name, (reason, detail) in reasons_of(tmp_path / "out").items():
        if reason != "duplicate":
            alike, first = detail.split()[0], detail.split()[3]
            assert float(alike) == round(slow_similarity(said[name], kept[first]), 3) >= NEAR


def test_common_phrases_make_nothing_near(tmp_path):
    draw = random.Random(5)
    phrases = ["네 알겠습니다", "ㅋㅋ", "응 알았어", "감사합니다", "네네", "아 진짜?", "오키", "넵"]
    talks = []
    for _ in range(300):
        said = [draw.choice(phrases) for _ in range(6)]
        said[1] += " " + " ".join(draw.choice(WORDS) + draw.choice(ENDINGS) for _ in range(4))
        talks.append([("AB"[k % 2], text) for k, text in enumerate(said)])
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(*(summary_entry(f"d{k}", *t) for k, t in enumerate(talks))),
    )
    assert run.build(raw, tmp_path / "out", tokenizer="builtin", dedup="near")["reasons"] == {}


def test_names_make_no_difference(tmp_path):
    draw = random.Random(6)
    named = [(who, f"#@이름#이가 {text}") for who, text in talk(draw, 12)]
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry("d0", *named),
            summary_entry("d1", *changed(draw, named, 0.05)),
        ),
    )
    whole = run.build(raw, tmp_path / "a", tokenizer="builtin", dedup="near", max_tokens=4096)
    assert set(reasons_of(tmp_path / "a")) == {"d1"}
    assert whole["names"]["name"] == 24  # 12 of them twice: no name of one is that of the other


def test_every_row_of_a_dialogue_that_was_split_counts(tmp_path):
    draw = random.Random(7)
    one, other = ([("A", f"{k} " + t), ("B", f"{t} {k}")] for k, (_, t) in enumerate(talk(draw, 2)))
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(summary_entry("d0", *one), summary_entry("d1", *other, *one)),
    )
    whole = run.build(raw, tmp_path / "a", tokenizer="builtin", dedup="near", overlong="split")
    assert whole["reasons"] == {}
    n_tokens = corpus.load(tmp_path / "a")["n_tokens"].tolist()
    run.build(
        raw,
        tmp_path / "b",
        tokenizer="builtin",
        dedup="near",
        overlong="split",
        max_tokens=n_tokens[1],
    )
    assert reasons_of(tmp_path / "b")["d1"][1].startswith("1.000 similar to d0")
    assert verify(tmp_path / "b", raw=raw).exit_code == 0


def test_verify_finds_a_row_of_train_that_is_near_validation(raw, tmp_path, capsys):
    out = tmp_path / "out"
    run.build(raw, out, tokenizer="builtin")  # exact: what is near stays
    assert verify(out).exit_code == 0
    manifest = (out / "_manifest.json").read_bytes()
    (out / "_manifest.json").write_bytes(manifest.replace(b'"exact"', b'"near"'))
    findings = verify(out)
    near = [line for line in findings.lines() if "is near a row of validation" in line]
    assert len(near) == 5
    assert all(f"(v{k})" in line and f"(h{k})" in line for k, line in enumerate(near))
    run.build(raw, tmp_path / "near", tokenizer="builtin", dedup="near")
    assert verify(tmp_path / "near", raw=raw).exit_code == 0


def test_other_choices_are_counted_without_near_duplicates(raw, tmp_path):
    near = run.build(raw, tmp_path / "near", tokenizer="builtin", dedup="near")
    exact = run.build(raw, tmp_path / "exact", tokenizer="builtin")
    assert near["other_choices"] == exact["other_choices"]
