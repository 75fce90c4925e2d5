"""Real dialogues a second on one NVIDIA GPU: `train.py` against what people would write instead.

    python tests/benchmarks/train_gpu.py --processed processed/ --model skt/kogpt2-base-v2

Everyone trains on the dialogues of the same corpus, in turns, in one process, with AdamW and
bfloat16: `train.py` with its defaults at 8,192 and 65,536 tokens a step; transformers' `Trainer`
with dynamic padding and as many dialogues a step as ours has; and a loop like nanoGPT's: packed
blocks of 1,024 tokens, `torch.compile`, every token a target. Steps are timed from `--warm` on,
until the device is done. Real tokens are the dialogues' own; padding counts for nobody.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import torch
from torch.nn import functional

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import train  # noqa: E402
from corpus.training import session  # noqa: E402
from corpus.training.evaluate import Losses  # noqa: E402
from corpus.training.lineage import model_folder  # noqa: E402
from corpus.training.progress import Evaluation  # noqa: E402

EOS, PAD = 1, 3
BLOCK = 1024


class EnoughError(Exception):
    """The steps that were to be timed are done."""


class Clock:
    """Times the steps from `warm` to `steps`, until the device is done with them."""

    def __init__(self, warm, steps):
        self.warm, self.steps, self.done = warm, steps, 0

    def tick(self, tokens):
        """Note that a step was launched; `tokens` were fed so far. Tells whether it is enough."""
        if self.done == self.warm:
            torch.cuda.synchronize()
            self.begin, self.fed = time.perf_counter(), tokens
        self.done += 1
        if self.done <= self.steps:
            return False
        torch.cuda.synchronize()
        self.seconds, self.fed = time.perf_counter() - self.begin, tokens - self.fed
        return True


def ours(options, batch_tokens, extra=()):
    """The real program without its validations and saves; tokens a second, tokens a step."""
    clock = Clock(options.warm, options.steps)
    originals = session.take_step, session.validate, session.save

    def take_step(run):
        launched = sum(step.n_tokens for step in run.launched)
        if clock.tick(run.progress.tokens + launched):
            raise EnoughError
        return originals[0](run)

    def validate(run):
        run.progress.evaluations.append(Evaluation(run.progress.step, Losses(1.0, 1.0, 1.0)))
        return True

    session.take_step, session.validate, session.save = take_step, validate, lambda run: None
    try:
        with tempfile.TemporaryDirectory() as scratch:
            arguments = ["--batch-tokens", str(batch_tokens), "--epochs", "1000", *extra]
            train.main([str(options.processed), "--model", options.model, "--device", "cuda",
                        "--out", f"{scratch}/run", *arguments])  # fmt: skip
    except EnoughError:
        pass
    finally:
        session.take_step, session.validate, session.save = originals
    return clock.fed / clock.seconds, clock.fed / (options.steps - options.warm)


def dialogues(processed):
    """`input_ids` and `labels` of the first shard, shuffled: every `<sys>` turn and its end."""
    table = pq.read_table(min((processed / "train").glob("*.parquet")), partitioning=None)
    order = np.random.RandomState(0).permutation(len(table))
    for row in table.select(["token_ids", "turn_starts"]).take(order).to_pylist():
        ids = [*row["token_ids"], EOS]
        starts = [*row["turn_starts"], len(ids) - 1]
        labels = [-100] * len(ids)
        for turn in range(1, len(starts) - 1, 2):
            said = slice(starts[turn] + 1, starts[turn + 1] + 1)
            labels[said] = ids[said]
        yield {"input_ids": ids, "labels": labels}


def load(options):
    from transformers import AutoModelForCausalLM

    name = model_folder(options.model) or options.model
    return AutoModelForCausalLM.from_pretrained(
        name, dtype=torch.float32, attn_implementation="sdpa"
    )


def trainer(options, rows):
    """`Trainer` in bfloat16, padded to the longest of each batch."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    n = round(8192 / statistics.mean(len(row["input_ids"]) for row in rows))
    clock = Clock(options.warm, options.steps)
    total = 0

    def collate(batch):
        longest = max(len(row["input_ids"]) for row in batch)

        def padded(key, value):
            return torch.tensor([row[key] + [value] * (longest - len(row[key])) for row in batch])

        ids = padded("input_ids", PAD)
        lengths = torch.tensor([len(row["input_ids"]) for row in batch])
        mask = (torch.arange(longest) < lengths[:, None]).long()
        return {"input_ids": ids, "labels": padded("labels", -100), "attention_mask": mask}

    class Timed(TrainerCallback):
        def on_step_begin(self, args, state, control, **_):
            nonlocal total
            control.should_training_stop = clock.tick(total)
            total += n * statistics.mean(len(row["input_ids"]) for row in rows)

    with tempfile.TemporaryDirectory() as scratch:
        arguments = TrainingArguments(
            output_dir=scratch, max_steps=options.steps + 5, per_device_train_batch_size=n,
            learning_rate=5e-5, bf16=True, optim="adamw_torch_fused", save_strategy="no",
            logging_strategy="no", report_to="none", disable_tqdm=True,
            remove_unused_columns=False, dataloader_num_workers=2,
        )  # fmt: skip
        Trainer(
            model=load(options), args=arguments, train_dataset=rows, data_collator=collate,
            callbacks=[Timed()],
        ).train()  # fmt: skip
    return clock.fed / clock.seconds, clock.fed / (options.steps - options.warm)


