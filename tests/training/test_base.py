import json
import time

import huggingface_hub
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from corpus.records import CorpusError
from corpus.training import base
from corpus.training.base import check_length, load_base
from corpus.training.shards import open_corpus
from corpus.training.vocabulary import check_same_tokenizer, load_vocabulary


@pytest.fixture
def corpus(processed):
    return open_corpus(processed)


@pytest.fixture
def vocabulary(corpus):
    return load_vocabulary(corpus.tokenizer_file)


@pytest.fixture
def folder(tmp_path, corpus):
    """A GPT-2 as the hub has KoGPT2: config, weights, tokenizer.json."""
    return gpt2(tmp_path / "gpt2", corpus)


def gpt2(folder, corpus, **settings):
    torch.manual_seed(1)
    config = GPT2Config(**{"vocab_size": 4000, "n_embd": 16, "n_layer": 2, "n_head": 2} | settings)
    GPT2LMHeadModel(config).save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(corpus.tokenizer_file.read_bytes())
    return folder


def load(folder, corpus, vocabulary, dropout=None):
    return load_base(str(folder), vocabulary, corpus.tokenizer_file, dropout=dropout, seed=0)


def test_a_local_folder_is_loaded_with_its_weights(folder, corpus, vocabulary):
    model = load(folder, corpus, vocabulary)
    assert all(
        map(
            torch.equal,
            model.parameters(),
            GPT2LMHeadModel.from_pretrained(folder).parameters(),
        )
    )
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_attention_dropout_is_off_and_the_rest_as_asked(folder, corpus, vocabulary):
    model = load(folder, corpus, vocabulary)
    assert (model.config.attn_pdrop, model.config.resid_pdrop) == (0.0, 0.1)
    model = load(folder, corpus, vocabulary, dropout=0.25)
    assert (model.config.attn_pdrop, model.config.resid_pdrop) == (0.0, 0.25)
    assert model.transformer.drop.p == 0.25


def test_weights_in_half_precision_are_trained_in_full(folder, corpus, vocabulary):
    GPT2LMHeadModel.from_pretrained(folder).half().save_pretrained(folder)
    model = load(folder, corpus, vocabulary)
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_a_hub_name_is_found_in_the_hubs_cache(monkeypatch, folder, corpus, vocabulary):
    asked = []

    def snapshot(name, *, allow_patterns, local_files_only):
        asked.append((name, local_files_only))
        return str(folder)

    monkeypatch.setattr(base, "snapshot_download", snapshot)
    assert load("skt/kogpt2-base-v2", corpus, vocabulary).config.n_embd == 16
    assert asked == [("skt/kogpt2-base-v2", True)]


def test_what_is_not_in_the_cache_is_fetched(monkeypatch, tmp_path, folder, corpus, vocabulary):
    """The builder may have cached the tokenizer alone."""
    (tmp_path / "half").mkdir()
    (tmp_path / "half/tokenizer.json").write_text("{}")
    monkeypatch.setattr(
        base,
        "snapshot_download",
        lambda name, *, allow_patterns, local_files_only: str(
            tmp_path / "half" if local_files_only else folder
        ),
    )
    monkeypatch.setattr(base, "get_hf_file_metadata", lambda url, *, timeout: None)
    assert load("skt/kogpt2-base-v2", corpus, vocabulary).config.n_embd == 16


def test_a_hub_out_of_reach_is_one_sentence_at_once(monkeypatch, tmp_path, corpus, vocabulary):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))

    def unreachable(url, *, timeout):
        raise ConnectionError("no network\nat all")

    monkeypatch.setattr(base, "get_hf_file_metadata", unreachable)
    began = time.monotonic()
    with pytest.raises(CorpusError, match=r"\(no network\).*--model tiny"):
        load("skt/no-such-model", corpus, vocabulary)
    assert time.monotonic() - began < 5


