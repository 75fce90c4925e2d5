"""Does the context-free part of chat's rank help? All strategies, two temperatures, one table.

    python -m corpus sample raw/ --dialogues 4000
    python -m corpus build raw/ processed/ --tokenizer builtin
    python train.py processed/ --model tiny --grid --out runs/tiny
    python tests/benchmarks/context_free_rank.py processed/ runs/tiny-*

Prints Markdown. Each number stands in eval.json of a run, too, but for the second temperature. The
intervals are of the difference, prompt by prompt, of the rank with it and without it.
"""

import argparse
import json
import os
from pathlib import Path

os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")  # before torch is loaded, as the verb does

from corpus.chat.reply import Draw
from corpus.evaluation.results import rank_of
from corpus.evaluation.run import Settings, evaluate

TEMPERATURES = (0.8, 1.0)
DRAWN = ("ranked", "likelihood", "drawn")
ONCE = ("greedy", "beam3", "person", "stranger")  # of no temperature


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("processed", type=Path)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--n", type=int, default=1000)
    options = parser.parse_args()
    hits, rows = [], []
    for run in options.runs:
        told = json.loads((run / "run.json").read_text())["row"]
        for temperature in TEMPERATURES:
            settings = Settings(options.n, Draw(temperature=temperature))
            result = evaluate(run, options.processed, settings)
            label = f"`{told['label']}`"
            if temperature == TEMPERATURES[0]:
                hits.append([label, f"{told['sys_loss']:.2f}", *hits_of(result)])
                rows += [row_of(result, label, "", name) for name in ONCE]
            rows += [row_of(result, label, f"{temperature}", name) for name in DRAWN]
    print(f"{result.n} prompts\n")
    table(["labels", "`<sys>` loss", "hits@1 by likelihood", "by chat's rank", "gain"], hits)
    columns = ["labels", "temperature", "row", "chrF", "distinct-2", "generic", "words"]
    table(columns, rows)


def hits_of(result):
    shares = [result.row(name).numbers for name in ("likelihood", "ranked")]
    gain = rank_of(result)["hits_at_1"]
    for numbers in shares:
        low, high = numbers.intervals["hits_at_1"]
        yield f"{100 * numbers.values['hits_at_1']:.1f} % ({100 * low:.0f} to {100 * high:.0f})"
    yield interval(gain, 100)


def row_of(result, label, temperature, name):
    values = result.row(name).numbers.values
    gain = f", gain {interval(rank_of(result)['chrf'], 1)}" if name == "ranked" else ""
    return [
        label,
        temperature,
        f"`{name}`",
        f"{values['chrf']:.2f}{gain}",
        f"{values['distinct_2']:.3f}",
        f"{100 * values['generic']:.0f} %",
        f"{values['words']:.1f}",
    ]


def interval(gain, scale):
    low, high = (scale * one for one in gain["interval"])
    return f"{scale * gain['gain']:+.1f} ({low:+.1f} to {high:+.1f})"


def table(columns, rows):
    for cells in (columns, ["---"] * len(columns), *rows):
        print("| " + " | ".join(cells) + " |")
    print()


if __name__ == "__main__":
    main()