def compiled_loop(options, rows):
    """nanoGPT's loop: blocks, autocast, fused AdamW, torch.compile."""
    flat = [token for row in rows for token in row["input_ids"]]
    blocks = torch.tensor([flat[i : i + BLOCK] for i in range(0, len(flat) - BLOCK, BLOCK)])
    model = load(options).cuda().train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.01, fused=True)

    def loss_of(ids):
        states = model.transformer(input_ids=ids, use_cache=False).last_hidden_state[:, :-1]
        logits = model.lm_head(states).flatten(0, 1).float()
        return functional.cross_entropy(logits, ids[:, 1:].flatten())

    compiled, batch = torch.compile(loss_of), 8192 // BLOCK
    clock, step = Clock(options.warm, options.steps), 0
    while not clock.tick(step * batch * BLOCK):
        begin = step * batch % (len(blocks) - batch)
        ids = blocks[begin : begin + batch].pin_memory().cuda(non_blocking=True)
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = compiled(ids)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        step += 1
    return clock.fed / clock.seconds, batch * BLOCK


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processed", type=Path, required=True)
    parser.add_argument("--model", default="skt/kogpt2-base-v2")
    parser.add_argument("--warm", type=int, default=15)
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    if not torch.cuda.is_available():
        parser.error("there is no CUDA device")
    torch.set_float32_matmul_precision("high")
    rows = list(dialogues(options.processed))
    average = statistics.mean(len(row["input_ids"]) for row in rows)
    contestants = {
        "`train.py`, 8,192 tokens a step": lambda: ours(options, 8192),
        "`train.py`, 8,192, `--graph off`": lambda: ours(options, 8192, ["--graph", "off"]),
        "`train.py`, 8,192, `--compile off`": lambda: ours(options, 8192, ["--compile", "off"]),
        "`train.py`, 65,536": lambda: ours(options, 65536),
        "`Trainer`, dynamic padding": lambda: trainer(options, rows),
        "compiled loop on blocks of 1,024": lambda: compiled_loop(options, rows),
    }
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}, {average:.0f} tokens each")
    print("| loop | dialogues/s | real tokens/s | tokens a step |\n|---|---|---|---|", flush=True)
    for name, contest in contestants.items():
        speed, size = contest()
        print(f"| {name} | {speed / average:,.0f} | {speed:,.0f} | {size:,.0f} |", flush=True)
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
