"""The terminal's view of a corpus: dialogues as people read them, and why one is not there."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from corpus.ledger import read_ledger
from corpus.processed import read_manifest
from corpus.records import CorpusError

EXCERPT = 160  # characters of raw text are shown of a rejected dialogue in a list


def sample_lines(processed: Path, *, n: int) -> Iterator[str]:
    """Yield `n` dialogues, evenly spaced over the corpus."""
    manifest = read_manifest(processed)
    total = sum(manifest["rows"].values())
    for place in range(min(n, total)):
        yield from row_lines(_row(processed, manifest, (2 * place + 1) * total // (2 * n)))
        yield ""
    yield f"{total:,} rows in {processed}; --id shows one dialogue, --reason what was left out."


def dialogue_lines(processed: Path, dialogue_id: str) -> Iterator[str]:
    """Yield the rows of a dialogue, and every place where it was rejected.

    Raises:
        CorpusError: neither the shards nor the ledger know the id.
    """
    manifest = read_manifest(processed)
    found = False
    shards = [str(processed / shard["path"]) for shard in manifest["shards"]]
    table = ds.dataset(shards).to_table(filter=pc.field("dialogue_id") == dialogue_id)
    for row in table.to_pylist():
        found = True
        yield from row_lines(row)
    for line in read_ledger(processed, containing=orjson.dumps(dialogue_id)):
        if line["id"] == dialogue_id:
            found = True
            yield from rejected_line(line, len(line.get("raw", "")))
    if not found:
        raise CorpusError(f"no dialogue {dialogue_id} was read into {processed}.")


def rejected_lines(processed: Path, *, reason: str, n: int) -> Iterator[str]:
    """Yield how many dialogues were rejected for a reason, and the first `n` of them.

    Raises:
        CorpusError: nothing was rejected for this reason.
    """
    manifest = read_manifest(processed)
    counts = Counter(manifest["reasons"]) | Counter(manifest["broken"])
    if reason not in counts:
        known = ", ".join(sorted(counts)) or "none"
        raise CorpusError(f"nothing in {processed} was rejected as {reason!r}; reasons: {known}.")
    yield f"{counts[reason]:,} rejected as {reason}"
    shown = 0
    for line in read_ledger(processed, containing=f'"reason":"{reason}"'.encode()):
        if line["reason"] == reason:
            if shown == n:
                break
            shown += 1
            yield from rejected_line(line, EXCERPT)


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


def rejected_line(line: dict[str, Any], n_characters: int) -> Iterator[str]:
    """Yield one line of the ledger as people read it."""
    where = f"{line['raw_file']} at {line['raw_offset']:,}"
    yield f"{line['id'] or '(no id)'} · {line['source']} · rejected as {line['reason']}"
    yield f"  {line['stage']}: {line['detail']}"
    yield f"  {where}, {line['raw_length']:,} bytes"
    raw = line.get("raw") or line.get("raw_base64") or ""
    if raw:
        yield f"  {raw[:n_characters]}{'...' if len(raw) > n_characters else ''}"


def _row(processed: Path, manifest: dict[str, Any], place: int) -> dict[str, Any]:
    """Return one row by its place in the corpus, reading one row group."""
    for shard in manifest["shards"]:
        if place < shard["rows"]:
            file = pq.ParquetFile(processed / shard["path"])
            for group in range(file.num_row_groups):
                if place < file.metadata.row_group(group).num_rows:
                    return dict(file.read_row_group(group).slice(place, 1).to_pylist()[0])
                place -= file.metadata.row_group(group).num_rows
        place -= shard["rows"]
    raise IndexError(place)
