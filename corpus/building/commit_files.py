"""What a commit writes, piece by piece: shards, the ledger lines of duplicates, ledger files.

Each function here is one step. It depends on the decisions and on some parts alone, so it gives the
same bytes in any process.
"""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.building.decide import ShardPlan, Slice
from corpus.building.unknown import Unknown
from corpus.building.unknown_tokens import count_unknown
from corpus.building.writing import OUT, RECORDS, ReadMember, Writing, sha256_of
from corpus.dedup.exact import LOCATION, rejected_duplicates
from corpus.dedup.keys import HELD_OUT
from corpus.output.files import sync_folder, temporary_of, write_file
from corpus.output.ledger import ledger_member
from corpus.output.result import ResultPaths
from corpus.output.result_rows import read_rows
from corpus.output.shards import ShardWriter
from corpus.reading.again import by_name, read_raw
from corpus.records import REJECTED, Document, Ints, Mask
from corpus.report.counting import OfRows, coded
from corpus.report.examples import Examples


def locate(parts: Sequence[tuple[ResultPaths, Ints]]) -> bytes:
    """Return `LOCATION` of some dialogues of some parts, in plan order, as an Arrow stream."""
    found = []
    for result, dialogues in parts:
        n_rows = result.read_keys()["rows"]
        firsts = (np.cumsum(n_rows) - n_rows)[dialogues]
        rows = pa.concat_tables(read_rows(result, LOCATION)).select(LOCATION)
        found.append(rows.take(pa.array(firsts)))
    return _arrow(pa.concat_tables(found).combine_chunks())


def pair_up(
    located: Sequence[bytes], batches: Sequence[tuple[Ints, Ints]]
) -> list[tuple[bytes, bytes, list[str]]]:
    """Return for each batch of duplicates what `write_duplicates` needs of it.

    Args:
        located: what `locate` gave, one behind the other.
        batches: rows of that: the duplicates, and what each of them repeats.

    Returns:
        The rows of both as Arrow streams, and the files of raw/ that the duplicates stand in.
    """
    table = pa.concat_tables(map(_table, located)).combine_chunks()
    paired = []
    for batch in batches:
        ones, firsts = (table.take(pa.array(rows)) for rows in batch)
        paired.append(
            (_arrow(ones), _arrow(firsts), [*dict.fromkeys(ones["raw_file"].to_pylist())])
        )
    return paired


def write_shard(writing: Writing, plan: ShardPlan, last_id: int) -> dict[str, Any]:
    """Write one shard and return what it holds, as the manifest and the report need it.

    Args:
        writing: what all steps share.
        plan: which rows it holds.
        last_id: as `OfKeys` has it.
    """
    name = f"{plan.split}-{plan.number:05}"
    if told := writing.made_before(name):
        return told
    path = writing.aside / OUT / plan.split / f"{plan.number:05}.parquet"
    half = temporary_of(writing.record(name))
    measured = OfRows(last_id, writing.unknown.unk_id)
    counted: dict[str, Counter[str]] = {kind: Counter() for kind in ("dialogues", "rows", "tokens")}
    try:
        writer = ShardWriter(half, writing.metadata)
        for one in plan.slices:
            _copy_rows(one, plan.split, writer, measured, counted, writing.unknown)
            pa.default_memory_pool().release_unused()
        shard = writer.close()
        path.parent.mkdir(parents=True, exist_ok=True)
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)  # on a full disk it would be in the way
        raise
    sync_folder(path.parent)
    samples = [writing.aside / RECORDS / f"{name}.{kind}.arrow" for kind in ("sample", "unknown")]
    for file, table in zip(samples, measured.samples(), strict=True):
        write_file(file, _arrow(table))
    hashes = {file: sha256_of(file) for file in (path, *samples)}
    own = {"path": f"{plan.split}/{path.name}", "split": plan.split, "sha256": hashes[path]}
    told = {
        "shard": shard | own,
        "samples": [file.name for file in samples],
        "report": measured.counted(),
        **counted,
    }
    return writing.made(name, told, hashes)


