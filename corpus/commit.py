"""The commit, the one global step: duplicates out, shards and ledger written, the manifest last.

It reads what the items left in `.work/` and the raw text of duplicates, in plan order, so it gives
the same bytes wherever and in whatever order the items were built.
"""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from corpus.counts import Counts, merge_counts
from corpus.duplicates import MOST, Places, duplicates_of, other_choices, rows_under
from corpus.ledger import ledger_member
from corpus.part import PartPaths
from corpus.records import SPLITS, CorpusError, Rejected
from corpus.rows import ShardWriter
from corpus.work import (
    MANIFEST,
    REJECTED,
    TOKENIZER,
    json_bytes,
    make_ready,
    put_in_place,
    write_file,
    write_json,
)

LEDGER_BYTES = 64 << 20  # a ledger file is closed once it is larger
DUPLICATES_AT_ONCE = 4096  # whose raw text is held: 15 MB

# Given the (raw_file, raw_offset) of some dialogues, returns the raw JSON of each, in their order.
ReadRaw = Callable[[Sequence[tuple[str, int]]], Sequence[bytes]]


@dataclass(slots=True)
class Written:
    """What the shards hold."""

    dialogues: Counter[str] = field(default_factory=Counter)  # by source
    rows: Counter[str] = field(default_factory=Counter)  # by split and by source
    tokens: Counter[str] = field(default_factory=Counter)
    shards: list[dict[str, Any]] = field(default_factory=list)
    located: dict[int, dict[str, Any]] = field(default_factory=dict)  # duplicates and their firsts


def commit(
    processed: Path,
    work: Path,
    n_items: int,
    *,
    inputs: dict[str, Any],
    left_alone: dict[str, int],
    rejected_files: Sequence[Rejected],
    read_raw: ReadRaw,
    unk_id: int | None,
) -> dict[str, Any]:
    """Turn the parts of all items into the corpus, and return its manifest.

    Args:
        inputs: what the corpus is made from: options, versions, tokenizer, raw files.
        left_alone: files of raw/ that are no documents, by reason.
        rejected_files: files of raw/ that cannot be read.

    Raises:
        CorpusError: no dialogue is left, or a law does not hold; the parts stay as they are.
    """
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    parts = [PartPaths(work, index) for index in range(n_items)]
    counts = merge_counts(part.read_receipt() or {} for part in parts)
    if not counts["read"]:
        sources = ", ".join(inputs["options"]["sources"])
        raise CorpusError(f"raw/ holds no dialogue of the chosen sources ({sources}).")
    keys = np.concatenate([part.read_keys() for part in parts])
    chosen = keys[keys["rows"] > 0]
    duplicates = duplicates_of(chosen)
    written = _write_shards(parts, chosen["rows"], duplicates, out, shard_metadata(inputs), unk_id)
    for place in np.flatnonzero(duplicates >= 0).tolist():
        counts["rejected"][f"{written.located[place]['source']}/duplicate"] += 1
    for one in rejected_files:
        counts["broken"][one.reason] += 1
    by_items = (part.ledger.read_bytes() for part in parts)
    repeated = map(ledger_member, _reject_duplicates(duplicates, written.located, read_raw))
    members = chain([ledger_member(rejected_files)], by_items, repeated)
    _write_ledger(members, out / REJECTED)
    write_file(out / TOKENIZER, (work / TOKENIZER).read_bytes())
    _check_laws(counts, written, rows_under(keys, **_given(inputs["options"])))
    files = {
        path.relative_to(out).as_posix(): _sha256(path)
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }
    manifest = (
        inputs
        | {"corpus_version": inputs["versions"]["corpus"], "left_alone": left_alone}
        | _summary(counts, written)
        | {
            "other_choices": other_choices(keys, **_given(inputs["options"])),
            "shards": [shard | {"sha256": files[shard["path"]]} for shard in written.shards],
            "files": files,
            "corpus_hash": corpus_hash(files),
        }
    )
    manifest["manifest_sha256"] = sha256(json_bytes(manifest)).hexdigest()
    write_json(out / MANIFEST, manifest)
    make_ready(processed, work, out)
    put_in_place(processed)
    return manifest


def _write_shards(
    parts: Sequence[PartPaths],
    n_rows: Places,
    duplicates: Places,
    out: Path,
    metadata: dict[str, str],
    unk_id: int | None,
) -> Written:
    """Write the rows of all parts that are no duplicates, each split into its own shards."""
    written = Written()
    writers = {split: ShardWriter(out / split, metadata) for split in SPLITS}
    key_of_row = np.repeat(np.arange(len(n_rows)), n_rows)
    is_duplicate = duplicates[key_of_row] >= 0
    looked_up = np.isin(key_of_row, np.concatenate((np.flatnonzero(duplicates >= 0), duplicates)))
    start = 0
    for part in parts:
        for table in part.read_rows():
            rows = slice(start, start + len(table))
            start += len(table)
            for row in np.flatnonzero(looked_up[rows]).tolist():
                where = table.slice(row, 1).select(
                    ["dialogue_id", "source", "raw_file", "raw_offset"]
                )
                written.located[int(key_of_row[rows][row])] = where.to_pylist()[0]
            kept = (
                table.filter(pa.array(~is_duplicate[rows])) if is_duplicate[rows].any() else table
            )
            _count(kept, written, unk_id)
            for split in pc.unique(kept["split"]).to_pylist():
                writers[split].write(kept.filter(pc.equal(kept["split"], split)))
        pa.default_memory_pool().release_unused()
    for split, writer in writers.items():
        writer.close()
        for shard in writer.shards:
            written.shards.append(shard | {"path": f"{split}/{shard['path']}", "split": split})
    return written


