"""Where the CPU time of a training step of `train.py` goes, stage by stage.

    python tests/benchmarks/train_step.py --processed processed/ --dialogues 384

Two models train one epoch with the default options: `tiny`, and a GPT-2 of 4 layers × 256 with a
vocabulary of 51,200. The functions that a step calls are timed where they are called, on one
thread; what none of them accounts for is the rest of the step: Python, the log, the progress bar.
Model arithmetic is the forward pass with its loss, the backward pass and AdamW. Without --processed
the sample in raw/sample is built with the built-in tokenizer.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from stages import timed
from torch.optim import AdamW
from train_vs_peers import prepare

import train  # found by train_vs_peers
from corpus.training import session, step

STAGES = {
    "forward pass and loss": [(step, "summed_loss")],
    "backward pass": [(torch.Tensor, "backward")],
    "AdamW and clipping": [(AdamW, "step")],
    "plan, packing": [(step, "cut_step"), (step, "pack")],
    "gradient: clear, norm": [
        (step, "sum_gradient"),  # less what it calls, which is the stages above
        (step, "measure_gradient"),
        (step, "update_weights"),
    ],
    "the rest": [(session, "take_step")],  # likewise
}
ARITHMETIC = ("forward pass and loss", "backward pass", "AdamW and clipping")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--processed", type=Path)
    parser.add_argument("--dialogues", type=int, default=384)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = prepare(folder, options.processed, options.dialogues, dropout=0.1)
        seconds = {}
        for model in ("tiny", str(folder / "base")):
            call = [str(folder / "corpus"), "--model", model, "--epochs", "1", "--threads", "1"]
            call += ["--out", str(folder / "runs" / Path(model).name), "--fresh"]
            with timed(STAGES, "the rest") as seconds[model]:
                status = train.main(call)
            if status:
                return status
    tiny, big = seconds.values()
    print(f"\n{len(rows)} dialogues, one epoch, 1 thread, torch {torch.__version__}")
    print("| stage of a step | tiny | 4 layers × 256 |\n|---|---|---|")
    for stage in STAGES:
        shares = (f"{one[stage] / one.total():.1%}" for one in (tiny, big))
        print(f"| {' | '.join((stage, *shares))} |")
    other = (1 - sum(one[stage] for stage in ARITHMETIC) / one.total() for one in (tiny, big))
    print(f"| **not model arithmetic** | {' | '.join(f'**{share:.1%}**' for share in other)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
