"""What 100 million dialogues and 10,000 workers ask of the machine that plans and commits.

    python tests/benchmarks/cluster_simulation.py

Nothing of that size is built. Each piece is measured here at a size that takes seconds (plans and
receipts, real parts of invented dialogues) and scaled in proportion. Prints the table of README.
Seconds are CPU seconds of one core. What a commit decides, and the memory of that, is measured by
commit_memory.py.
"""

import pickle
import random
import time
import tracemalloc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from corpus.building.decide import SHARD_ROWS
from corpus.building.plan import make_plan
from corpus.building.shared_plan import parse_share, read_plan, write_plan
from corpus.building.shares import build_share, commit_shares
from corpus.counts import merge_counts
from corpus.output.result import read_results
from corpus.reading.documents import Found
from corpus.records import Document, Member, Segment
from corpus.sample.write import write_sample

DIALOGUES = 100_000_000
WORKERS = 10_000
IN_FLIGHT = 2 * WORKERS
DIALOGUE_BYTES = 2_600  # of raw JSON, as in AIHub 117 and 114
DOCUMENT_BYTES = 300 << 20
MEMBER_BYTES = 4_000  # of a document of 543, which is one dialogue
MEASURED = 200_000  # members, when the plan is made of them
# Dialogues that are built: the first ones for what is imported on first use, and what the last ones
# take more than the second is scaled.
SAMPLES = (100, 2_000, 20_000)


def main() -> None:
    """Measure, scale and print."""
    rows: list[tuple[str, str, str]] = []
    big, small = big_documents(), small_documents()
    plans = [plan_of(big, 1), plan_of(small, DIALOGUES / MEASURED)]
    rows += [(name, plans[0][name], plans[1][name]) for name in plans[0]]
    built = built_parts()
    n_items = [len(make_plan(big)), round(len(make_plan(small)) * DIALOGUES / MEASURED)]
    rows += [(name, *(show(n) for n in n_items)) for name, show in built.items()]
    print("| of one machine | in documents of 300 MB | in one file a dialogue |")
    print("|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")


def big_documents() -> list[Document]:
    """Return all documents of a raw/ in the shape of 117 and 114, one in each zip."""
    n = DIALOGUES * DIALOGUE_BYTES // DOCUMENT_BYTES
    return [document(f"한국어 SNS/Training/TL_{k:04}.zip", k, DOCUMENT_BYTES) for k in range(n)]


def small_documents() -> list[Document]:
    """Return `MEASURED` documents of a raw/ in the shape of 543, 20,000 in each zip."""
    folder = "020.주제별 텍스트 일상 대화 데이터/01.데이터/1.Training/라벨링데이터"
    return [
        document(f"{folder}/TL_01. KAKAO({k // 20_000}).zip", k, MEMBER_BYTES)
        for k in range(MEASURED)
    ]


def document(archive: str, number: int, size: int) -> Document:
    """Return a member of an archive as it is found."""
    container = archive_of(archive)
    member = Member(number * 1_000, size // 7, deflated=True, crc=number * 2_654_435_761 % 2**32)
    return Document(
        f"{archive}!KAKAO_{number:06}_{number % 20:02}.json", container, member, size, "train"
    )


@cache
def archive_of(path: str) -> tuple[Segment, ...]:
    """Return the file that an archive is, the same one for all of its members."""
    return (Segment(path, 0, 1 << 30),)


def plan_of(documents: list[Document], factor: float) -> dict[str, str]:
    """Return what a plan costs, `factor` times the one that is made here."""
    tracemalloc.start()
    copies = pickle.loads(
        pickle.dumps(documents)
    )  # as finding makes them: nothing shared but archives
    items = make_plan(copies)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    found = Found(documents, [], [], {})
    with TemporaryDirectory() as folder:
        work = Path(folder)
        seconds_made = cpu_seconds(lambda: write_plan(work, {}, work, found))
        n_bytes = (work / "plan.jsonl.gz").stat().st_size
        shard = parse_share(f"{WORKERS // 2}/{WORKERS}")
        seconds_read = cpu_seconds(lambda: read_plan(work).items_of(shard))
    task = max(
        len(pickle.dumps(item)) for item in random.Random(0).sample(items, min(50, len(items)))
    )
    return {
        "items": f"{len(items) * factor:,.0f}",
        "plan in the memory of the driver": size(held * factor),
        "plan made and written": seconds(seconds_made * factor),
        "its file, which each shard reads": size(n_bytes * factor),
        "to find one's items in it": seconds(seconds_read * factor),
        f"{IN_FLIGHT:,} Ray tasks in flight": size(min(IN_FLIGHT, len(items) * factor) * task),
    }


def built_parts() -> dict[str, Callable[[int], str]]:
    """Return what parts cost in proportion to items, and to dialogues, from two real builds."""
    _, few, many = (built_and_committed(n) for n in SAMPLES)

    def scaled(what: str) -> float:
        """Return it for all dialogues, by what the second build took more than the first."""
        return (many[what] - few[what]) / (many["read"] - few["read"]) * DIALOGUES

    return {
        "built by all workers together": lambda _: seconds(scaled("building")),
        "objects: parts and receipts": lambda n_items: f"{5 * n_items:,}",
        "objects: the corpus": lambda _: f"{scaled('rows') / SHARD_ROWS:,.0f}",
        "bytes of all parts": lambda _: size(scaled("part_bytes")),
        "bytes of the corpus, on its disk": lambda _: size(scaled("corpus_bytes")),
        "commit: receipts read and added up": lambda n_items: seconds(many["receipt"] * n_items),
        "commit: all of it, by all workers together": lambda _: seconds(scaled("committing")),
    }


def built_and_committed(dialogues: int) -> dict[str, float]:
    """Return what the build of so many invented dialogues took."""
    spent: dict[str, float] = {}
    with TemporaryDirectory() as folder:
        raw, out = Path(folder, "raw"), Path(folder, "out")
        write_sample(raw, dialogues=dialogues, seed=0)
        spent["building"] = cpu_seconds(lambda: build_share(raw, out, "1/1", tokenizer="builtin"))
        [results] = out.glob(".work/*/parts")
        n_results = len(list(results.glob("*.keys")))
        spent["part_bytes"] = sum(path.stat().st_size for path in results.iterdir())
        many = [k % n_results for k in range(1_000)]
        spent["receipt"] = cpu_seconds(
            lambda: merge_counts(receipt or {} for _, receipt in read_results(results.parent, many))
        ) / len(many)
        manifest: dict[str, Any] = {}
        spent["committing"] = cpu_seconds(lambda: manifest.update(commit_shares(out)))
    return spent | {
        "read": manifest["dialogues"]["read"],
        "rows": sum(manifest["rows"].values()),
        "corpus_bytes": sum(shard["bytes"] for shard in manifest["shards"]),
    }


def cpu_seconds(act: Callable[[], object]) -> float:
    """Return how long this process works at `act`."""
    started = time.process_time()
    act()
    return time.process_time() - started


def size(n: float) -> str:
    """Return bytes as people read them."""
    for unit in ("B", "kB", "MB", "GB"):
        if n < 1000:
            return f"{n:,.0f} {unit}" if n >= 10 else f"{n:.1f} {unit}"
        n /= 1000
    return f"{n:,.1f} TB"


def seconds(n: float) -> str:
    """Return a duration as people read it."""
    if n < 120:
        return f"{n:,.0f} s" if n >= 10 else f"{n:.1f} s"
    return f"{n / 60:,.0f} min" if n < 7200 else f"{n / 3600:,.1f} h"


if __name__ == "__main__":
    main()
