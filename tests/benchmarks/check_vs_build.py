"""`check` against a build of the same raw/, in turns: CPU seconds of all processes, ratio of pairs.

    python tests/benchmarks/check_vs_build.py --dialogues 100000 --tokenizer tokenizer.json
    python tests/benchmarks/check_vs_build.py --raw raw/ --workers 2

Each is the command line in a process of its own, the build into an empty folder, with one worker
and with several: a check is compared with the build of as many.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def cost_of(*words):
    """CPU and wall seconds of a command of ours and of all processes that it has started."""
    command = [sys.executable, "-m", "corpus", *map(str, words)]
    began = time.monotonic()
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", default=os.environ.get("KOGPT2_TOKENIZER", "builtin"))
    parser.add_argument("--dialogues", type=int, default=100_000)
    parser.add_argument("--raw", type=Path, help="a tree instead of a generated one")
    parser.add_argument("--workers", type=int, default=2, help="beside one")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        raw = (args.raw or Path(scratch) / "raw").absolute()
        if not args.raw:
            cost_of("sample", raw, "--dialogues", args.dialogues)
        costs = {(verb, n): [] for n in (1, args.workers) for verb in ("build", "check")}
        for _ in range(args.rounds):
            for (verb, n), found in costs.items():
                with tempfile.TemporaryDirectory() as out:
                    folders = [raw, out] if verb == "build" else [raw]
                    how = ("--tokenizer", args.tokenizer, "--workers", n)
                    found.append(cost_of(verb, *folders, *how))
    print("| | CPU-seconds | of that build | wall seconds |\n|---|---|---|---|")
    for (verb, n), found in costs.items():
        cpu, wall = map(statistics.median, zip(*found, strict=True))
        pairs = zip(found, costs["build", n], strict=True)
        ratio = statistics.median(one[0] / build[0] for one, build in pairs)
        print(f"| `{verb} --workers {n}` | {cpu:.2f} | {ratio:.2f} | {wall:.2f} |")


if __name__ == "__main__":
    main()
