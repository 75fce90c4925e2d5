"""What is said of a folder that cannot be talked to: one sentence that names what is wrong."""

import json
import shutil

import pytest

from corpus.chat.engine import open_engine
from corpus.chat.folder import name_of
from corpus.records import CorpusError


@pytest.fixture
def model(tiny, tmp_path):
    """A copy of a model's folder, to break."""
    return shutil.copytree(tiny, tmp_path / "runs" / "x")


def refusal(folder, **options):
    with pytest.raises(CorpusError) as error:
        open_engine(folder, threads=1, **options)
    sentence = str(error.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence.replace(str(folder), "runs/x")


def change(path, **settings):
    path.write_text(json.dumps(json.loads(path.read_text()) | settings))


def test_neither_a_model_nor_a_run(tmp_path):
    expected = "runs/x holds neither a model nor a run: no config.json, no best/."
    assert refusal(tmp_path) == expected
    assert refusal(tmp_path / "none").endswith(
        "neither a model nor a run: no config.json, no best/."
    )


def test_a_run_that_has_not_validated_yet(tmp_path):
    (tmp_path / "run.json").write_text("{}")
    assert refusal(tmp_path) == "the run runs/x has no best/ yet: let train.py validate once."


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("model_type", "llama"),
        ("activation_function", "relu"),
        ("scale_attn_weights", False),
        ("scale_attn_by_inverse_layer_idx", True),
        ("add_cross_attention", True),
    ],
)
def test_no_plain_gpt2(model, setting, value):
    change(model / "config.json", **{setting: value})
    expected = (
        f"runs/x is no plain GPT-2 ({setting} is {value!r}): chat talks to what train.py makes."
    )
    assert refusal(model) == expected


def test_weights_that_are_lacking_or_of_another_size(model):
    from safetensors.torch import load_file, save_file

    path = model / "model.safetensors"
    weights = load_file(path)
    gone = weights.pop("transformer.h.1.mlp.c_fc.weight")
    save_file(weights, path)
    assert refusal(model) == "the weights of runs/x lack h.1.mlp.c_fc.weight."
    save_file(weights | {"transformer.h.1.mlp.c_fc.weight": gone[:3]}, path)
    assert refusal(model) == (
        "the weights of runs/x do not fit its config.json: h.1.mlp.c_fc.weight is 3 x 256, "
        "not 64 x 256."
    )
    path.write_bytes(path.read_bytes()[:1000])
    assert "cannot be read" in refusal(model)
    path.unlink()
    assert refusal(model) == "runs/x has no model.safetensors, which train.py writes there."


@pytest.mark.parametrize("content", ["{", "[]", "3", '{"model_type": "gpt2"}', "\ud800"])
def test_a_config_that_is_none(model, content):
    (model / "config.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    assert "config.json" in refusal(model)


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"labels": 3, "max_tokens": "x"}'])
def test_a_chat_json_that_is_none(model, content):
    (model / "chat.json").write_text(content)
    assert "chat.json" in refusal(model)


def test_rules_that_this_version_lacks(model):
    change(model / "chat.json", rules="of tomorrow")
    assert "of tomorrow" in refusal(model)


def test_no_tokenizer_and_one_of_another_model(model):
    (model / "tokenizer.json").write_text("{}")
    assert "tokenizer" in refusal(model)
    (model / "tokenizer.json").unlink()
    assert refusal(model) == "runs/x has no tokenizer.json, which train.py writes there."


def test_a_model_that_is_too_small_for_its_tokenizer(tmp_path):
    from models import save_model

    save_model(tmp_path, vocab_size=3000)
    assert "do not belong together" in refusal(tmp_path)


def test_a_gpu_that_is_not_there(model, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert refusal(model, device="cuda") == "--device is cuda, but torch sees no GPU here."


def test_a_corpus_that_is_none(model, tmp_path):
    assert "there is no train/*.parquet" in refusal(model, corpus=tmp_path)


def test_without_chat_json_it_says_what_it_takes_the_model_for(model):
    (model / "chat.json").unlink()
    engine = open_engine(model, threads=1)
    [notice] = engine.notices
    assert notice.replace(str(model), "runs/x") == (
        "no chat.json in runs/x: taken as trained with --labels all-sys, 256 tokens, the default "
        "rules."
    )
    assert engine.max_tokens == 128  # the model has no more positions
    engine.close()


def test_a_model_is_called_by_its_run(tmp_path):
    assert name_of(tmp_path / "runs" / "night" / "best") == "night"
    assert name_of(tmp_path / "models" / "mine") == "mine"


def test_a_run_is_talked_to_by_its_best_model(model, tmp_path):
    run = tmp_path / "runs" / "night"
    run.mkdir()
    (run / "best").symlink_to(model)
    engine = open_engine(run, threads=1)
    assert engine.name == "night"
    engine.close()
