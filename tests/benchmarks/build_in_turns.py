"""Two versions of this project build the same raw/, in turns: seconds, medians, ratios of pairs.

    git worktree add --detach ../before COMMIT
    python tests/benchmarks/build_in_turns.py ../before . --raw raw/ --tokenizer tokenizer.json

Each build is the command line in a process of its own, into an empty folder. The first round only
lets Python compile the modules of both, and does not count.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def time_of_build(version, raw, tokenizer, workers, scratch):
    """CPU seconds of a build by the code in a folder, of all its processes, and wall seconds."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(version),
        "PYTHONPYCACHEPREFIX": f"{scratch}/pyc",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "corpus", "build", raw, out, "--workers", workers]
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [*map(str, command), "--tokenizer", str(tokenizer)],
            cwd=version, env=environment, check=True, capture_output=True,
        )  # fmt: skip
        after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--tokenizer", default="builtin")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    versions = {"before": args.before.absolute(), "after": args.after.absolute()}
    times = {name: [] for name in versions}
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(args.rounds + 1):
            for name, version in versions.items():
                took = time_of_build(
                    version, args.raw.absolute(), args.tokenizer, args.workers, scratch
                )
                if turn:
                    times[name].append(took)
    for kind, one in (("CPU", 0), ("wall", 1)):
        before, after = ([took[one] for took in times[name]] for name in versions)
        ratio = statistics.median(b / a for a, b in zip(before, after, strict=True))
        print(
            f"{kind} seconds: {statistics.median(before):.2f} before, at least {min(before):.2f}; "
            f"{statistics.median(after):.2f} after, at least {min(after):.2f}; ratio {ratio:.3f}, "
            f"median of {args.rounds} pairs; {min(after) / min(before):.3f} of the least"
        )


if __name__ == "__main__":
    main()
