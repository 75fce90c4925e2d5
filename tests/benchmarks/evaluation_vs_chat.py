"""How much batches save: the replies of `eval`'s row `ranked`, and the same by chat one by one.

    python tests/benchmarks/evaluation_vs_chat.py processed/ runs/NAME [--n 60] [--rounds 3]

One process, one thread, in turns, CPU-seconds, medians; both in float32. The replies are the same,
which is checked.
"""

import argparse
import os
import time
from pathlib import Path
from statistics import median

os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")  # before torch is loaded, as the verb does

from corpus.chat.engine import open_engine, reader_of, vocabulary_of
from corpus.chat.folder import find_model, read_chat
from corpus.chat.reply import Draw
from corpus.chat.window import make_window
from corpus.evaluation import decoding
from corpus.evaluation.decoding import Speaker
from corpus.evaluation.material import open_material
from corpus.evaluation.model import Model
from corpus.evaluation.prompts import validation_prompts
from corpus.tokens.encoder import Encoder

EXACT = {"precision": "float32", "device": "cpu", "threads": 1}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("processed", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--n", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    draw, material = Draw(), open_material(options.processed)
    path = find_model(options.run)
    trained, _ = read_chat(path)
    reader = reader_of(Encoder(material.tokenizer), trained)
    prompts = validation_prompts(material.dialogues("validation"), options.n)
    model = Model(path, **EXACT)
    max_tokens = min(trained.max_tokens, model.n_positions)
    windows = [make_window(one.messages, reader, max_tokens - 49) for one in prompts]
    never = vocabulary_of(reader, model.vocab_size, model.device)
    speaker = Speaker(model, reader, never, draw, lambda _: None)
    engine = open_engine(options.run, **EXACT)

    def in_batches():
        return [one.text for one in decoding.ranked(speaker, windows)[0]]

    def one_by_one():
        return [engine.reply(one.messages, draw).text for one in prompts]

    in_batches(), one_by_one()
    seconds, replies = {in_batches: [], one_by_one: []}, {}
    for _ in range(options.rounds):
        for way, times in seconds.items():
            began = time.process_time()
            replies[way] = way()
            times.append(time.process_time() - began)
    engine.close()
    batches, alone = (median(times) for times in seconds.values())
    same = sum(map(str.__eq__, replies[in_batches], replies[one_by_one]))
    told = f"{batches:.1f} in batches, {alone:.1f} one by one ({alone / batches:.1f} x)"
    print(
        f"{len(prompts)} replies of four ranked candidates, CPU-seconds: {told}; {same} are equal."
    )


if __name__ == "__main__":
    main()
