"""Fine-tune KoGPT2 on a finished corpus.

    python train.py processed/                         one GPU, or the CPU
    torchrun --nproc_per_node 2 train.py processed/    two GPUs
    python train.py processed/ --model tiny            a small GPT-2 from scratch, offline

The same command goes on where a run was stopped. A run leaves in its folder `last/` and `best/`
(for `from_pretrained`), `log.jsonl`, `curve.svg` and `samples.md`, and in the folder above it the
leaderboard of all runs.
"""

import sys
from collections.abc import Sequence

from corpus.training.options import parse_options


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as the command line says; return the exit status."""
    options = parse_options(arguments, __doc__)
    try:
        from corpus.training.session import run_all  # torch takes seconds, which --help spares

        return run_all(options)
    except KeyboardInterrupt:
        sys.stderr.write("\ntrain.py: stopped before the first step; nothing was changed.\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
