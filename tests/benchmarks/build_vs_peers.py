"""CPU-seconds and memory of `python -m corpus build` against what a user would write instead.

    pip install -e ".[bench]"
    python tests/benchmarks/build_vs_peers.py --tokenizer tokenizer.json --dialogues 20000

Writes a tree of that many invented dialogues (`python -m corpus sample`; --raw takes another one),
then lets everyone turn it into Parquet: this project with one worker, and the peers of peers.py,
which says how they are written and what they leave out. Each runs in a fresh process, they take
turns for --repeats rounds, and medians are shown. Whether a peer's rows are ours is checked, too.

CPU-seconds are those of all processes of a contestant, user and system, imports included; of
`tokenizers` alone only the calls that encode are counted (`encode_batch_fast`, the faster one).
Memory is that of the largest process. Prints the table of README; --picture draws it. Exits with 1
if a peer's rows are not ours.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers.py"
NAMES = {
    "corpus": "**this project**, one worker",
    "notebook": "a careful notebook (`json`, `re`, `tokenizers`, pandas)",
    "datasets": "Hugging Face `datasets` (batched `map` and `filter`)",
    "datatrove": "`datatrove` (own reader and filters, its Parquet writer)",
    "tokenizer": "`tokenizers` alone: every utterance encoded, 1,000 at a time",
    "tokenizer_once": "`tokenizers` alone: all of them in one call",
}
ALONE = ("tokenizer", "tokenizer_once")
VERSIONED = ("tokenizers", "pandas", "pyarrow", "datasets", "datatrove")
MOST_OTHER_ROWS = 0.01  # of all rows: the peers' rules in plain `re` know fewer odd characters
# One thread each, so that CPU-seconds are not inflated by threads that wait for each other; and
# Python keeps compiled modules, ours as it does those that pip has installed.
ENVIRONMENT = os.environ | {
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "PYTHONDONTWRITEBYTECODE": "",
}


class Spent(NamedTuple):
    """What one run took."""

    seconds: float
    megabytes: float


def run(command: Sequence[object]) -> Spent:
    """Run a command and return what it and its children took."""
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=told,
            stderr=told,
        )
        # Linux counts into a process's peak what it was forked from, so this one imports little.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            told.seek(0)
            sys.exit(f"{' '.join(map(str, command))}\n{told.read().decode()}")
    in_megabytes = 1e6 if sys.platform == "darwin" else 1e3
    return Spent(used.ru_utime + used.ru_stime, used.ru_maxrss / in_megabytes)


def contest(name: str, raw: Path, out: Path, tokenizer: str) -> Spent:
    if name == "corpus":
        options = ["--tokenizer", tokenizer, "--workers", 1]
        return run(["-m", "corpus", "build", raw, out, *options])
    out.mkdir()
    spent = run([PEERS, name, raw, out, tokenizer])
    if name in ALONE:
        return Spent(float((out / "seconds").read_text()), spent.megabytes)
    return spent


def same_rows(processed: Path, out: Path) -> dict[str, int]:
    told = subprocess.run(
        [sys.executable, PEERS, "compare", processed, out, "-"], check=True, stdout=subprocess.PIPE
    )
    counts: dict[str, int] = json.loads(told.stdout)
    return counts


def conditions(n_dialogues: str) -> str:
    cpus = Path("/proc/cpuinfo")
    models = [
        line.partition(": ")[2]
        for line in (cpus.read_text().splitlines() if cpus.exists() else ())
        if line.startswith("model name")
    ]
    libraries = ", ".join(f"{name} {version(name)}" for name in VERSIONED)
    cpu = models[0] if models else platform.machine()
    return f"{n_dialogues}; {cpu}, Python {platform.python_version()}, {libraries}"


def table(spent: dict[str, Spent], rows: dict[str, dict[str, int]]) -> str:
    ours = spent["corpus"].seconds
    lines = [
        "| | CPU-seconds | against ours | peak memory | rows | equal to ours |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in spent.items():
        counts = rows.get(name)
        share = f"{counts['same'] / counts['theirs']:.2%}" if counts else ""
        n_rows = f"{counts['theirs']:,}" if counts else ""
        if name == "corpus":
            n_rows = next((f"{counts['ours']:,}" for counts in rows.values()), "")
        times = f"{one.seconds / ours:.1f} ×"
        memory = "" if name in ALONE else f"{one.megabytes:,.0f} MB"
        cells = (NAMES[name], f"{one.seconds:.2f}", times, memory, n_rows, share)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def picture(spent: dict[str, Spent], caption: str) -> str:
    """Return the CPU-seconds as bars, in an SVG that suits light and dark pages."""
    left, width, step = 250, 420, 30
    longest = max(one.seconds for one in spent.values())
    height = step * len(spent) + 62
    words = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 {height}" font-size="13"',
        f' width="800" height="{height}" font-family="system-ui, sans-serif">',
        "<style>text{fill:#24292f}.note{fill:#6e7781}.bar{fill:#8c959f}.ours{fill:#1a7f37}",
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}}</style>",
        '<text x="10" y="22" font-size="15">CPU-seconds, shorter is better</text>',
    ]
    for place, (name, one) in enumerate(spent.items()):
        y = 40 + step * place
        length = max(1, round(width * one.seconds / longest))
        kind = "ours" if name == "corpus" else "bar"
        label = NAMES[name].replace("*", "").replace("`", "").partition(" (")[0].partition(":")[0]
        memory = "" if name in ALONE else f" s, {one.megabytes:,.0f} MB"
        words += [
            f'<text x="{left - 10}" y="{y + 14}" text-anchor="end">{label}</text>',
            f'<rect x="{left}" y="{y}" width="{length}" height="20" rx="2" class="{kind}"/>',
            f'<text x="{left + length + 8}" y="{y + 14}">{one.seconds:.1f}{memory}</text>',
        ]
    words.append(f'<text class="note" x="10" y="{height - 10}" font-size="10">{caption}</text>')
    return "\n".join([*words, "</svg>", ""])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", default=os.environ.get("KOGPT2_TOKENIZER"))
    parser.add_argument("--dialogues", type=int, default=20_000, help="(default: 20,000)")
    parser.add_argument("--raw", type=Path, help="a tree to build instead of a generated one")
    parser.add_argument("--repeats", type=int, default=3, help="rounds (default: 3)")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--picture", type=Path, help="draw the table as an SVG, too")
    options = parser.parse_args()
    if not options.tokenizer:
        parser.error("--tokenizer or $KOGPT2_TOKENIZER: the tokenizer.json of KoGPT2")
    tokenizer = str(Path(options.tokenizer).resolve())

    with tempfile.TemporaryDirectory() as scratch:
        raw = options.raw and options.raw.resolve()
        if not raw:
            raw = Path(scratch) / "raw"
            run(["-m", "corpus", "sample", raw, "--dialogues", options.dialogues])
        contestants = list(dict.fromkeys(["corpus", *options.only]))
        spent: dict[str, list[Spent]] = {name: [] for name in contestants}
        rows: dict[str, dict[str, int]] = {}
        for round_number in range(options.repeats):
            out = Path(scratch) / str(round_number)
            out.mkdir()
            for name in contestants:
                spent[name].append(contest(name, raw, out / name, tokenizer))
                if round_number == 0 and name not in ("corpus", *ALONE):
                    rows[name] = same_rows(out / "corpus", out / name)
            shutil.rmtree(out)
        what = f"{options.dialogues:,} invented dialogues" if not options.raw else raw.name
    medians = {
        name: Spent(*(median(one[k] for one in runs) for k in range(2)))
        for name, runs in spent.items()
    }
    told = conditions(what)
    print(f"{told}, medians of {options.repeats}\n\n{table(medians, rows)}")
    if options.picture:
        options.picture.write_text(picture(medians, told))
    others = [
        name
        for name, counts in rows.items()
        if counts["same"] < (1 - MOST_OTHER_ROWS) * max(counts["ours"], counts["theirs"])
    ]
    if others:
        print(f"\nThese do not have our rows: {', '.join(others)}.", file=sys.stderr)
    return bool(others)


if __name__ == "__main__":
    sys.exit(main())
