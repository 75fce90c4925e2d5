"""Mutated documents and archives, for as long as you like: what a build must never do with them.

    python tests/fuzz.py --minutes 10            # ends at the first broken law, with its case
    python tests/fuzz.py --case 1234             # that case again

A case is a pure function of --seed and its number. Every second one is a document that is decoded
alone, the others are a folder of raw files that is built. The laws:

- nothing is ever raised, where one file is intact;
- every entry and every file that was not touched is there, byte for byte;
- byte ranges of a document give what the whole document gives, whatever the chunk that is read;
- the bytes of a document are all accounted for, and `verify` finds nothing wrong with the corpus;
- a second build, of other items, gives the same rows and the same lines in the ledger.
"""

import argparse
import io
import json
import os
import random
import sys
import tarfile
import tempfile
import time
import zipfile
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import pyarrow.parquet as pq  # noqa: E402
from raw_trees import summary_entry, topic_document  # noqa: E402

from corpus.building import plan, run, tokenizer  # noqa: E402
from corpus.output import manifest  # noqa: E402
from corpus.output.ledger import read_ledger  # noqa: E402
from corpus.reading import decode, entries, framing, scraps, unreadable  # noqa: E402
from corpus.reading.decode import decode_document  # noqa: E402
from corpus.reading.scraps import MOST_SCRAPS  # noqa: E402
from corpus.reading.utf8 import Utf8  # noqa: E402
from corpus.records import Document  # noqa: E402
from corpus.verify import checks  # noqa: E402
from corpus.verify.checks import verify  # noqa: E402

TEXTS = (
    "안녕",
    "#@이름#이랑 밥 먹어 ㅋㅋㅋㅋ",
    "(웃음) 그래..",
    "** 씨 \\n \\t 와?!",
    "#@시스템#사진#",
    '{"header": 1}, {"body": [',
    "응",
    "나는 3000원 있어",
    "ㅇㅇ",
    "#@이모티콘#심각##@이모티콘#",
)
WEIRD = (
    "(반사회적용어)".encode(),
    b'"',
    b"'",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\\",
    b"\x00",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xec\x95",
    b"\\ud800",
    b"\\ude00\\ud83d",
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"null",
    b"9" * 5000,
    b"[" * 3000,
    b'{"a":' * 3000,
    b'{"header":',
    b'{"body": {"dialogue": [',
    b"}}, ",
    b"]}",
    b'"data": [',
    b'"numberOfItems": 7',
    b'"utterance": "x", ',
    b"\n",
    b"\r\n",
    b"\t",
    "\ue000".encode(),
    "가".encode("cp949"),
    "안녕".encode("utf-16"),
    b"<usr></s>",
    b"PK\x03\x04",
    b" " * 3000,
    b"#@",
    b"**",
)


def mutated(draw, content):
    """The bytes with something done to them, a few times; never nothing."""
    changed = content
    while changed == content:
        for _ in range(draw.choice((1, 1, 1, 2, 4))):
            changed = _mutated_once(draw, changed)
    return changed


def _mutated_once(draw, content):
    at = draw.randint(0, len(content))
    to = min(len(content), at + draw.choice((1, 1, 2, 8, 100, len(content))))
    match draw.randrange(6):
        case 0:
            return content[:at] + bytes([draw.randrange(256)]) + content[at + 1 :]
        case 1:
            return content[:at] + content[to:]
        case 2:
            return content[:to] + content[at:]
        case 3:
            return content[:at] + draw.choice(WEIRD) + content[at:]
        case 4:
            return content[:at] + draw.choice(WEIRD) + content[to:]
    quotes = [k for k, byte in enumerate(content) if byte in b'"{}[]:,']
    where = draw.choice(quotes) if quotes else at
    return content[:where] + draw.choice((b"", b"", *WEIRD)) + content[where + 1 :]


def drawn_entry(draw, name, source):
    """The JSON of an entry of `summary` or `sns`."""
    lines = [(draw.choice("12"), draw.choice(TEXTS)) for _ in range(draw.randint(1, 6))]
    entry = summary_entry(name, *lines)
    if source == "sns":
        entry["body"] = entry["body"]["dialogue"]
    indent = draw.choice((None, None, 2))
    return json.dumps(entry, ensure_ascii=draw.random() < 0.1, indent=indent).encode()


