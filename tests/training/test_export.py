import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from corpora import BUILTIN, chats, write_corpus
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from corpus.training.base import load_base
from corpus.training.export import write_model
from corpus.training.labels import SYS
from corpus.training.packing import pack
from corpus.training.shards import open_corpus
from corpus.training.vocabulary import load_vocabulary


def exported(folder, corpus):
    vocabulary = load_vocabulary(corpus.tokenizer_file)
    model = load_base("tiny", vocabulary, corpus.tokenizer_file, dropout=None, seed=0)
    folder.mkdir()
    write_model(folder, model, vocabulary, corpus.tokenizer_file, "# card")
    return folder, model


@pytest.fixture
def folder(tmp_path, processed):
    return exported(tmp_path / "model", open_corpus(processed))[0]


def rows(processed):
    return pq.read_table(processed / "validation/00000.parquet").to_pylist()


def test_auto_classes_load_the_folder_as_it_was_trained(tmp_path, processed):
    folder, model = exported(tmp_path / "model", open_corpus(processed))
    loaded = AutoModelForCausalLM.from_pretrained(folder)
    assert all(map(torch.equal, loaded.parameters(), model.parameters()))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert len(tokenizer) == 4000
    assert tokenizer.backend_tokenizer.to_str() == (
        PreTrainedTokenizerFast(tokenizer_file=str(BUILTIN)).backend_tokenizer.to_str()
    )


def test_auto_tokenizer_gives_the_ids_of_the_corpus(folder, processed):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for row in rows(processed):
        assert tokenizer(row["conversation"]).input_ids == row["token_ids"]


def test_without_our_tokenizer_config_the_ids_are_wrong_or_the_test_above_says_nothing(
    folder, processed
):
    (folder / "tokenizer_config.json").unlink()
    row = rows(processed)[0]
    ids = AutoTokenizer.from_pretrained(folder)(row["conversation"]).input_ids
    assert ids != row["token_ids"]


def test_the_chat_template_renders_exactly_the_conversation(folder, processed):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for row in rows(processed):
        assert tokenizer.apply_chat_template(row["messages"], tokenize=False) == row["conversation"]
    asked = tokenizer.apply_chat_template(
        [{"role": "user", "content": "안녕"}], tokenize=False, add_generation_prompt=True
    )
    assert asked == "<usr>안녕<sys>"


def test_the_generation_mask_is_what_all_sys_labels(folder, processed, material):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    for number, row in enumerate(rows(processed)):
        encoded = tokenizer.apply_chat_template(
            row["messages"], return_assistant_tokens_mask=True, return_dict=True
        )
        assert encoded["input_ids"] == row["token_ids"]
        scored = pack(material.validation, np.array([number]), SYS).scored.tolist()
        # Place p is scored on token p + 1; the </s> behind the last token is not in the text.
        assert np.flatnonzero(encoded["assistant_masks"]).tolist() == [p + 1 for p in scored[:-1]]


def test_a_reply_ends_with_the_turn(folder):
    config = json.loads((folder / "generation_config.json").read_text())
    assert config["eos_token_id"] == [1, 2]
    assert config["pad_token_id"] == 3


def test_nothing_in_the_folder_is_pickled(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.md",
        "chat_template.jinja",
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    ]


def test_with_the_real_tokenizer_too(tmp_path, kogpt2_tokenizer):
    processed = write_corpus(
        tmp_path / "processed", chats(4), chats(9), tokenizer_file=kogpt2_tokenizer
    )
    folder, _ = exported(tmp_path / "model", open_corpus(processed))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    assert len(tokenizer) == 51200
    assert tokenizer("나는").input_ids == [12102]
    for row in rows(processed):
        assert tokenizer.apply_chat_template(row["messages"], tokenize=False) == row["conversation"]
        assert tokenizer(row["conversation"]).input_ids == row["token_ids"]
