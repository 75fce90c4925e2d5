"""Real tokens per CPU-second: `train.py` against what people would write instead.

    python tests/benchmarks/train_vs_peers.py --processed processed/ --dialogues 96 --repeats 3

A GPT-2 of 4 layers × 256 with a vocabulary of 51,200 from scratch, float32, dropout 0.1 (in
attention too, except in ours, where that is always off; with --dropout 0 nobody has any), and the
same dialogues for all. Everyone goes through them once a round, 16 dialogues or as many tokens a
step; they take turns within one process, the first round is thrown away, and medians are shown.

Real tokens are the dialogues' own: padding counts for nobody. Counted is the CPU time of the
training steps alone (of `Trainer.train`, of `take_step`), not of imports, tokenising and saving.
Without --processed the sample in raw/sample is built with the built-in tokenizer.
"""

import argparse
import os
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import torch
import transformers
import trl
from datasets import Dataset
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    GPT2Config,
    GPT2LMHeadModel,
    Trainer,
    TrainingArguments,
)
from trl import SFTConfig, SFTTrainer

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import train  # noqa: E402
from corpus.training import session  # noqa: E402
from corpus.training.export import write_model  # noqa: E402
from corpus.training.shards import open_corpus  # noqa: E402
from corpus.training.vocabulary import load_vocabulary  # noqa: E402

BATCH = 16  # dialogues
EOS = 1


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(action: Callable[[], object]) -> float:
    began = cpu_seconds()
    action()
    return cpu_seconds() - began


# The peers, as their documentation shows them.


def examples(rows, labels):
    """`input_ids` and `labels` of each dialogue, -100 where nothing is learnt."""
    for row in rows:
        ids = [*row["token_ids"], EOS]
        starts = [*row["turn_starts"], len(ids) - 1]
        learnt = [-100] * len(ids)
        for turn in range(len(starts) - 1):
            if labels == "input" or turn % 2:  # a turn's text and the token that ends it
                learnt[starts[turn] + 1 : starts[turn + 1] + 1] = ids[
                    starts[turn] + 1 : starts[turn + 1] + 1
                ]
        if labels == "input":
            learnt[0] = ids[0]
        yield {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": learnt}


def arguments(folder, **more):
    return {
        "output_dir": str(folder / "out"),
        "num_train_epochs": 1,
        "per_device_train_batch_size": BATCH,
        "learning_rate": 5e-5,
        "use_cpu": True,
        "save_strategy": "no",
        "logging_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        **more,
    }


def trainer(folder, rows, labels, padding):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    collator = DataCollatorForSeq2Seq(
        tokenizer, padding=padding, max_length=256 if padding == "max_length" else None
    )
    contestant = Trainer(
        model=AutoModelForCausalLM.from_pretrained(folder),
        args=TrainingArguments(**arguments(folder)),
        train_dataset=Dataset.from_list(list(examples(rows, labels))),
        data_collator=collator,
    )
    return timed(contestant.train)


def sft_packing(folder, rows, labels):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    contestant = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(folder),
        args=SFTConfig(
            **arguments(
                folder,
                per_device_train_batch_size=2,  # about as many tokens a step
                packing=True,
                max_length=1024,
                assistant_only_loss=labels == "all-sys",
                bf16=False,
                gradient_checkpointing=False,
            )
        ),
        train_dataset=Dataset.from_list([{"messages": row["messages"]} for row in rows]),
        processing_class=tokenizer,
    )
    return timed(contestant.train)


def ours(folder, processed, labels, batch_tokens, dropout):
    """The real program; its steps alone are counted, as of the others."""
    spent = 0.0
    take_step = session.take_step

    def counted(run):
        nonlocal spent
        began = cpu_seconds()
        went_on = take_step(run)
        spent += cpu_seconds() - began
        return went_on

    session.take_step = counted
    try:
        options = ["--model", str(folder), "--labels", labels, "--epochs", "1", "--fresh"]
        options += ["--batch-tokens", str(batch_tokens), "--dropout", str(dropout)]
        options += ["--precision", "fp32", "--threads", str(torch.get_num_threads())]
        status = train.main([str(processed), *options, "--out", str(folder / f"runs/{labels}")])
    finally:
        session.take_step = take_step
    if status:
        raise SystemExit(status)
    return spent


