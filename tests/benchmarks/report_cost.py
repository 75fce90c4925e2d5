"""What the report costs a build, in CPU seconds: `python tests/benchmarks/report_cost.py raw/`.

Builds RAW several times with one worker, in turns with and without all that is done for the report
alone, each in a process of its own, and prints the medians. Turns differ by some percent however
quiet the machine is, so the time inside these functions is measured too: by that, counting and the
page are told apart.
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COUNTING = "counting"  # in the items, and in the commit as rows pass by
SAMPLE = "looking at the sample"  # once, as much for any corpus
PAGE = "the page"  # likewise


def parts():
    """Yield what is done for the report alone: where it stands, and what does nothing instead."""
    import corpus.dialogues.batch
    import corpus.text.rule
    from corpus.building import reporting
    from corpus.report import counting, examples

    empty = {"rules": {}, "tags": {}, "rejected": {}}
    for name in ("take_tags", "take_rejected"):
        yield COUNTING, examples.Examples, name, lambda *args: None
    yield COUNTING, examples.Examples, "found", lambda self: empty
    yield COUNTING, counting.Measured, "take", lambda *args: None
    yield COUNTING, corpus.text.rule, "_take_samples", lambda *args: None
    yield COUNTING, corpus.dialogues.batch, "ages_and_sexes", lambda *args: []
    yield COUNTING, reporting, "merge_examples", lambda found: empty
    yield SAMPLE, reporting, "report_numbers", lambda *args: {}
    yield SAMPLE, counting.Measured, "dialogues", lambda self: []
    yield PAGE, reporting, "report_page", lambda *args: b""


def build_once(raw, tokenizer, kind):
    """Build as the command line does; print the CPU seconds, in all and inside of each part."""
    from corpus.building.process import tune_process
    from corpus.commands.arguments import begin_long_work

    tune_process()
    begin_long_work()
    from corpus.building import run

    spent = dict.fromkeys((COUNTING, SAMPLE, PAGE), 0.0)

    def watched(part, real):
        @functools.wraps(real)
        def call(*args, **options):
            started = time.process_time()
            try:
                return real(*args, **options)
            finally:
                spent[part] += time.process_time() - started

        return call

    for part, owner, name, nothing in list(parts()):
        instead = nothing if kind == "without" else watched(part, getattr(owner, name))
        setattr(owner, name, instead)
    with tempfile.TemporaryDirectory() as folder:
        started = time.process_time()
        run.build(raw, Path(folder) / "out", tokenizer=tokenizer)
        total = time.process_time() - started
        size = (Path(folder) / "out" / "_report.html").stat().st_size
    print(json.dumps({"total": total, "size": size} | spent))


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("raw", type=Path)
    parser.add_argument("--tokenizer", default="skt/kogpt2-base-v2")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--once", choices=("with", "without"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        build_once(args.raw, args.tokenizer, args.once)
        return
    runs = {"without": [], "with": []}
    for _ in range(args.turns):
        for kind, found in runs.items():
            command = [sys.executable, __file__, str(args.raw), "--tokenizer", args.tokenizer]
            done = subprocess.run(
                [*command, "--once", kind],
                check=True,
                capture_output=True,
                text=True,
                env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
            )
            found.append(json.loads(done.stdout.splitlines()[-1]))
    middle = {
        kind: {name: statistics.median(run[name] for run in found) for name in found[0]}
        for kind, found in runs.items()
    }
    total, without = middle["with"]["total"], middle["without"]["total"]
    print(f"a build with the report     {total:8.2f} s CPU (median of {args.turns})")
    print(f"a build without             {without:8.2f} s CPU: {total / without - 1:+.1%} with it")
    for part in (COUNTING, SAMPLE, PAGE):
        seconds = middle["with"][part]
        print(f"  inside: {part:<22}{1000 * seconds:6.0f} ms {seconds / total:7.2%}")
    print(f"the page                    {middle['with']['size'] / 1000:8.0f} kB")


if __name__ == "__main__":
    main()
