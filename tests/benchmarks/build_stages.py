"""Where the CPU time of a build goes, stage by stage: one worker, each build in a fresh process.

    python tests/benchmarks/build_stages.py --tokenizer tokenizer.json --dialogues 20000

The steps are timed where they are called, a stage less what it calls; the least of
--repeats builds counts. Timing itself costs a few per cent, of the stages with many calls most.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from stages import cpu_seconds, timed

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from corpus.building.process import tune_process  # noqa: E402
from corpus.commands.arguments import begin_long_work  # noqa: E402

tune_process()
begin_long_work()

from corpus.building import commit_files, item, reporting, run, tokenizer  # noqa: E402
from corpus.dialogues import batch, pieces, said  # noqa: E402
from corpus.output import result_rows  # noqa: E402
from corpus.reading import documents  # noqa: E402
from corpus.reading.streams import Unpacked  # noqa: E402
from corpus.sample.write import write_sample  # noqa: E402
from corpus.tokens.encoder import Encoder  # noqa: E402

BUILD = "the rest"
STAGES = {
    "find and hash the files": [(run, "find_documents")],
    "unpack": [(Unpacked, "read"), (documents, "intact_member")],
    "decode": [(item, "_read"), (commit_files, "read_raw")],
    "text rules": [(said, "normalise_texts"), (pieces, "where_pieces_begin")],
    "turns": [(batch, "arrange_turns"), (batch, "reject_reasons"), (batch, "make_drafts")],
    "names": [(said, "fill_names")],
    "tokens": [(Encoder, "encode_flat")],
    "load the tokenizer": [(tokenizer, "Encoder")],
    "cap, rows, keys": [(item, "build_batch")],
    "ledger": [(result_rows, "ledger_member"), (commit_files, "ledger_member")],
    "write results": [(result_rows.ResultWriter, "write"), (result_rows.ResultWriter, "finish")],
    "shards": [(commit_files, "write_shard")],
    "report": [(reporting, "report_numbers"), (reporting, "report_page")],
    BUILD: [(run, "build")],
}


def main() -> None:
    started = cpu_seconds()
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", default=os.environ.get("KOGPT2_TOKENIZER", "builtin"))
    parser.add_argument("--dialogues", type=int, default=20_000)
    parser.add_argument("--raw", type=Path, help="a tree to build instead of a generated one")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        raw = options.raw or Path(scratch) / "raw"
        if options.once:
            with timed(STAGES, BUILD) as spent:
                run.build(raw, Path(scratch) / "out", tokenizer=options.tokenizer)
            print(json.dumps({"start Python, import": started} | spent))
            return
        if not options.raw:
            write_sample(raw, dialogues=options.dialogues)
        command = [sys.executable, __file__, "--once", "--raw", str(raw)]
        command += ["--tokenizer", options.tokenizer]
        builds = [
            Counter(json.loads(subprocess.check_output(command).splitlines()[-1]))
            for _ in range(options.repeats)
        ]
    best = min(builds, key=Counter.total)
    total = best.total()
    print("| stage | CPU-seconds | share |\n|---|---|---|")
    for stage, seconds in best.most_common():
        print(f"| {stage} | {seconds:.2f} | {seconds / total:.0%} |")


if __name__ == "__main__":
    main()
