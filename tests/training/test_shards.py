import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from corpora import chats, write_corpus

from corpus.records import CorpusError
from corpus.training.material import read_material
from corpus.training.shards import open_corpus, read_split


@pytest.fixture
def corpus(tmp_path):
    return write_corpus(
        tmp_path / "processed", chats(9), chats(3, seed=1), sources=("topic", "summary")
    )


def test_a_split_is_its_rows_in_order(corpus):
    found = read_split(open_corpus(corpus), "train")
    rows = [
        row for path in sorted(corpus.glob("train/*")) for row in pq.read_table(path).to_pylist()
    ]
    assert len(found) == len(rows) == 9
    for number, row in enumerate(rows):
        begin, end = found.offsets[number : number + 2]
        assert found.token_ids[begin:end].tolist() == row["token_ids"]
        begin, end = found.turn_offsets[number : number + 2]
        assert found.turn_starts[begin:end].tolist() == row["turn_starts"]
    assert found.sources == ("topic", "summary")


def test_sources_choose_dialogues(corpus):
    whole = read_split(open_corpus(corpus), "train")
    parts = [read_split(open_corpus(corpus), "train", [name]) for name in ("topic", "summary")]
    assert [part.sources for part in parts] == [("topic",), ("summary",)]
    assert sum(map(len, parts)) == len(whole)
    assert sum(len(part.token_ids) for part in parts) == len(whole.token_ids)


def test_a_third_split_is_neither_trained_nor_judged_on(corpus):
    (corpus / "test").mkdir()
    shutil.copy(corpus / "train/00001.parquet", corpus / "test/00000.parquet")
    manifest = json.loads((corpus / "_manifest.json").read_text())
    manifest["shards"].append({"path": "test/00000.parquet", "split": "test"})
    (corpus / "_manifest.json").write_text(json.dumps(manifest))
    material = read_material(open_corpus(corpus), "all-sys", [])
    assert len(material.training.lengths) == 9
    assert len(material.validation.sequences.lengths) == 3


def test_what_is_trained_on_is_named_like_2023_did(corpus):
    assert read_material(open_corpus(corpus), "all-sys", []).sources == "topic+summary"
    assert read_material(open_corpus(corpus), "all-sys", ["summary"]).sources == "summary"


def damaged(corpus, how):
    manifest = corpus / "_manifest.json"
    if how == "no folder":
        shutil.rmtree(corpus)
    elif how == "no manifest":
        manifest.unlink()
    elif how == "torn manifest":
        manifest.write_text(manifest.read_text()[:50])
    elif how == "other manifest":
        manifest.write_text("{}")
    elif how == "other tokenizer":
        path = corpus / "_tokenizer.json"
        path.write_text(path.read_text() + " ")
    elif how == "no tokenizer":
        (corpus / "_tokenizer.json").unlink()
    elif how == "no shard":
        (corpus / "train/00001.parquet").unlink()
    elif how == "torn shard":
        path = corpus / "validation/00000.parquet"
        path.write_bytes(path.read_bytes()[:1000])
    elif how == "empty split":
        content = json.loads(manifest.read_text())
        content["shards"] = [one for one in content["shards"] if one["split"] == "train"]
        manifest.write_text(json.dumps(content))
    elif how == "foreign ids":
        content = json.loads(manifest.read_text())
        content["tokenizer"]["vocab_size"] = 100
        manifest.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ("no folder", "no finished corpus"),
        ("no manifest", "no finished corpus"),
        ("torn manifest", "is not a corpus manifest"),
        ("other manifest", "is not a corpus manifest"),
        ("other tokenizer", "is not the tokenizer that made"),
        ("no tokenizer", "cannot be read"),
        ("no shard", "cannot be read"),
        ("torn shard", "cannot be read"),
        ("empty split", "has no validation dialogue"),
        ("foreign ids", "holds token id"),
    ],
)
def test_what_is_wrong_with_a_corpus_is_one_sentence(corpus, train, capfd, how, sentence):
    damaged(corpus, how)
    assert train(corpus, "--model", "tiny", "--dry-run") == 2
    error = capfd.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_sources_that_do_not_occur_are_one_sentence(corpus):
    with pytest.raises(CorpusError, match="no train dialogue of the sources sns"):
        read_split(open_corpus(corpus), "train", ["sns"])


def test_a_corpus_without_a_reply_is_one_sentence(tmp_path):
    silent = write_corpus(tmp_path / "silent", [["안녕"]] * 4, [["응"]])
    with pytest.raises(CorpusError, match="is labelled by --labels all-sys"):
        read_material(open_corpus(silent), "all-sys", [])
    with pytest.raises(CorpusError, match="no <sys> turn to judge"):
        read_material(open_corpus(silent), "input", [])


def test_dialogues_without_a_target_are_left_out_of_the_plan(tmp_path):
    mixed = write_corpus(tmp_path / "mixed", [["안녕"], ["뭐 해?", "자"]] * 4, chats(2))
    material = read_material(open_corpus(mixed), "all-sys", [])
    plan = material.plan(seed=0, epoch=0, batch_tokens=512)
    assert sorted(np.concatenate(plan).tolist()) == [1, 3, 5, 7]
