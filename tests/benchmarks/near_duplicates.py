"""How well and how fast `--dedup near` finds near-duplicates, on chats that are made for it.

    python tests/benchmarks/near_duplicates.py --dialogues 20000 --repeats 3

A chat is a random row of messages: from the scripts of the sample (`corpus/sample/text/`), from a
list of common phrases (알겠습니다, ㅋㅋ), and of invented words. One in ten is followed by a copy,
5 % of its words changed, under another id. All of them go through a whole build, and the ledger is
held to what was made: a copy that went for its original is found; anything else that went, or went
for another, is false.

Then the search alone is timed, by CPU time: signatures as the items make them, candidates and
similarities as the commit does, over dialogues that are rows. If `rensa` is installed, its MinHash
of as many values makes the signatures of the same texts in turns with ours.
"""

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import corpus  # noqa: E402
from corpus.building.near_steps import search  # noqa: E402
from corpus.dedup.keys import KEY  # noqa: E402
from corpus.dedup.near import BANDS, HASHES, Texts, bands_of, near_bytes  # noqa: E402
from corpus.output.ledger import read_ledger  # noqa: E402

PHRASES = [
    "네 알겠습니다",
    "ㅋㅋㅋㅋ",
    "응",
    "ㅇㅇ",
    "네네",
    "감사합니다",
    "아 진짜?",
    "오키",
    "ㅠㅠ",
    "그래",
]
SYLLABLES = "가나다라마바사아자차하고노도로모보소오조구누두루무부수우주기니디리미비시이지강산전진"
CHANGED = 0.05
ITEM = 3_000  # dialogues that are signed at once, as in an item


