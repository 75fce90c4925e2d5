"""One worker against several: wall and CPU seconds, memory, and what ten times the data costs.

    python tests/benchmarks/workers.py        # 20,000 and 200,000 dialogues, three rounds
    python tests/benchmarks/workers.py --dialogues 2000 20000 --rounds 1
    python tests/benchmarks/workers.py --raw raw/ --tokenizer skt/kogpt2-base-v2

The trees are invented by `python -m corpus sample`. Each build is the command line in a process of
its own, into an empty folder; one worker and several take turns, and medians are shown. CPU seconds
are those of all processes of a build, the peak is of its largest one. Ratios are of builds that ran
one behind the other, so that a machine that is busy for a while spoils a round and not the result.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Cost(NamedTuple):
    """Of one build."""

    wall: float
    cpu: float
    peak: float  # MB
    sha256: str  # of its manifest


def build(raw: Path, out: Path, workers: int, tokenizer: str) -> Cost:
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "corpus", "build", raw, out]
    command += ["--tokenizer", tokenizer, "--workers", str(workers)]
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)  # with all processes that it has waited for
    wall = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"the build of {raw} ended with {process.returncode}")
    manifest = json.loads((out / "_manifest.json").read_bytes())
    peak = used.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    return Cost(wall, used.ru_utime + used.ru_stime, peak, manifest["manifest_sha256"])


def sample(folder: Path, dialogues: int) -> Path:
    raw = folder / f"raw-{dialogues}"
    command = [sys.executable, "-m", "corpus", "sample", raw, "--dialogues", str(dialogues)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return raw


def n_dialogues(out: Path) -> int:
    return int(json.loads((out / "_manifest.json").read_bytes())["dialogues"]["read"])


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dialogues", type=int, nargs="+", default=[20_000, 200_000])
    parser.add_argument("--raw", type=Path, nargs="+", help="these folders instead of samples")
    parser.add_argument("--workers", type=int, default=2, help="against one (default: 2)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokenizer", default="builtin")
    parser.add_argument("--scratch", type=Path, help="where trees and corpora are written")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch) as name:
        folder = Path(name)
        trees = args.raw or [sample(folder, n) for n in args.dialogues]
        trees = [raw.resolve() for raw in trees]
        build(trees[0], folder / "out", 1, args.tokenizer)  # a first look at everything
        sizes: dict[Path, int] = {}
        costs: dict[tuple[Path, int], list[Cost]] = {}
        for number in range(args.rounds):
            for raw in trees:
                pair = (1, args.workers) if number % 2 else (args.workers, 1)
                for workers in pair:
                    cost = build(raw, folder / "out", workers, args.tokenizer)
                    costs.setdefault((raw, workers), []).append(cost)
                    sizes[raw] = n_dialogues(folder / "out")
    report(trees, sizes, costs, args.workers)


def report(
    trees: list[Path],
    sizes: dict[Path, int],
    costs: dict[tuple[Path, int], list[Cost]],
    workers: int,
) -> None:
    print(
        f"{'dialogues':>10}{'workers':>9}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'wall ratio':>12}"
    )
    for raw in trees:
        if len({cost.sha256 for n in (1, workers) for cost in costs[raw, n]}) > 1:
            sys.exit(f"the builds of {raw} are not equal")
        for n in (1, workers):
            wall, cpu, peak = (median(cost[k] for cost in costs[raw, n]) for k in range(3))
            print(f"{sizes[raw]:>10,}{n:>9}{wall:>9.1f}{cpu:>9.1f}{peak:>9.0f}", end="")
            pairs = zip(costs[raw, n], costs[raw, 1], strict=True)
            print(f"{median(many.wall / one.wall for many, one in pairs):>12.2f}")
    small, large = min(trees, key=sizes.__getitem__), max(trees, key=sizes.__getitem__)
    if sizes[large] > sizes[small]:
        pairs = zip(costs[large, 1], costs[small, 1], strict=True)
        more = median(big.cpu / little.cpu for big, little in pairs)
        times = sizes[large] / sizes[small]
        print(f"{times:.1f} times the dialogues cost {more:.1f} times the CPU seconds (one worker)")


if __name__ == "__main__":
    main()
