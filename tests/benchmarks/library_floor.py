"""What the libraries alone take for what a build does with them: below that no build can be.

    python tests/benchmarks/library_floor.py --tokenizer tokenizer.json --dialogues 20000

Builds a tree with one worker, as the command line does it. Then each library does its part of that
once more, with all data at hand and nothing around it: the interpreter starts and imports them,
zlib unpacks the documents of raw/, msgspec parses them, regex searches all utterances for each text
rule, numpy merges the tokens of the rows, hashlib and zlib make the ledger, pyarrow writes the
shards. CPU-seconds, the least of --repeats.
"""

import argparse
import gzip
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from hashlib import file_digest, sha256
from pathlib import Path

import msgspec
import orjson
import pyarrow.parquet as pq
import regex
from tokenizers import Tokenizer

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from corpus.output.ledger import GZIP_LEVEL, read_ledger  # noqa: E402
from corpus.reading.decode import sniff  # noqa: E402
from corpus.reading.documents import find_documents, open_document  # noqa: E402
from corpus.reading.sources import source_of, summary, task, topic  # noqa: E402
from corpus.sample.write import write_sample  # noqa: E402
from corpus.text.identifiers import TRIGGERS  # noqa: E402
from corpus.text.rule import join  # noqa: E402
from corpus.text.writing import WRITING_RULES  # noqa: E402
from corpus.tokens.encoder import Encoder  # noqa: E402

IMPORTS = "numpy, pyarrow.compute, pyarrow.parquet, tokenizers, msgspec, orjson, regex, tqdm"
DECODERS = {
    "topic": msgspec.json.Decoder(topic.TopicDocument),
    "task": msgspec.json.Decoder(task.TaskDocument),
    "summary": msgspec.json.Decoder(summary.SummaryDocument),
    "sns": msgspec.json.Decoder(summary.SnsDocument),
}


def cpu_seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def of_process(*command: object) -> float:
    before = cpu_seconds(resource.RUSAGE_CHILDREN)
    # Python keeps compiled modules, as it does for users.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(
        [sys.executable, *map(str, command)],
        check=True,
        cwd=ROOT,
        env=environment,
        capture_output=True,
    )
    return cpu_seconds(resource.RUSAGE_CHILDREN) - before


def of_call(call: Callable[[], object]) -> float:
    before = cpu_seconds(resource.RUSAGE_SELF)
    call()
    return cpu_seconds(resource.RUSAGE_SELF) - before


def utterances(document: object) -> list[str]:
    if isinstance(document, (topic.TopicDocument, task.TaskDocument)):
        return [line.text for line in document.info[0].annotations.lines]
    return [
        line.text
        for entry in document.data
        for line in (entry.body if isinstance(entry.body, list) else entry.body.dialogue)
    ]


def parts_of(raw: Path, processed: Path, tokenizer: bytes, scratch: Path) -> dict[str, Callable]:
    """Return what each library has to do."""
    found = find_documents(raw, sniff=sniff)
    streams = [(open_document(raw, one), one.size) for one in found.documents]
    contents = [(stream.seek(0), stream.read(size + 1))[1] for stream, size in streams]
    sourced = [(source_of(content[: 1 << 16]), content) for content in contents]
    readable = [(DECODERS[source].decode, content) for source, content in sourced if source]
    texts = [text for decode, content in readable for text in utterances(decode(content))]
    batch = join(texts)
    rules = [regex.compile(one.pattern, regex.MULTILINE) for one in WRITING_RULES]
    triggers = [regex.compile(one, regex.MULTILINE) for one in TRIGGERS]
    encoder = Encoder(tokenizer)
    shards = [pq.read_table(path) for path in sorted(processed.glob("*/*.parquet"))]
    conversations = [text for table in shards for text in table["conversation"].to_pylist()]
    turns = [
        turn["content"]
        for table in shards
        for messages in table["messages"].to_pylist()
        for turn in messages
    ]
    lines = list(read_ledger(processed))
    raws = [line["raw"].encode() for line in lines if "raw" in line]

    def unpack() -> None:
        for document in found.documents:
            stream = open_document(raw, document)
            stream.seek(0)
            while stream.read(1 << 21):
                pass

    def search() -> None:
        for rule in rules:
            rule.sub("", batch)
        for trigger in triggers:
            for _ in trigger.finditer(batch):
                pass

    def hash_all() -> None:
        for text in raws + [one.encode() for one in conversations]:
            sha256(text).digest()
        for path in [*raw.rglob("*"), *processed.rglob("*")]:
            if path.is_file():
                with path.open("rb") as file:
                    file_digest(file, "sha256")

    def pack() -> None:
        for start in range(0, len(lines), 500):
            some = lines[start : start + 500]
            gzip.compress(b"\n".join(map(orjson.dumps, some)), GZIP_LEVEL)

    def write() -> None:
        for table in shards:
            pq.write_table(
                table,
                scratch / "shard",
                compression="zstd",
                row_group_size=10_000,
                write_page_index=True,
                use_content_defined_chunking=True,
            )

    return {
        "unpack: zlib": unpack,
        "parse: msgspec": lambda: [decode(content) for decode, content in readable],
        "search for what text rules change: regex": search,
        "load the tokenizer: tokenizers": lambda: Tokenizer.from_buffer(tokenizer),
        "tokens of the rows: numpy": lambda: encoder.encode_flat(turns),
        "hash files, texts and raw JSON: hashlib": hash_all,
        "write and pack the ledger: orjson, zlib": pack,
        "write the shards: pyarrow": write,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokenizer", default=os.environ.get("KOGPT2_TOKENIZER"))
    parser.add_argument("--dialogues", type=int, default=20_000)
    parser.add_argument("--raw", type=Path, help="a tree to build instead of a generated one")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    if not options.tokenizer:
        parser.error("--tokenizer or $KOGPT2_TOKENIZER: the tokenizer.json of KoGPT2")
    tokenizer = Path(options.tokenizer).resolve()
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        raw = options.raw.resolve() if options.raw else scratch / "raw"
        if not options.raw:
            write_sample(raw, dialogues=options.dialogues)
        builds, starts = [], []
        for number in range(options.repeats):
            told = ("-m", "corpus", "build", raw, scratch / str(number), "--tokenizer", tokenizer)
            builds.append(of_process(*told, "--workers", 1))
            starts.append(of_process("-c", f"import {IMPORTS}"))
        calls = parts_of(raw, scratch / "0", tokenizer.read_bytes(), scratch)
        spent = {"start and import: Python, all of them": min(starts)} | {
            name: min(of_call(call) for _ in range(options.repeats)) for name, call in calls.items()
        }
    floor, build = sum(spent.values()), min(builds)
    print("| | CPU-seconds | of the build |\n|---|---|---|")
    for name, seconds in spent.items():
        print(f"| {name} | {seconds:.2f} | {seconds / build:.0%} |")
    print(f"| all libraries | {floor:.2f} | {floor / build:.0%} |\n| the build | {build:.2f} | |")


if __name__ == "__main__":
    main()
