"""Splits: a row's place is its folder or a hash of its id, whatever else is built."""

import random

import pytest
from raw_trees import sns_document, summary_document, summary_entry, write

import corpus
from corpus.__main__ import main
from corpus.building import run
from corpus.output.ledger import read_ledger
from corpus.records import CorpusError
from corpus.splits import split_with_test
from corpus.verify.checks import verify
from corpus.views.card import card_text

IDS = [f"id{k}" for k in range(4000)]


def said(k):
    """Four turns that are nobody else's."""
    draw = random.Random(k)
    words = ["".join(draw.choices("가나다라마바사아자차카타파하", k=3)) for _ in range(24)]
    return [("AB"[n % 2], " ".join(words[6 * n : 6 * n + 6])) for n in range(4)]


def splits_of(processed):
    frame = corpus.load(processed)
    return dict(zip(frame["dialogue_id"], frame["split"], strict=True))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Dialogues in a folder of training, in one of validation, and in none."""
    every = [summary_entry(f"d{k}", *said(k)) for k in range(120)]
    return write(
        tmp_path_factory.mktemp("splits") / "raw",
        Training__a=summary_document(*every[:50]),
        Validation__b=sns_document(*every[50:70]),
        c=summary_document(*every[70:]),
    )


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_the_share_is_about_what_was_asked_for(share):
    n = [split_with_test("train", one, share) for one in IDS].count("test")
    assert abs(n / len(IDS) - share) < 0.02


def test_a_larger_share_takes_in_what_a_smaller_one_had():
    for one in IDS:
        if split_with_test("train", one, 0.1) == "test":
            assert split_with_test("train", one, 0.2) == "test"


def test_only_train_gives_to_test(raw, tmp_path):
    before = run.build(raw, tmp_path / "two", tokenizer="builtin")
    after = run.build(raw, tmp_path / "three", tokenizer="builtin", test_share=0.2)
    two, three = splits_of(tmp_path / "two"), splits_of(tmp_path / "three")
    assert two.keys() == three.keys()
    moved = {(two[name], three[name]) for name in two if two[name] != three[name]}
    assert moved == {("train", "test")}
    assert before["rows"]["validation"] == after["rows"]["validation"]
    assert 10 < after["rows"]["test"] < 35


@pytest.mark.parametrize("dedup", ["exact", "near"])
def test_as_data_grow_rows_may_be_lost_but_never_moved(tmp_path, dedup):
    draw = random.Random(1)
    entries = [summary_entry(f"d{k}", *said(draw.choice([k, k // 2, 9]))) for k in range(90)]
    chosen = {"tokenizer": "builtin", "dedup": dedup, "test_share": 0.2}
    earlier: dict[str, set[str]] = {}
    for n in (30, 60, 90):
        raw = write(tmp_path / f"raw{n}", a=summary_document(*entries[:n]))
        if n == 90:
            write(raw, Validation__0=summary_document(*entries[:10]))
        run.build(raw, tmp_path / str(n), **chosen)
        for name, split in splits_of(tmp_path / str(n)).items():
            earlier.setdefault(name, set()).add(split)
    folder = {f"d{k}" for k in range(10)}  # these lie in Validation at last: other files
    assert all(len(splits) == 1 for name, splits in earlier.items() if name not in folder)
    assert len(earlier) > 40


def test_the_third_split_is_loaded_verified_shown_and_on_the_card(raw, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["build", str(raw), str(out), "--tokenizer", "builtin", "--test-share", "0.2"]) == 0
    printed = capsys.readouterr().out
    rows = corpus.load(out, split="test")
    assert f"{'  test':<24}{len(rows):>12,}" in printed
    assert set(rows["split"]) == {"test"}
    assert len(corpus.load(out)) == sum(len(corpus.load(out, split=s)) for s in corpus_splits(out))
    assert verify(out, raw=raw).exit_code == 0
    assert "  - split: test\n    path: test/*.parquet" in card_text(out)
    with pytest.raises(CorpusError, match="split can be train, validation, test, not 'tests'"):
        corpus.load(out, split="tests")


def corpus_splits(processed):
    return sorted(path.name for path in processed.iterdir() if not path.name.startswith(("_", ".")))


def test_the_datasets_library_finds_the_third_split(raw, tmp_path):
    from datasets import load_dataset

    run.build(raw, tmp_path / "out", tokenizer="builtin", test_share=0.2)
    loaded = load_dataset(str(tmp_path / "out"), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == {"train", "validation", "test"}
    assert len(loaded["test"]) == len(corpus.load(tmp_path / "out", split="test"))


def test_verify_says_which_rows_lie_in_the_wrong_split(raw, tmp_path):
    out = tmp_path / "out"
    run.build(raw, out, tokenizer="builtin", test_share=0.2)
    manifest = (out / "_manifest.json").read_bytes()
    (out / "_manifest.json").write_bytes(
        manifest.replace(b'"test_share": 0.2', b'"test_share": 0.9')
    )
    assert any("its id is not of train" in line for line in verify(out).lines())


def test_of_near_dialogues_validation_stays_before_test_and_test_before_train(tmp_path):
    test = next(k for k in range(100) if split_with_test("train", f"d{k}", 0.2) == "test")
    train = [k for k in range(100) if split_with_test("train", f"d{k}", 0.2) == "train"]
    other = [*said(0)[:3], ("B", said(0)[3][1] + " 그래")]
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry(f"d{train[0]}", *said(0)),
            summary_entry(f"d{test}", *other),
            summary_entry(f"d{train[1]}", *said(1)),
        ),
        Validation__b=summary_document(summary_entry("v", *said(2))),
    )
    chosen = {"tokenizer": "builtin", "dedup": "near", "test_share": 0.2}
    manifest = run.build(raw, tmp_path / "out", **chosen)
    reasons = {line["dialogue_id"]: line["reason"] for line in read_ledger(tmp_path / "out")}
    assert reasons == {f"d{train[0]}": "near_test"}
    assert manifest["rows"] == {"train": 1, "validation": 1, "test": 1}
    raw = write(tmp_path / "raw", Validation__c=summary_document(summary_entry("w", *said(0))))
    run.build(raw, tmp_path / "again", **chosen)
    reasons = {line["dialogue_id"]: line["reason"] for line in read_ledger(tmp_path / "again")}
    assert reasons == {f"d{train[0]}": "duplicate", f"d{test}": "near_validation"}


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_one_sentence(raw, tmp_path, share):
    with pytest.raises(CorpusError, match=r"test_share is .*; it is a share of train"):
        run.build(raw, tmp_path / "out", tokenizer="builtin", test_share=share)