def drawn_document(draw, prefix):
    """The parts of a document, each with whether it is an entry."""
    source = draw.choice(("summary", "sns"))
    whole = [drawn_entry(draw, f"{prefix}{k}", source) for k in range(draw.randint(1, 7))]
    number = b'"numberOfItems": %d' % len(whole)
    opening, closing = draw.choice(
        (
            (b"{" + number + b', "data": [', b"]}"),
            (b'{"data": [', b"], " + number + b"}"),
            (b"[", b"]"),
        )
    )
    parts = [(draw.choice((b"", b"\xef\xbb\xbf")) + opening, False)]
    for k, entry in enumerate(whole):
        parts += [(draw.choice((b", ", b",\n  ")), False)] if k else []
        parts.append((entry, True))
    return source, [*parts, (closing, False)]


@contextmanager
def patched(**values):
    """Other limits than those that make each case a slow one."""
    modules = (framing, entries, decode, scraps, unreadable)
    before = {(m, name): getattr(m, name) for name in values for m in modules if hasattr(m, name)}
    try:
        for module, name in before:
            setattr(module, name, values[name])
        yield
    finally:
        for (module, name), value in before.items():
            setattr(module, name, value)


def decoded(content, ranges, **limits):
    """What a document gives in these ranges: its dialogues, its rejected, its bytes."""
    document = Document("a.json", (), None, len(content), None)
    with patched(**limits):
        runs = [
            one
            for start, end in ranges
            for one in decode_document(io.BytesIO(content), document, start=start, end=end)
        ]
    return (
        [one for run_ in runs for one in run_.dialogues],
        [one for run_ in runs for one in run_.rejected],
        sum(run_.n_bytes for run_ in runs),
    )


def document_case(draw):
    """One document; of its parts one or two are mutated, or its end is cut off."""
    source, parts = drawn_document(draw, "K")
    touched = set(draw.sample(range(len(parts)), min(len(parts), draw.choice((0, 1, 1, 1, 2)))))
    contents = [
        mutated(draw, content) if k in touched else content for k, (content, _) in enumerate(parts)
    ]
    content = b"".join(contents)
    if draw.random() < 0.1:
        content = content[: draw.randint(1, len(content))]
    spans, at = {}, 0
    for k, one in enumerate(contents):
        if parts[k][1] and k not in touched and at + len(one) <= len(content):
            spans[at] = one
        at += len(one)
    limits = draw.choice(({}, {"ENTRY_BYTES": 8_000, "RAW_BYTES": 900}))
    limits = limits | draw.choice(({}, {"ONE_RANGE_BYTES": 0}))
    cuts = sorted(draw.sample(range(1, len(content)), min(3, len(content) - 1)))
    ranges = [*zip([0, *cuts], cuts, strict=False), (cuts[-1] if cuts else 0, None)]
    whole = decoded(content, [(0, None)], **limits)
    in_pieces = decoded(content, ranges, CHUNK=draw.choice((64, 700, 9_000)), **limits)
    dialogues, _, n_bytes = whole
    by_offset = {one.raw_offset: one.raw for one in dialogues}
    lost = [spans[at] for at in spans if by_offset.get(at) != spans[at]]
    if len(spans) > 1:  # of a single entry that is left nothing may tell what it was
        assert not lost, f"lost {lost[0][:80]!r} of {source}"
    assert in_pieces[0] == dialogues, "ranges give other dialogues"
    told = [each[1] for each in (whole, in_pieces)]
    if max(sum(one.n for one in each) for each in told) < MOST_SCRAPS:  # of a range, not of all
        told = [sorted((one.raw_offset, one.reason, one.raw) for one in each) for each in told]
    else:
        told = [sum(one.n for one in each) for each in told]
    assert told[0] == told[1], "ranges give other rejects"
    as_utf8 = Utf8(io.BytesIO(content))
    length = len(as_utf8.head)
    while block := as_utf8.read(1 << 20):
        length += len(block)
    assert in_pieces[2] == n_bytes in (length, len(content)), "bytes are not accounted for"


