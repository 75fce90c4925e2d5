"""Time of a reply: ours against `transformers.generate`, side by side, in CPU seconds.

    python tests/benchmarks/chat_vs_generate.py [--tokenizer TOKENIZER_JSON] [--rounds 5]

A random model in KoGPT2's shape (125M), one thread, both sides in turn in one process; medians. No
weights and no text are needed. `--tokenizer` (of 51,200 tokens) adds how long a start takes.
"""

import argparse
import json
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import chain
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from corpus.chat.decoding.generation import Writer
from corpus.chat.decoding.model import Decoder
from corpus.chat.decoding.prefixes import Prefixes
from corpus.chat.decoding.sampling import Vocabulary
from corpus.chat.decoding.weights import Weights
from corpus.chat.reply import Draw

SHAPE = {"vocab_size": 51_200, "n_positions": 1024, "n_embd": 768, "n_layer": 12, "n_head": 12}
EOS, USR, SYS = 1, 2, 4
TURNS, SAID, REPLIED = 10, 8, 12
MAX_TOKENS = 256
TARGETS = {
    "greedy, 60 + 32 tokens, float32": 1.15,
    "the same, float16 weights": 1.6,
    "10 turns of 8 + 12 tokens, one reply drawn": 2.3,
    "the same, four candidates with their rank": 1.4,
    "the same against beam search (3) with penalties": 3.3,
    "20 tokens behind 150 known ones": 4.0,
}


class NoText:
    """An encoder's decoding, without a tokenizer: the benchmark has no text."""

    eos_id, usr_id = EOS, USR

    def decode(self, ids):
        return "".join(map(chr, ids))


def some_ids(n, seed):
    draw = random.Random(seed)
    return [draw.randrange(300, SHAPE["vocab_size"]) for _ in range(n)]


def seconds(work):
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def conversation(turns):
    """Return the chunks of a conversation in which it is our turn for the `turns`-th time."""
    chunks = []
    for k in range(turns):
        before = some_ids(REPLIED, 2 * k) if k else []
        chunks.append([*before, USR, *some_ids(SAID, 2 * k + 1), SYS])
    return chunks


class Sides:
    """Both sides of each comparison, on the same weights."""

    def __init__(self, folder):
        self.theirs = GPT2LMHeadModel.from_pretrained(folder).eval()
        weights = Weights(folder)
        self.plain = Decoder(weights, precision="float32", device="cpu")
        self.packed = Decoder(weights, precision="float16", device="cpu")
        # No reply ends before its last token, so that all are equally long.
        self.vocabulary = Vocabulary.of(banned=[EOS, USR], ends=[], device=torch.device("cpu"))

    def generate(self, ids, n, **settings):
        with torch.inference_mode():
            found = self.theirs.generate(
                torch.tensor([ids]),
                attention_mask=torch.ones(1, len(ids), dtype=torch.long),
                max_new_tokens=n,
                eos_token_id=None,
                pad_token_id=3,
                **settings,
            )
        return found[0, len(ids) :].tolist()

    def greedy(self, decoder, ids, n):
        prefix, rows = decoder.new_prefix(MAX_TOKENS), decoder.new_rows(1, n)
        logits, found = decoder.extend(prefix, ids)[None], []
        for k in range(n):
            found.append(int(logits[0].argmax()))
            if k < n - 1:
                logits = decoder.step(prefix, rows, found[-1:])
        return found

    def drawn(self, **settings):
        """Return theirs for all turns: each time the whole conversation."""
        for turn in range(1, TURNS + 1):
            self.generate([*chain(*conversation(turn))], REPLIED, **settings)

    def talked(self, candidates):
        """Return ours for all turns: what is known is not computed again."""
        prefixes = Prefixes(self.packed, MAX_TOKENS)
        draw = Draw(candidates=candidates, max_new_tokens=REPLIED)
        for turn in range(1, TURNS + 1):
            prefix = prefixes.of(conversation(turn))
            writer = Writer(self.packed, NoText(), self.vocabulary, prefix, draw)
            rows = writer.write(candidates, on_text=None, is_cancelled=lambda: False)
            assert all(len(row.ids) == REPLIED for row in rows)
            if candidates > 1:
                self.packed.mean_log_p([SYS], [row.scored for row in rows])


