"""What only one process of a build can do, against all that all processes do (Amdahl's law).

    python tests/benchmarks/serial_share.py --dialogues 100000 --tokenizer tokenizer.json
    python tests/benchmarks/serial_share.py --raw raw/ --workers 3 --options dedup=near

Builds a tree with worker processes, each time in a fresh process, and counts the CPU-seconds of the
main process against those of its workers. What the main process does is timed by stages; what no
stage has is `the rest`. The commit is what one process did alone before it was cut into pieces, so
its share is shown apart. Medians of --repeats builds.

With --workers 1 there are no others, and nothing can be told.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from stages import cpu_seconds, timed

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
REST = "the rest"
START = "start Python, import"
COMMIT = "commit: "


def build_once(raw: str, tokenizer: str, workers: int, options: dict[str, str]) -> None:
    """Build as the command line does; print the CPU-seconds of each stage and of all workers."""
    from corpus.building.process import tune_process
    from corpus.commands.arguments import begin_long_work

    tune_process()
    begin_long_work()
    from corpus.building import commit, run

    started = cpu_seconds()
    stages = {
        "find and hash the files": [(run, "find_documents")],
        "load the tokenizer": [(run, "find_tokenizer")],
        "hand out items, add up counts": [(run, "build_items")],
        COMMIT + "read receipts": [(commit, "_read_receipts")],
        COMMIT + "decide": [(commit, "decide")],
        COMMIT + "hand out pieces": [(commit, "_make_rows")],
        COMMIT + REST: [(run, "commit")],
        REST: [(run, "build")],
    }
    with tempfile.TemporaryDirectory() as folder, timed(stages, REST) as spent:
        manifest = run.build(
            raw, Path(folder) / "out", tokenizer=tokenizer, workers=workers, **options
        )
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = {START: started} | spent
    told["workers"] = children.ru_utime + children.ru_stime
    print(json.dumps({"spent": told, "dialogues": manifest["dialogues"]["read"]}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", default=os.environ.get("KOGPT2_TOKENIZER", "builtin"))
    parser.add_argument("--dialogues", type=int, default=100_000)
    parser.add_argument("--raw", type=Path, help="a tree to build instead of a generated one")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--options", nargs="*", default=[], metavar="NAME=VALUE", help="of build")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    options = dict(one.split("=", 1) for one in args.options)
    if args.once:
        build_once(str(args.raw), args.tokenizer, args.workers, options)
        return
    with tempfile.TemporaryDirectory() as scratch:
        raw = args.raw or Path(scratch) / "raw"
        if not args.raw:
            command = [sys.executable, "-m", "corpus", "sample", raw]
            subprocess.run(
                [*map(str, command), "--dialogues", str(args.dialogues)],
                check=True,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
            )
        command = [sys.executable, __file__, "--once", "--raw", str(raw.resolve())]
        command += ["--tokenizer", args.tokenizer, "--workers", str(args.workers)]
        command += ["--options", *args.options]
        runs = [
            json.loads(
                subprocess.run(
                    command,
                    check=True,
                    stdout=subprocess.PIPE,
                    text=True,
                    env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
                ).stdout.splitlines()[-1]
            )
            for _ in range(args.repeats)
        ]
    spent = {name: median(run["spent"].get(name, 0.0) for run in runs) for name in runs[0]["spent"]}
    report(spent, runs[0]["dialogues"], args.workers)


def report(spent: dict[str, float], n_dialogues: int, workers: int) -> None:
    total, of_workers = sum(spent.values()), spent.pop("workers")
    of_commit = sum(seconds for name, seconds in spent.items() if name.startswith(COMMIT))
    print(f"{n_dialogues:,} dialogues, {workers} workers\n")
    print("| CPU-seconds | | of all |\n|---|---|---|")
    for name, seconds in sorted(spent.items(), key=lambda pair: -pair[1]):
        print(f"| {name} | {seconds:.2f} | {seconds / total:.1%} |")
    print(f"| **the commit in one process** | {of_commit:.2f} | {of_commit / total:.1%} |")
    alone = total - of_workers
    print(f"| **the whole main process** | {alone:.2f} | {alone / total:.1%} |")
    print(f"| all processes | {total:.2f} | |")


if __name__ == "__main__":
    main()
