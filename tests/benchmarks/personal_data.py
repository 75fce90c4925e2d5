"""Precision and recall of personal data on a set of labelled utterances, and what it costs.

    python tests/benchmarks/personal_data.py [CASES.json]

CASES.json is a list of {"text": ..., "kind": a kind or null}; by default the cases that the tests
hold, all invented: numbers that belong to nobody, and hard cases that are no personal data. A text
counts as found if it is dropped as `personal_data`, whatever kind it is taken for. What was told
wrong is listed. Then messages of the sample's scripts are normalised with and without it, in turns,
by CPU time.
"""

import json
import statistics
import sys
from collections import Counter
from pathlib import Path
from time import process_time

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from corpus.text.normalisation import normalise_texts  # noqa: E402


def report(cases: list[dict[str, str | None]]) -> None:
    """Print what was found, by kind and in all."""
    found, there, false, wrong = Counter[str](), Counter[str](), 0, []
    for case in cases:
        text, kind = str(case["text"]), case["kind"]
        dropped = normalise_texts([text]).dropped.get(0) == "personal_data"
        there[kind or "none"] += 1
        found[kind or "none"] += dropped
        if dropped != (kind is not None):
            wrong.append((kind, text))
    false = found.pop("none", 0)
    n_none = there.pop("none", 0)
    for kind, n in there.items():
        print(f"{kind:<16}{found[kind]:>5} of {n:>4} found")
    print(f"{'none of these':<16}{false:>5} of {n_none:>4} taken for one")
    print(f"recall {found.total() / there.total():.4f}")
    print(f"precision {found.total() / max(1, found.total() + false):.4f}")
    for kind, text in wrong:
        print(f"  wrong: {kind}: {text}")


def cost(repeats: int = 7) -> None:
    lines = [
        line[3:].translate(str.maketrans("[]{}|", "     "))
        for path in sorted((ROOT / "corpus" / "sample" / "text").glob("*.txt"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if line[1:3] == ": "
    ]
    texts = (lines * 40)[:40_000]
    seconds: dict[str, list[float]] = {"drop": [], "keep": []}
    for _ in range(repeats):
        for personal, times in seconds.items():
            began = process_time()
            normalise_texts(texts, personal=personal)
            times.append(process_time() - began)
    drop, keep = (statistics.median(seconds[name]) for name in ("drop", "keep"))
    n = len(texts) / 1e6
    print(f"{(drop - keep) / n:.2f} µs an utterance, {drop / keep - 1:.0%} of all text rules")


def main() -> None:
    path = Path(sys.argv[1]) if sys.argv[1:] else ROOT / "tests" / "cases" / "personal_data.json"
    report(json.loads(path.read_text("utf-8")))
    cost()


if __name__ == "__main__":
    main()
