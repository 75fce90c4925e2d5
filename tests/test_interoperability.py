"""A finished corpus opens as a folder in the libraries that people use, each tried for real."""

import json

import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from raw_trees import summary_document, summary_entry, write

import corpus
from corpus.building.run import build


@pytest.fixture(scope="module")
def processed(tmp_path_factory):
    """A corpus of two splits, with everything beside the shards that a build leaves there."""
    folder = tmp_path_factory.mktemp("corpus")

    def entries(kind, where, n):
        return [
            summary_entry(
                f"{kind}{k}", ("A", f"{where} {k}번 갔어?"), ("B", f"응 {k}번 갔어ㅋㅋㅋ")
            )
            for k in range(n)
        ]

    raw = write(
        folder / "raw",
        Training__a=summary_document(*entries("t", "산에", 30)),
        Validation__b=summary_document(
            *entries("v", "바다에", 5), summary_entry("x", ("A", "혼자"))
        ),
    )
    build(raw, folder / "processed", tokenizer="builtin")
    return folder / "processed"


def test_pandas_reads_exactly_the_rows(processed):
    frame = pd.read_parquet(processed)
    assert len(frame) == 35
    assert frame["split"].value_counts().to_dict() == {"train": 30, "validation": 5}
    assert len(pd.read_parquet(processed / "train")) == 30


def test_pandas_reads_the_ledger(processed):
    [path] = (processed / "_rejected").glob("*.jsonl.gz")
    ledger = pd.read_json(path, lines=True)
    assert ledger[["dialogue_id", "reason"]].to_dict("records") == [
        {"dialogue_id": "x", "reason": "one_speaker"}
    ]


def test_load_gives_the_rows_in_plan_order(processed):
    frame = corpus.load(processed)
    assert frame["dialogue_id"].tolist() == [f"t{k}" for k in range(30)] + [
        f"v{k}" for k in range(5)
    ]
    assert corpus.load(processed, split="validation")["dialogue_id"].tolist() == [
        f"v{k}" for k in range(5)
    ]


def test_pyarrow_reads_the_folder_with_page_indexes(processed):
    assert ds.dataset(processed).count_rows() == 35
    column = pq.ParquetFile(processed / "train" / "00000.parquet").metadata.row_group(0).column(0)
    assert column.has_offset_index
    assert column.compression == "ZSTD"


@pytest.mark.parametrize("streaming", [False, True])
def test_hugging_face_datasets_finds_the_splits(processed, tmp_path, streaming):
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(
        str(processed), cache_dir=str(tmp_path / "cache"), streaming=streaming
    )
    assert set(loaded) == {"train", "validation"}
    rows = list(loaded["validation"])
    assert len(rows) == 5
    assert rows[0]["messages"] == [
        {"role": "user", "content": "바다에 0번 갔어?"},
        {"role": "assistant", "content": "응 0번 갔어ㅋㅋ"},
    ]
    assert len(list(loaded["train"])) == 30


def test_polars_reads_the_glob(processed):
    polars = pytest.importorskip("polars")
    frame = polars.read_parquet(processed / "*" / "*.parquet")
    assert frame.height == 35
    assert frame["token_ids"].list.len().to_list() == frame["n_tokens"].to_list()


def test_duckdb_reads_the_glob(processed):
    duckdb = pytest.importorskip("duckdb")
    query = f"SELECT split, count(*), sum(n_tokens) FROM '{processed}/*/*.parquet' GROUP BY 1"
    counts = {split: (n, tokens) for split, n, tokens in duckdb.sql(query).fetchall()}
    manifest = json.loads((processed / "_manifest.json").read_text())
    assert counts == {
        split: (manifest["rows"][split], manifest["tokens"][split])
        for split in ("train", "validation")
    }


CHAT_TEMPLATE = (
    "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] }}{% endfor %}<|end|>"
)


def test_trl_trains_on_messages_with_a_tokenizer_of_another_kind(processed, tmp_path):
    """SFTTrainer takes `messages` and its own tokenizer, never our ids."""
    trl = pytest.importorskip("trl")
    datasets = pytest.importorskip("datasets")
    transformers = pytest.importorskip("transformers")
    tokenizers = pytest.importorskip("tokenizers")
    train = datasets.load_dataset(str(processed), cache_dir=str(tmp_path / "cache"))["train"]
    byte_level = tokenizers.ByteLevelBPETokenizer()
    byte_level.train_from_iterator(
        (m["content"] for row in train for m in row["messages"]),
        vocab_size=320,
        special_tokens=["<|end|>", "<|user|>", "<|assistant|>"],
        show_progress=False,
    )
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=byte_level._tokenizer, eos_token="<|end|>", pad_token="<|end|>"
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    model = transformers.GPT2LMHeadModel(
        transformers.GPT2Config(
            vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=128
        )
    )
    seen = []

    class Watched(trl.SFTTrainer):
        def compute_loss(self, model, inputs, *args, **kwargs):
            seen.append(inputs["input_ids"])
            return super().compute_loss(model, inputs, *args, **kwargs)

    arguments = trl.SFTConfig(
        output_dir=str(tmp_path / "run"),
        max_steps=1,
        per_device_train_batch_size=2,
        max_length=128,
        report_to=[],
        save_strategy="no",
        use_cpu=True,
        bf16=False,
    )
    trainer = Watched(model=model, args=arguments, train_dataset=train, processing_class=tokenizer)
    assert trainer.train().training_loss > 0
    text = tokenizer.decode(seen[0][0])
    assert text.startswith("<|user|>")
    assert "번 갔어?<|assistant|>응" in text