def compare(sides, rounds):
    """Yield name, their seconds and ours, medians of rounds in turn."""
    prompts = [some_ids(60, seed) for seed in range(rounds)]
    drawing = {"do_sample": True, "temperature": 0.8, "top_k": 50, "top_p": 0.9}
    beams = {"num_beams": 3, "repetition_penalty": 1.25, "length_penalty": 2.0, "do_sample": False}
    known, new = some_ids(150, 7), some_ids(20, 8)
    ready = sides.packed.new_prefix(MAX_TOKENS)
    sides.packed.extend(ready, known)

    def prefill():
        ready.cut(len(known))
        sides.packed.extend(ready, new)

    def whole():
        with torch.inference_mode():
            sides.theirs(torch.tensor([known + new]), logits_to_keep=1)

    works = {
        "greedy": lambda k: sides.generate(prompts[k], 32, do_sample=False),
        "greedy float32": lambda k: sides.greedy(sides.plain, prompts[k], 32),
        "greedy float16": lambda k: sides.greedy(sides.packed, prompts[k], 32),
        "drawn": lambda _: sides.drawn(**drawing),
        "beams": lambda _: sides.drawn(**beams),
        "one": lambda _: sides.talked(1),
        "four": lambda _: sides.talked(4),
        "whole": lambda _: whole(),
        "prefill": lambda _: prefill(),
    }
    times = {name: [] for name in works}
    for k in range(rounds):
        found = {}
        for name, work in works.items():
            taken, found[name] = seconds(lambda work=work, k=k: work(k))
            times[name].append(taken)
        assert found["greedy"] == found["greedy float32"], "greedy ids differ"
    for name, theirs, ours, share in (
        ("greedy, 60 + 32 tokens, float32", "greedy", "greedy float32", 1),
        ("the same, float16 weights", "greedy", "greedy float16", 1),
        ("10 turns of 8 + 12 tokens, one reply drawn", "drawn", "one", TURNS),
        ("the same, four candidates with their rank", "drawn", "four", TURNS),
        ("the same against beam search (3) with penalties", "beams", "four", TURNS),
        ("20 tokens behind 150 known ones", "whole", "prefill", 1),
    ):
        yield name, *(statistics.median(times[side]) / share for side in (theirs, ours))


THEIR_START = """
import sys, torch
from transformers import AutoTokenizer, GPT2LMHeadModel
torch.set_num_threads(1)
model = GPT2LMHeadModel.from_pretrained(sys.argv[1]).eval()
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
"""
THEIR_REPLY = """
ids = tokenizer("저녁 뭐 먹을까?", return_tensors="pt", return_token_type_ids=False)
drawing = {"do_sample": True, "temperature": 0.8, "top_k": 50, "top_p": 0.9, "pad_token_id": 3}
model.generate(**ids, max_new_tokens=12, **drawing)
"""
OUR_START = """
import sys
from pathlib import Path
from corpus.chat.engine import open_engine
from corpus.chat.reply import Draw, Message
engine = open_engine(Path(sys.argv[1]))
"""
OUR_REPLY = """
engine.reply([Message("user", "저녁 뭐 먹을까?")], Draw(candidates=1, max_new_tokens=12))
"""


def start(code, folder):
    """Return the CPU seconds and the most MB of memory of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code += "\nprint(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    done = subprocess.run(
        [sys.executable, "-c", code, folder], check=True, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return taken, int(done.stdout.split()[-1]) / 1024


def compare_starts(folder, tokenizer, rounds):
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    config = {"tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    for what, codes in (
        ("a start", (THEIR_START, OUR_START)),
        ("a start and a reply of 12 tokens", (THEIR_START + THEIR_REPLY, OUR_START + OUR_REPLY)),
    ):
        found = [[start(code, folder) for code in codes] for _ in range(rounds)]
        for place, unit in enumerate(("CPU s", "MB at most")):
            theirs, ours = (statistics.median(one[side][place] for one in found) for side in (0, 1))
            numbers = f"{theirs:,.1f} | {ours:,.1f} | {theirs / ours:.2f}"
            print(f"| {what}, {unit} | {numbers} |  |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        torch.manual_seed(0)
        GPT2LMHeadModel(GPT2Config(**SHAPE)).save_pretrained(folder)
        print("| what | generate, CPU ms | ours | times as fast | target |\n|---|---|---|---|---|")
        for what, theirs, ours in compare(Sides(folder), args.rounds):
            numbers = f"{1000 * theirs:,.0f} | {1000 * ours:,.0f} | {theirs / ours:.2f}"
            print(f"| {what} | {numbers} | {TARGETS[what]} |", flush=True)
        if args.tokenizer:
            compare_starts(folder, args.tokenizer, args.rounds)


if __name__ == "__main__":
    main()