def sentences() -> list[str]:
    """Return the messages of the sample's scripts, each in its first wording."""
    found = []
    for path in sorted((ROOT / "corpus" / "sample" / "text").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match("[A-Z]: ", line):
                text = re.sub(r"\[([^\[\]|]*)(?:\|[^\[\]]*)?\]|\{[^}]*\}", r"\1", line[3:])
                found.append(text.split("|")[0].strip())
    return [text for text in found if text]


def word(draw: random.Random) -> str:
    return "".join(draw.choice(SYLLABLES) for _ in range(draw.choice((2, 3, 3, 4))))


def chat(draw: random.Random, pool: list[str]) -> list[tuple[str, str]]:
    """Return an even number of turns, so that the chat is a row."""
    n_turns = 2 * min(20, max(2, round(draw.lognormvariate(1.5, 0.4))))
    said = []
    for k in range(n_turns):
        if draw.random() < 0.25:
            text = draw.choice(PHRASES)
        else:
            words = draw.choice(pool).split()
            text = " ".join(word(draw) if draw.random() < 0.15 else one for one in words)
        said.append(("AB"[k % 2], text))
    return said


def copied(draw: random.Random, said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [
        (who, " ".join(word(draw) if draw.random() < CHANGED else one for one in text.split()))
        for who, text in said
    ]


def entry(name: str, said: list[tuple[str, str]]) -> dict[str, Any]:
    lines = [{"participantID": who, "utterance": text} for who, text in said]
    return {"header": {"dialogueInfo": {"dialogueID": name}}, "body": {"dialogue": lines}}


def write_raw(raw: Path, n: int, seed: int) -> set[str]:
    """Write `n` chats, a tenth of them in Validation, and return the ids of the copies, `c...`."""
    draw, pool = random.Random(seed), sentences()
    entries: list[dict[str, Any]] = []
    copies = set()
    while len(entries) < n:
        number, said = len(entries), chat(draw, pool)
        entries.append(entry(f"d{number}", said))
        if number % 10 == 0:
            other = copied(draw, said)
            if other != said:
                copies.add(f"c{number}")
                entries.append(entry(f"c{number}", other))
    draw.shuffle(entries)
    for split, chosen in (("Training", entries[n // 10 :]), ("Validation", entries[: n // 10])):
        (raw / split).mkdir(parents=True)
        (raw / split / "chats.json").write_text(json.dumps({"data": chosen}, ensure_ascii=False))
    return copies


def report_quality(processed: Path, copies: set[str]) -> None:
    """Print what was found. Of a copy and its original the one that comes first in order stays."""
    found, false, clusters = set(), [], Counter[str]()
    for line in read_ledger(processed):
        if line["reason"].startswith("near"):
            first = line["detail"].split()[3]
            clusters[first] += 1
            pair = {line["dialogue_id"], first}
            number = line["dialogue_id"][1:]
            if pair == {f"c{number}", f"d{number}"}:
                found.add(f"c{number}")
            else:
                false.append((line["dialogue_id"], line["detail"]))
    n_near = len(found) + len(false)
    print(f"copies with {CHANGED:.0%} of their words changed: {len(copies):,}")
    print(f"found      {len(found):>7,}  recall     {len(found) / len(copies):.4f}")
    print(f"false      {len(false):>7,}  precision  {len(found) / max(1, n_near):.4f}")
    print(f"largest cluster {max(clusters.values(), default=0) + 1}")
    for name, detail in false[:3]:
        print(f"  false: {name} {detail}")


class Here:
    """Does the steps of a search in this process."""

    def made(self, steps: Sequence[Callable[[], Any]]) -> list[Any]:
        return [step() for step in steps]


def timed(action: Callable[[], object]) -> float:
    began = process_time()
    action()
    return process_time() - began


def report_speed(texts: list[str], repeats: int, folder: Path) -> None:
    paths = [folder / str(k) for k in range(-(-len(texts) // ITEM))]
    keys = np.zeros(len(texts), KEY)
    keys["id"] = keys["text"] = np.arange(len(texts))
    keys["rows"] = 1

    def sign() -> None:
        for k, path in enumerate(paths):
            rows = [Texts(text, text) for text in texts[k * ITEM : (k + 1) * ITEM]]
            path.write_bytes(near_bytes(rows))

    def candidates() -> None:
        with tempfile.TemporaryDirectory(dir=folder) as aside:
            parts = [(path, min(ITEM, len(texts) - k * ITEM)) for k, path in enumerate(paths)]
            search(Path(aside), parts, keys, np.zeros(len(keys), np.bool_), Here())

    peers: dict[str, Callable[[], object]] = {
        "signatures, written": sign,
        "candidates and similarities": candidates,
        "signatures alone": lambda: bands_of(texts),
    }
    try:
        from rensa import RMinHash  # type: ignore[import-not-found]
    except ImportError:
        print("rensa is not installed: not compared")
    else:

        def by_rensa() -> None:
            for text in texts:
                minhash = RMinHash(num_perm=BANDS * HASHES, seed=42)
                minhash.update([text[k : k + 3] for k in range(len(text) - 2)])
                minhash.digest()

        peers["signatures by rensa.RMinHash"] = by_rensa
    seconds: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(repeats):
        for name, action in peers.items():
            seconds[name].append(timed(action))
    n = len(texts)
    print(f"\n{n:,} rows of {sum(map(len, texts)) / n:.0f} characters; medians of {repeats}")
    for name, times in seconds.items():
        print(f"{name:<30}{n / statistics.median(times):>10,.0f} dialogues per CPU-second")
    whole = statistics.median(a + b for a, b in zip(*list(seconds.values())[:2], strict=True))
    print(f"{'--dedup near, all in all':<30}{n / whole:>10,.0f} dialogues per CPU-second")


OPENING = "오늘 점심에 뭐 먹을지 같이 골라 보자 나는 국밥이 좋은데 너는 어때"


def report_openings(n: int, folder: Path, seed: int) -> None:
    """Search `n` dialogues that share an opening and are not near: the most pairs there can be."""
    draw = random.Random(seed)
    texts = [f"{OPENING}{letters(draw, 14)}\n응 {letters(draw, 8)}" for _ in range(n)]
    keys = np.zeros(n, KEY)
    keys["id"] = keys["text"] = np.arange(n)
    keys["rows"] = 1
    path = folder / "openings"
    path.write_bytes(near_bytes([Texts(text, text) for text in texts]))
    with tempfile.TemporaryDirectory(dir=folder) as aside:
        seconds = timed(
            lambda: search(Path(aside), [(path, n)], keys, np.zeros(n, np.bool_), Here())
        )
    print(f"{n:,} dialogues with one opening: {seconds:.1f} CPU-seconds")


def letters(draw: random.Random, n: int) -> str:
    return "".join(chr(draw.randrange(0xAC00, 0xD7A4)) for _ in range(n))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dialogues", type=int, default=20_000)
    parser.add_argument("--openings", type=int, default=2_500)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw, processed = Path(folder) / "raw", Path(folder) / "processed"
        copies = write_raw(raw, args.dialogues, args.seed)
        corpus.build(raw, processed, tokenizer="builtin", dedup="near")
        report_quality(processed, copies)
        corpus.build(raw, processed, tokenizer="builtin", fresh=True)
        rows = corpus.load(processed)["messages"]
        texts = ["\n".join(message["content"] for message in row) for row in rows]
        report_speed(texts, args.repeats, Path(folder))
        report_openings(args.openings, Path(folder), args.seed)


if __name__ == "__main__":
    main()