def _count(kept: pa.Table, written: Written, unk_id: int | None) -> None:
    first_parts = kept.filter(pc.equal(kept["part"], 0))
    written.dialogues.update(first_parts["source"].to_pylist())
    for column in ("split", "source"):
        sums = kept.group_by(column).aggregate([("n_tokens", "sum"), ("n_tokens", "count")])
        for name, n_tokens, n_rows in zip(*(sums[k].to_pylist() for k in range(3)), strict=True):
            written.rows[name] += n_rows
            written.tokens[name] += n_tokens
    if unk_id is not None:
        ids = kept["token_ids"].combine_chunks().flatten().to_numpy()
        written.tokens["unk"] += int(np.count_nonzero(ids == unk_id))


def _reject_duplicates(
    duplicates: Places, located: dict[int, dict[str, Any]], read_raw: ReadRaw
) -> Iterator[list[Rejected]]:
    """Yield the records of all duplicates, with the raw text of so many as fit into memory."""
    places = np.flatnonzero(duplicates >= 0).tolist()
    for start in range(0, len(places), DUPLICATES_AT_ONCE):
        some = places[start : start + DUPLICATES_AT_ONCE]
        raws = read_raw([(located[one]["raw_file"], located[one]["raw_offset"]) for one in some])
        yield [
            _reject_duplicate(located[place], located[int(duplicates[place])], raw)
            for place, raw in zip(some, raws, strict=True)
        ]


def _reject_duplicate(one: dict[str, Any], first: dict[str, Any], raw: bytes) -> Rejected:
    same = "id" if one["dialogue_id"] == first["dialogue_id"] else "text"
    where = f"{first['raw_file']} at {first['raw_offset']}"
    return Rejected(
        stage="commit",
        reason="duplicate",
        detail=f"same {same} as {first['dialogue_id']} in {where}",
        source=one["source"],
        dialogue_id=one["dialogue_id"],
        raw_file=one["raw_file"],
        raw_offset=one["raw_offset"],
        raw=raw,
    )


def _write_ledger(members: Iterable[bytes], folder: Path) -> None:
    """Write gzip members one behind the other, a new file after `LEDGER_BYTES`."""
    folder.mkdir(parents=True)
    number, file = 0, None
    with ExitStack() as opened:
        for member in filter(None, members):
            if file is None or file.tell() > LEDGER_BYTES:
                opened.close()
                file = opened.enter_context((folder / f"{number:05}.jsonl.gz").open("wb"))
                number += 1
            file.write(member)


def _check_laws(counts: Counts, written: Written, n_rows_expected: int) -> None:
    """Raise CorpusError unless everything that was read is accounted for."""
    rejected: Counter[str] = Counter()
    for name, n in counts["rejected"].items():
        rejected[name.partition("/")[0]] += n
    laws = [
        (
            f"{source} dialogues read",
            read,
            "written + rejected",
            written.dialogues[source] + rejected[source],
        )
        for source, read in counts["read"].items()
    ]
    utterances = counts["utterances"]
    laws += [
        (
            "utterances read",
            utterances["read"],
            "kept + dropped",
            utterances["kept"] + counts["dropped"].total(),
        ),
        (
            "rows written",
            sum(shard["rows"] for shard in written.shards),
            "rows of the keys",
            n_rows_expected,
        ),
    ]
    for left, n_left, right, n_right in laws:
        if n_left != n_right:
            raise CorpusError(
                f"{left} ({n_left:,}) are not {right} ({n_right:,}): a fault of corpus itself, "
                "please report it; nothing was written."
            )


def _given(options: dict[str, Any]) -> dict[str, str]:
    return {name: options[name] for name in MOST}


def corpus_hash(files: dict[str, str]) -> str:
    """Return one hash for the hashes of all files, by their paths in order."""
    return sha256("".join(f"{path} {files[path]}\n" for path in sorted(files)).encode()).hexdigest()


def shard_metadata(inputs: dict[str, Any]) -> dict[str, str]:
    """Return what every shard says of what it was made with."""
    options = orjson.dumps(inputs["options"], option=orjson.OPT_SORT_KEYS)
    return {
        "corpus_version": inputs["versions"]["corpus"],
        "options_sha256": sha256(options).hexdigest(),
        "tokenizer_sha256": inputs["tokenizer"]["sha256"],
    }


def _summary(counts: Counts, written: Written) -> dict[str, Any]:
    reasons: Counter[str] = Counter()
    sources: dict[str, dict[str, Any]] = {
        source: {
            "read": read,
            "written": written.dialogues[source],
            "rows": written.rows[source],
            "tokens": written.tokens[source],
            "rejected": {},
        }
        for source, read in counts["read"].items()
    }
    for name, n in counts["rejected"].items():
        source, _, reason = name.partition("/")
        sources[source]["rejected"][reason] = n
        reasons[reason] += n
    return {
        "dialogues": {
            "read": counts["read"].total(),
            "written": written.dialogues.total(),
            "rejected": reasons.total(),
        },
        "reasons": reasons,
        "sources": sources,
        "rows": {split: written.rows[split] for split in SPLITS},
        "tokens": {split: written.tokens[split] for split in SPLITS},
        "unk_tokens": written.tokens["unk"],
        "utterances": {"read": 0, "kept": 0}
        | counts["utterances"]
        | {"dropped": counts["dropped"]},
        "wrong_counts": {
            name: {"declared": declared, "found": counts["found"][name]}
            for name, declared in counts["declared"].items()
            if declared != counts["found"][name]
        },
    } | {name: counts[name] for name in ("broken", "rules", "tags", "names", "people", "quirks")}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return file_digest(file, "sha256").hexdigest()