def _copy_rows(
    one: Slice,
    split: str,
    writer: ShardWriter,
    measured: OfRows,
    counted: Mapping[str, Counter[str]],
    unknown: Unknown,
) -> None:
    """Write and count the rows of a slice."""
    keys = one.result.read_keys()
    stays = keys["held_out"] == HELD_OUT.index(split)
    stays[one.going] = False
    dialogue = np.repeat(np.arange(len(keys)), keys["rows"])
    chosen = np.zeros(len(dialogue), np.bool_)
    chosen[np.flatnonzero(stays[dialogue])[one.first : one.end]] = True
    start = 0
    for table in read_rows(one.result):
        of_table: Mask = chosen[start : start + len(table)]
        rows = dialogue[start : start + len(table)][of_table]
        start += len(table)
        if len(rows):
            kept = table if of_table.all() else table.filter(pa.array(of_table))
            _count_rows(kept, counted, unknown)
            measured.take(kept, keys["id"][rows], one.place + rows)
            writer.write(kept)


def _count_rows(kept: pa.Table, counted: Mapping[str, Counter[str]], unknown: Unknown) -> None:
    """Count rows on their way to a shard, as `Written` has it."""
    is_first = kept["part"].to_numpy() == 0
    n_tokens = kept["n_tokens"].to_numpy()
    for column in ("split", "source"):
        names, codes = coded(kept[column])
        for code, name in enumerate(names):
            of_name = codes == code
            counted["rows"][name] += int(of_name.sum())
            counted["tokens"][name] += int(n_tokens[of_name].sum())
            if column == "source":
                counted["dialogues"][name] += int((of_name & is_first).sum())
    n_unknown, n_respellable = count_unknown(unknown, kept)
    counted["tokens"]["unk"] += n_unknown
    counted["tokens"]["respellable"] += n_respellable


def write_duplicates(
    writing: Writing,
    number: int,
    located: tuple[bytes, bytes],
    nearness: Sequence[float],
    other_text: Sequence[bool],
    documents: Sequence[Document],
) -> dict[str, Any]:
    """Write the ledger lines of some duplicates as one gzip member, and return what was counted.

    Args:
        writing: what all steps share.
        number: of these duplicates among all.
        located: `LOCATION` of each of them, and of the one that it repeats, as Arrow streams.
        nearness: of the two.
        other_text: as `Duplicates` has it.
        documents: that the duplicates stand in.
    """
    name = f"duplicates-{number:05}"
    if told := writing.made_before(name):
        return told
    read = partial(read_raw, writing.raw, by_name(documents))
    ones, firsts = (_table(one).to_pylist() for one in located)
    rejected = rejected_duplicates(ones, firsts, nearness, other_text, read)
    member = writing.aside / RECORDS / f"{name}.jsonl.gz"
    write_file(member, ledger_member(rejected))
    examples = Examples(of_many=False)
    examples.take_rejected(rejected)
    counts = Counter(f"{one.source}/{one.reason}" for one in rejected)
    told = {"file": member.name, "rejected": counts, "examples": examples.found()}
    return writing.made(name, told, {member: sha256_of(member)})


def write_ledger(writing: Writing, name: str, members: Sequence[ReadMember]) -> dict[str, Any]:
    """Write one file of the ledger, gzip members one behind the other; return its path and hash."""
    piece = f"ledger-{name}"
    if told := writing.made_before(piece):
        return told
    path = writing.aside / OUT / REJECTED / f"{name}.jsonl.gz"
    half = temporary_of(writing.record(piece))
    try:
        with half.open("wb") as file:
            for read in members:
                file.write(read())
            file.flush()
            os.fsync(file.fileno())
        path.parent.mkdir(parents=True, exist_ok=True)
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    told = {"path": f"{REJECTED}/{path.name}", "sha256": sha256_of(path)}
    return writing.made(piece, told, {path: told["sha256"]})


def read_sample(writing: Writing, name: str) -> pa.Table:
    """Return rows that a shard has left for the report."""
    return _table((writing.aside / RECORDS / name).read_bytes())


def _table(content: bytes) -> pa.Table:
    with pa.ipc.open_stream(content) as stream:
        return stream.read_all()


def _arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return bytes(sink.getvalue())
