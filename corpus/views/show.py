"""The terminal's view of a corpus: dialogues as people read them, and why one is not there."""

import zlib
from base64 import b64decode
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from corpus.output.ledger import read_ledger, read_utterances
from corpus.processed import read_manifest
from corpus.reading.sources import EntryError, read_entry
from corpus.records import REPORT, TOKENIZER, CorpusError, Dialogue, Document
from corpus.remote import Folder, local_file
from corpus.report.numbers import glance_lines
from corpus.tokens.encoder import Encoder
from corpus.views.explain import explain_lines, read_dialogue

FIRST = 3  # utterances are shown of a rejected dialogue in a list
EXCERPT = 300  # characters of what cannot be read


def unless_damaged(processed: Folder, lines: Iterable[str]) -> Iterator[str]:
    """Yield `lines`, and tell in one sentence where what they are read from is damaged.

    Raises:
        CorpusError: a shard or the ledger is missing or cannot be read.
    """
    try:
        yield from lines
    except (OSError, EOFError, zlib.error, pa.ArrowException) as error:
        raise CorpusError(
            f"{processed} cannot be shown ({error}): `python -m corpus verify {processed}` says "
            "what is wrong with it."
        ) from error


def sample_lines(processed: Folder, *, n: int) -> Iterator[str]:
    """Yield `n` dialogues, evenly spaced over the corpus."""
    manifest = read_manifest(processed)
    total = sum(manifest["rows"].values())
    for place in range(min(n, total)):
        yield from row_lines(_row(processed, manifest, (2 * place + 1) * total // (2 * n)))
        yield ""
    yield from glance_lines(manifest)
    yield f"{total:,} rows in {processed}; --id shows one dialogue, --reason what was left out."
    yield f"Pictures of all of it: {processed / REPORT}"


def dialogue_lines(processed: Folder, dialogue_id: str, *, raw: Folder | None) -> Iterator[str]:
    """Yield the rows of a dialogue, and every place where it was rejected.

    With `raw`, the folder it was built from, what each step did to it follows.

    Raises:
        CorpusError: neither the shards nor the ledger know the id.
    """
    manifest = read_manifest(processed)
    found = False
    places: dict[tuple[str, int], None] = {}  # of what could be read
    for shard in manifest["shards"]:
        with local_file(processed / shard["path"]).open("rb") as file:
            rows = _rows_of(pq.ParquetFile(file), dialogue_id)
        for row in rows:
            places[row["raw_file"], row["raw_offset"]] = None
            yield from row_lines(row)
    for line in read_ledger(processed, containing=orjson.dumps(dialogue_id)):
        if line["dialogue_id"] == dialogue_id:
            found = True
            if line["stage"] != "decode":
                places[line["raw_file"], line["raw_offset"]] = None
            yield from rejected_line(line)
    if raw is not None:
        encoder = Encoder((processed / TOKENIZER).read_bytes())
        for raw_file, raw_offset in places:
            yield f"{raw_file} at {raw_offset:,}"
            dialogue = read_dialogue(raw, raw_file, raw_offset)
            yield from explain_lines(dialogue, encoder, manifest["options"])
    if not (found or places):
        raise CorpusError(f"no dialogue {dialogue_id!r} was read into {processed}.")


def rejected_lines(processed: Folder, *, reason: str, n: int) -> Iterator[str]:
    """Yield what was rejected or left out for a reason: how much, and `n` cases, evenly spaced.

    Raises:
        CorpusError: nothing was left out for this reason.
        EOFError: the ledger lacks some of it.
    """
    manifest = read_manifest(processed)
    rejected = Counter(manifest["reasons"]) | Counter(manifest["broken"])
    dropped = Counter(manifest["utterances"]["dropped"])
    if reason not in rejected | dropped:
        known = ", ".join(sorted(rejected | dropped)) or "none"
        raise CorpusError(f"nothing in {processed} was rejected as {reason!r}; reasons: {known}.")
    containing = orjson.dumps({"reason": reason})[1:-1]
    for total, what, read, lines_of in (
        (rejected[reason], "rejected as", read_ledger, partial(rejected_line, n_utterances=FIRST)),
        (dropped[reason], "utterances left out as", read_utterances, utterance_lines),
    ):
        if total:
            yield f"{total:,} {what} {reason}"
            lines = read(processed, containing=containing)
            for line in _spaced((one for one in lines if one["reason"] == reason), total, n):
                yield from lines_of(line)


def _spaced(lines: Iterator[dict[str, Any]], total: int, n: int) -> Iterator[dict[str, Any]]:
    """Yield `n` of all lines, evenly spaced.

    Raises:
        EOFError: there are not so many in all.
    """
    n = min(n, total)
    places = [(2 * k + 1) * total // (2 * n) for k in range(n)]
    found = 0
    for line in lines:
        before, found = found, found + int(line.get("n", 1))
        if bisect_left(places, before) < bisect_left(places, found):
            yield line
    if found < total:
        raise EOFError(f"its ledger has {found:,} of {total:,}")


def utterance_lines(line: dict[str, Any]) -> Iterator[str]:
    """Yield an utterance that was left out: of which dialogue, where, and what it says."""
    yield f"{line['dialogue_id']} · {line['source']} · utterance {line['place']:,}"
    yield f"  {line['raw_file']} at {line['raw_offset']:,}"
    yield f"    {line['raw']!r}"


def row_lines(row: dict[str, Any]) -> Iterator[str]:
    """Yield one row as people read it."""
    cut = f" ({row['n_turns_cut']} cut)" if row["n_turns_cut"] else ""
    part = f" part {row['part']}" if row["part"] else ""
    yield (
        f"{row['dialogue_id']}{part} · {row['source']} · {row['topic']} · {row['split']} · "
        f"{row['n_turns']} turns{cut} · {row['n_tokens']} tokens"
    )
    for message in row["messages"]:
        role = "<usr>" if message["role"] == "user" else "<sys>"
        yield f"  {role} {message['content']}"


def rejected_line(line: dict[str, Any], n_utterances: int | None = None) -> Iterator[str]:
    """Yield one line of the ledger as people read it: why, where, and the first utterances."""
    known = f"{line['dialogue_id'] or '(no id)'} · {line['source'] or '(no source)'}"
    yield f"{known} · rejected as {line['reason']}"
    yield f"  {line['stage']}: {line['detail']}"
    yield f"  {line['raw_file']} at {line['raw_offset']:,}, {line['raw_length']:,} bytes"
    said = list(_utterance_lines(line))
    yield from said[:n_utterances]
    if n_utterances is not None and len(said) > n_utterances:
        yield f"    and {len(said) - n_utterances} more"


def _utterance_lines(line: dict[str, Any]) -> Iterator[str]:
    """Yield who wrote what; of an entry that cannot be read, its raw text."""
    raw = line["raw"].encode() if "raw" in line else b64decode(line["raw_base64"])
    if not raw:  # of a whole file
        return
    entry = _entry_of(line, raw)
    if entry is None:
        excerpt = " ".join(raw.decode("utf-8", "backslashreplace").split())
        yield f"    {excerpt[:EXCERPT]}{'...' if len(excerpt) > EXCERPT else ''}"
        return
    for speaker, text in zip(entry.speakers, entry.texts, strict=True):
        yield f"    {speaker}  {text!r}"


def _entry_of(line: dict[str, Any], raw: bytes) -> Dialogue | None:
    """Return what can be read of a line of the ledger; of a piece of a file nothing can."""
    if line["source"] is None:
        return None
    document = Document(line["raw_file"], (), None, 0, None)
    try:
        return read_entry(line["source"], raw, document, 0, Counter())
    except EntryError:
        return None


def _rows_of(shard: pq.ParquetFile, dialogue_id: str) -> list[dict[str, Any]]:
    """Return the rows of a dialogue in a shard.

    `pq.read_table` would read ahead in threads. One that still holds the file when Python ends
    ends the process by SIGABRT, once in some thirty calls.
    """
    rows = []
    for group in range(shard.num_row_groups):
        ids = shard.read_row_group(group, columns=["dialogue_id"], use_threads=False)
        here = pc.equal(ids["dialogue_id"], dialogue_id)
        if pc.any(here).as_py():
            table = shard.read_row_group(group, use_threads=False)
            rows += table.filter(here).to_pylist()
    return rows


def _row(processed: Folder, manifest: dict[str, Any], place: int) -> dict[str, Any]:
    """Return one row by its place in the corpus, reading one row group."""
    for shard in manifest["shards"]:
        if place < shard["rows"]:
            with local_file(processed / shard["path"]).open("rb") as content:
                file = pq.ParquetFile(content)
                for group in range(file.num_row_groups):
                    if place < file.metadata.row_group(group).num_rows:
                        rows = file.read_row_group(group, use_threads=False)
                        return dict(rows.slice(place, 1).to_pylist()[0])
                    place -= file.metadata.row_group(group).num_rows
        place -= shard["rows"]
    raise IndexError(place)