def drawn_files(draw, prefix):
    """A file of one of the kinds that raw/ may hold, and the ids in it."""
    ids = [f"{prefix}{k}" for k in range(draw.randint(1, 4))]
    members = {}
    for k, name in enumerate(ids):
        source = draw.choice(("topic", "summary", "sns"))
        if source == "topic":
            content = topic_document(name, ("1", f"{name} 안녕"), ("2", draw.choice(TEXTS)))
        else:
            entry = summary_entry(name, ("1", f"{name} 안녕"), ("2", "그래"))
            entry["body"] = entry["body"] if source == "summary" else entry["body"]["dialogue"]
            content = json.dumps({"data": [entry]}, ensure_ascii=False).encode()
            content = content.decode().encode(draw.choice(("utf-8", "utf-8", "cp949", "utf-16")))
        folder = draw.choice(("", "", "../", "/", f"{k}/"))
        members[f"{folder}{name}.json"] = content
    kind = draw.choice(("zip", "zip", "stored", "tar", "loose", "parts", "tar of zip"))
    archive = io.BytesIO()
    if kind in ("zip", "stored", "parts", "tar of zip"):
        method = zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(archive, "w", method) as file:
            for name, content in members.items():
                file.writestr(name, content)
    if kind == "tar of zip":
        members, archive = {f"{prefix}.zip": archive.getvalue()}, io.BytesIO()
    if kind in ("tar", "tar of zip"):
        with tarfile.open(fileobj=archive, mode="w", format=draw.choice((0, 1, 2))) as file:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
    content = archive.getvalue()
    if kind == "loose":
        return {name.rpartition("/")[2]: one for name, one in members.items()}, set(ids)
    if kind == "parts":
        cut = draw.randint(1, len(content) - 1)
        return {
            f"{prefix}.zip.part0": content[:cut],
            f"{prefix}.zip.part{cut}": content[cut:],
        }, set(ids)
    return {f"{prefix}.{kind.rpartition(' ')[2].replace('stored', 'zip')}": content}, set(ids)


def built(raw, processed, item_bytes):
    """Build and verify; return what a build says, whatever its items were, and the ids it knows."""
    real, plan.ITEM_BYTES = plan.ITEM_BYTES, item_bytes
    try:
        manifest = run.build(raw, processed, tokenizer="builtin")
    finally:
        plan.ITEM_BYTES = real
    findings = verify(processed)
    assert not findings.exit_code, list(findings.lines())
    ledger = list(read_ledger(processed))
    ids = {line["dialogue_id"] for line in ledger if line["stage"] != "decode"}
    for shard in manifest["shards"]:
        rows = pq.read_table(processed / shard["path"], columns=["dialogue_id"])
        ids |= set(rows["dialogue_id"].to_pylist())
    said = [manifest[name] for name in ("dialogues", "broken", "rules", "tags", "quirks")]
    said += [shard["content_sha256"] for shard in manifest["shards"]]
    return [*said, sorted(json.dumps(line) for line in ledger)], ids


def folder_case(draw):
    """A folder of which one file is mutated."""
    files, expected = {}, set()
    for prefix in "ABC"[: draw.randint(1, 3)]:
        several, ids = drawn_files(draw, prefix)
        files |= several
        expected |= ids
    broken, ids = drawn_files(draw, "X")
    name = draw.choice(sorted(broken))
    broken[name] = mutated(draw, broken[name])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "raw").mkdir()
        for path, content in (files | broken).items():
            (folder / "raw" / path).write_bytes(content)
        one, ids = built(folder / "raw", folder / "one", draw.choice((1, 300)))
        two, _ = built(folder / "raw", folder / "two", 4_000)
        assert {path.name for path in folder.iterdir()} == {"raw", "one", "two"}
    assert one == two, "other items give another corpus"
    assert expected <= ids, f"lost {sorted(expected - ids)}"


def run_case(seed, number):
    draw = random.Random(f"{seed}/{number}")
    (document_case if number % 2 else folder_case)(draw)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--case", type=int, help="run this case alone")
    args = parser.parse_args()
    tokenizer.Encoder = lru_cache(tokenizer.Encoder)
    manifest.version = lru_cache(manifest.version)
    os.fsync = lambda _: None  # nobody pulls the plug
    checks.Encoder = tokenizer.Encoder
    if args.case is not None:
        run_case(args.seed, args.case)
        return
    end, number = time.monotonic() + 60 * args.minutes, 0
    while time.monotonic() < end:
        try:
            run_case(args.seed, number)
        except BaseException:
            print(f"case {number} (seed {args.seed}) breaks a law:", file=sys.stderr)
            raise
        number += 1
    print(f"{number:,} cases in {args.minutes:g} minutes, no law broken (seed {args.seed}).")


if __name__ == "__main__":
    main()