def prepare(folder, processed, dialogues, dropout):
    """Write `corpus` and `base` into a folder; the corpus is of the sample if none is given.

    Returns its rows.
    """
    if processed is None:
        from corpus import build

        processed = folder / "processed"
        build(ROOT / "raw/sample", processed, tokenizer="builtin")
    for name in ("corpus", "base"):
        (folder / name).mkdir()
    rows = cut_corpus(processed, folder / "corpus", dialogues)
    make_base(folder / "corpus", folder / "base", dropout)
    return rows


def cut_corpus(processed, folder, dialogues):
    """A corpus of the first `dialogues` training rows, and those rows."""
    table = pq.read_table(processed / "train/00000.parquet")
    chosen = table.take(list(range(0, len(table), max(1, len(table) // dialogues)))[:dialogues])
    for path in processed.iterdir():
        if path.name != "train":
            (folder / path.name).symlink_to(path.resolve())
    (folder / "train").mkdir()
    pq.write_table(chosen, folder / "train/00000.parquet")
    return chosen.to_pylist()


def make_base(processed, folder, dropout):
    """The folder that everyone starts from: weights, tokenizer, chat template."""
    corpus = open_corpus(processed)
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=51200,
        n_embd=256,
        n_layer=4,
        n_head=4,
        resid_pdrop=dropout,
        embd_pdrop=dropout,
        attn_pdrop=dropout,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=3,
    )
    vocabulary = load_vocabulary(corpus.tokenizer_file)
    write_model(folder, GPT2LMHeadModel(config), vocabulary, corpus.tokenizer_file, "")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processed", type=Path)
    parser.add_argument("--dialogues", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dropout", type=float, default=0.1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "false"

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = prepare(folder, options.processed, options.dialogues, options.dropout)
        base, corpus = folder / "base", folder / "corpus"
        n_tokens = sum(row["n_tokens"] for row in rows)
        longest = max(row["n_tokens"] for row in rows)
        batch_tokens = max(n_tokens * BATCH // len(rows), 2 * longest)

        contestants = {
            "Trainer, pad to 256": lambda labels: trainer(base, rows, labels, "max_length"),
            "Trainer, dynamic padding": lambda labels: trainer(base, rows, labels, "longest"),
            "SFTTrainer, packing 1024": lambda labels: sft_packing(base, rows, labels),
            "train.py": lambda labels: ours(base, corpus, labels, batch_tokens, options.dropout),
        }
        results = {(labels, name): [] for labels in ("all-sys", "input") for name in contestants}
        for round_number in range(options.repeats + 1):
            for (labels, name), seconds in results.items():
                spent = contestants[name](labels)
                print(f"round {round_number}: {labels}, {name}: {spent:.1f} CPU-s", flush=True)
                if round_number:
                    seconds.append(spent)

    print(
        f"\n{len(rows)} dialogues, {n_tokens:,} tokens, {n_tokens / len(rows):.0f} on average, "
        f"{options.threads} thread(s), dropout {options.dropout:g}; torch {torch.__version__}, "
        f"transformers {transformers.__version__}, trl {trl.__version__}"
    )
    print("| labels | loop | real tokens/CPU-s | ours is |\n|---|---|---|---|")
    for (labels, name), seconds in results.items():
        speed = n_tokens / statistics.median(seconds)
        ratio = statistics.median(seconds) / statistics.median(results[labels, "train.py"])
        print(f"| {labels} | {name} | {speed:,.0f} | {ratio:.2f} × |")


if __name__ == "__main__":
    main()
