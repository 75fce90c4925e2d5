"""Two versions of this project build the same raw/, in turns: CPU seconds, medians, ratio of pairs.

    git worktree add --detach ../before COMMIT
    python tests/benchmarks/build_in_turns.py ../before . --raw raw/ --tokenizer tokenizer.json

Each build is the command line in a process of its own, with one worker, into an empty folder. The
first round only lets Python compile the modules of both, and does not count.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def cpu_of_build(version, raw, tokenizer, scratch):
    """CPU seconds of a build by the code in a folder."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(version),
        "PYTHONPYCACHEPREFIX": f"{scratch}/pyc",
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "corpus", "build", raw, out, "--workers", "1"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [*map(str, command), "--tokenizer", str(tokenizer)],
            cwd=version, env=environment, check=True, capture_output=True,
        )  # fmt: skip
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--raw", type=Path, required=True)
    parser.add_argument("--tokenizer", default="builtin")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    versions = {"before": args.before.absolute(), "after": args.after.absolute()}
    times = {name: [] for name in versions}
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(args.rounds + 1):
            for name, version in versions.items():
                seconds = cpu_of_build(version, args.raw.absolute(), args.tokenizer, scratch)
                if turn:
                    times[name].append(seconds)
    ratios = [after / before for before, after in zip(*times.values(), strict=True)]
    for name, found in times.items():
        print(f"{name}: {statistics.median(found):.2f} CPU-s, at least {min(found):.2f}")
    least = min(times["after"]) / min(times["before"])
    print(f"after / before: {statistics.median(ratios):.3f}, median of {args.rounds} pairs; "
          f"{least:.3f} of the least")  # fmt: skip


if __name__ == "__main__":
    main()