def test_another_tokenizer_is_refused(tmp_path, folder, corpus, vocabulary):
    content = json.loads((folder / "tokenizer.json").read_text())
    merges = content["model"]["merges"]
    merges[-1], merges[-2] = merges[-2], merges[-1]
    (folder / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(CorpusError, match="another tokenizer"):
        load(folder, corpus, vocabulary)


def test_a_tokenizer_that_transformers_wrote_again_is_the_same(tmp_path, corpus):
    fast = PreTrainedTokenizerFast(tokenizer_file=str(corpus.tokenizer_file), pad_token="<pad>")
    fast(["안녕", "안녕 뭐 해?"], padding=True, truncation=True, max_length=3)
    fast.save_pretrained(tmp_path)
    written = tmp_path / "tokenizer.json"
    assert written.read_bytes() != corpus.tokenizer_file.read_bytes()
    check_same_tokenizer(corpus.tokenizer_file, written, "m")


def test_a_model_without_a_tokenizer_is_refused(folder, corpus, vocabulary):
    (folder / "tokenizer.json").unlink()
    with pytest.raises(CorpusError, match=r"no tokenizer\.json"):
        load(folder, corpus, vocabulary)


def test_a_vocabulary_that_does_not_fit_is_refused(tmp_path, corpus, vocabulary):
    small = gpt2(tmp_path / "small", corpus, vocab_size=3999)
    with pytest.raises(CorpusError, match="has 3999 embeddings"):
        load(small, corpus, vocabulary)


@pytest.mark.parametrize(
    "setting", [{"activation_function": "relu"}, {"scale_attn_by_inverse_layer_idx": True}]
)
def test_a_model_that_computes_something_else_is_refused(tmp_path, corpus, vocabulary, setting):
    other = gpt2(tmp_path / "other", corpus, **setting)
    with pytest.raises(CorpusError, match="no plain GPT-2"):
        load(other, corpus, vocabulary)


def test_a_folder_without_weights_is_refused(folder, corpus, vocabulary):
    (folder / "model.safetensors").unlink()
    with pytest.raises(CorpusError, match="cannot be loaded"):
        load(folder, corpus, vocabulary)


def test_weights_that_are_missing_are_not_made_up(folder, corpus, vocabulary):
    weights = load_file(folder / "model.safetensors")
    del weights["transformer.h.1.mlp.c_fc.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CorpusError, match=r"lacks weights \(transformer\.h\.1\.mlp"):
        load(folder, corpus, vocabulary)


def test_dialogues_longer_than_the_model_are_refused(model):
    check_length(model, 1024)
    with pytest.raises(CorpusError, match="1025 tokens"):
        check_length(model, 1025)


def test_the_same_seed_makes_the_same_tiny_model(corpus, vocabulary):
    first, again, other = (
        load_base("tiny", vocabulary, corpus.tokenizer_file, dropout=None, seed=seed)
        for seed in (0, 0, 1)
    )
    assert all(map(torch.equal, first.parameters(), again.parameters()))
    assert not all(map(torch.equal, first.parameters(), other.parameters()))
    assert first.config.vocab_size == 4000


def test_replies_keep_their_tears_and_faces_and_lose_control_tokens(vocabulary):
    ids = vocabulary.tokenizer.encode("그래 ㅋㅋ ㅠㅠ ^^").ids
    assert vocabulary.text([2, *ids, 5, 9, 108, 1]) == "그래 ㅋㅋ ㅠㅠ ^^"


def test_kogpt2s_control_tokens_are_its_first_109(kogpt2_tokenizer):
    vocabulary = load_vocabulary(kogpt2_tokenizer)
    assert sorted(vocabulary.control) == list(range(109))
    assert (vocabulary.bos, vocabulary.eos, vocabulary.usr) == (0, 1, 2)
    assert (vocabulary.pad, vocabulary.sys) == (3, 4)
    assert vocabulary.text(vocabulary.prompt("ㅋㅋ 진짜 ㅠㅠ")) == "ㅋㅋ 진짜 ㅠㅠ"


def test_a_tokenizer_without_roles_is_refused(tmp_path):
    tokenizer = Tokenizer.from_str('{"version": "1.0", "model": {"type": "BPE", "vocab": {}, '
                                   '"merges": []}}')  # fmt: skip
    tokenizer.save(str(tmp_path / "t.json"))
    with pytest.raises(CorpusError, match="lacks the token <s>"):
        load_vocabulary(tmp_path / "t.json")
    (tmp_path / "t.json").write_text("nothing")
    with pytest.raises(CorpusError, match="is not a tokenizer"):
        load_vocabulary(tmp_path / "t.json")


def test_training_starts_from_a_local_folder(tmp_path, folder, train, few):
    """The path of `--model skt/kogpt2-base-v2`, with a folder in its place."""
    out = tmp_path / "runs/gpt2"
    assert train(few, "--model", folder, "--epochs", 1, "--out", out) == 0
    assert GPT2LMHeadModel.from_pretrained(out / "best").config.n_embd == 16
