"""`train.py` and `python -m corpus train`, which are the same program."""

import sys
from collections.abc import Sequence

from corpus.training.options import parse_options

ABOUT = """Fine-tune KoGPT2 on a finished corpus.

    python train.py processed/                         one GPU, or the CPU
    torchrun --nproc_per_node 2 train.py processed/    two GPUs
    python train.py processed/ --model tiny            a small GPT-2 from scratch, offline

`python -m corpus train` is the same program, where there is no train.py. The same command goes on
where a run was stopped. A run leaves in its folder `last/` and `best/` (for `from_pretrained`),
`log.jsonl`, `curve.svg` and `samples.md`, and in the folder above it the leaderboard of all runs.
"""
_EXTRA = {"torch", "transformers", "safetensors"}


def main(arguments: Sequence[str] | None = None, *, prog: str = "train.py") -> int:
    """Train as the command line says; return the exit status."""
    options = parse_options(arguments, ABOUT, prog=prog)
    try:
        from corpus.training.session import run_all  # noqa: PLC0415 - torch takes seconds to load

        return run_all(options)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        sys.stderr.write(
            f"{prog}: training needs {error.name}, which is not installed: "
            "pip install -e '.[train]' (of the wheel: pip install 'aihub-chat-corpus[train]').\n"
        )
        return 2
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{prog}: stopped before the first step; nothing was changed.\n")
        return 130
