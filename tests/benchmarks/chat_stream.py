"""What a stream costs the server: CPU time a token, beside the model's own step.

    python tests/benchmarks/chat_stream.py

A stand-in for the model writes 32 tokens a reply, each after a pause, which costs the server's
process nothing. A client in a process of its own asks for replies as a stream and whole, in turns.
The difference, by the tokens, is what a stream costs. Beside it stands a step of a model of
KoGPT2's shape with random weights, in the precision that chat chooses on this CPU, on one thread.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from transformers import GPT2Config, GPT2LMHeadModel

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "chat")]

from fake_engine import FakeEngine, served  # noqa: E402

from corpus.chat.decoding.choices import open_decoder  # noqa: E402

TOKENS, REPLIES, ROUNDS, STEPS = 32, 20, 5, 30
CLIENT = f"""
import json, sys, urllib.request
port, stream = sys.argv[1], sys.argv[2] == "stream"
for k in range({REPLIES}):
    ask = {{"messages": [{{"role": "user", "content": "안녕"}}], "stream": stream, "candidates": 1,
           "max_tokens": {TOKENS}, "services": False}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{{port}}/v1/chat/completions", json.dumps(ask).encode(),
        {{"Content-Type": "application/json"}},
    )
    urllib.request.urlopen(request).read()
"""


def cpu_of(port, kind):
    """CPU seconds that this process takes to serve the client's replies."""
    before = time.process_time()
    subprocess.run([sys.executable, "-c", CLIENT, str(port), kind], check=True)
    return time.process_time() - before


def step_seconds():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        GPT2LMHeadModel(
            GPT2Config(vocab_size=51_200, bos_token_id=0, eos_token_id=1)
        ).save_pretrained(folder)
        decoder, _ = open_decoder(folder, precision="auto", device="cpu", threads=1)
        prefix, rows = decoder.new_prefix(64), decoder.new_rows(1, STEPS + 1)
        decoder.extend(prefix, list(range(60)))
        times = []
        for _ in range(STEPS):
            before = time.process_time()
            decoder.step(prefix, rows, [7])
            times.append(time.process_time() - before)
        return statistics.median(times), decoder.precision


def main():
    torch.set_num_threads(1)
    engine = FakeEngine(pause=0.002, n_tokens=TOKENS)
    with served(engine) as port:
        cpu_of(port, "stream")  # warm
        found = {"stream": [], "whole": []}
        for _ in range(ROUNDS):
            for kind, times in found.items():
                times.append(cpu_of(port, kind) / REPLIES)
    stream, whole = (statistics.median(times) for times in found.values())
    token = (stream - whole) / TOKENS
    step, precision = step_seconds()
    print(
        f"a reply of {TOKENS} tokens: {1e3 * stream:.2f} ms of CPU as a stream, "
        f"{1e3 * whole:.2f} ms whole"
    )
    print(f"a token of a stream: {1e6 * token:.0f} µs; a step ({precision}): {1e3 * step:.1f} ms")
    print(f"a stream costs {token / step:.2%} of a step")


if __name__ == "__main__":
    main()
