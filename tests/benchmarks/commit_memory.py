"""What must stand in memory at once where a commit decides: measured at two sizes, then scaled.

    python tests/benchmarks/commit_memory.py        # 1 and 4 million dialogues

Keys are invented, `--repeated` of them under an id of another dialogue, in parts as items leave
them. The duplicates are decided in a fresh process for each size. What the second one holds more
than the first is by the dialogues that it has more; 100 million are scaled from that.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from corpus.building.decide import decide  # noqa: E402
from corpus.dedup.keys import KEY  # noqa: E402
from corpus.options import options_of  # noqa: E402
from corpus.output.result import ResultPaths  # noqa: E402

DIALOGUES = 100_000_000
PART = 7_500  # dialogues: 100 million of 2.6 kB in some 13,000 items


def write_parts(work: Path, n: int, repeated: float) -> int:
    """Write the keys of `n` dialogues, and return how many parts they are."""
    draw = np.random.default_rng(0)
    (work / "parts").mkdir()
    n_parts = -(-n // PART)
    ids = draw.integers(0, 2**63, n, dtype=np.uint64)
    copies = draw.random(n) < repeated
    ids[copies] = ids[draw.integers(0, n, int(copies.sum()))]
    for number in range(n_parts):
        of_part = ids[number * PART : (number + 1) * PART]
        keys = np.zeros(len(of_part), KEY)
        keys["id"] = of_part
        keys["text"] = draw.integers(0, 2**63, len(keys))
        keys["held_out"] = 2 * (draw.random(len(keys)) < 0.05)
        for name in ("truncate", "split", "drop", "rows"):
            keys[name] = 1
        keys["tokens"] = draw.integers(20, 400, len(keys))
        ResultPaths(work, number).keys.write_bytes(keys.tobytes())
    return n_parts


def peak() -> int:
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used * (1 if sys.platform == "darwin" else 1024)


def decide_once(work: Path, n_parts: int) -> None:
    before = peak()
    results = [ResultPaths(work, number) for number in range(n_parts)]
    found = decide(results, options_of(), lambda keys, _: sys.exit(f"{len(keys)} keys"))
    print(json.dumps({"bytes": peak() - before, "duplicates": len(found.duplicates.places)}))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dialogues", type=int, nargs=2, default=[1_000_000, 4_000_000])
    parser.add_argument("--repeated", type=float, default=0.02)
    parser.add_argument("--once", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.once:
        decide_once(Path(args.once[0]), int(args.once[1]))
        return
    held = []
    for n in args.dialogues:
        with tempfile.TemporaryDirectory() as folder:
            n_parts = write_parts(Path(folder), n, args.repeated)
            command = [sys.executable, __file__, "--once", folder, str(n_parts)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        told = json.loads(done.stdout)
        held.append(told["bytes"])
        print(
            f"{n:>12,} dialogues, {told['duplicates']:,} duplicates: {told['bytes'] / 1e6:,.0f} MB"
        )
    few, many = args.dialogues
    each = (held[1] - held[0]) / (many - few)
    print(f"{each:.1f} bytes a dialogue; 100 million: {each * DIALOGUES / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
