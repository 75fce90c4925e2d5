"""The commit, the one global step: duplicates out, shards and ledger written, the manifest last.

It reads what the items left in `.work/` and the raw text of duplicates, in plan order, so it gives
the same bytes wherever and in whatever order the items were built.
"""

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import file_digest, sha256
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.building.accounts import (
    Written,
    check_laws,
    count_rows,
    given_choices,
    n_rows_expected,
    summary_of,
)
from corpus.building.problems import problems_of
from corpus.building.unknown import Unknown
from corpus.building.utterances import write_utterances
from corpus.counts import Counts, merge_counts
from corpus.dedup.exact import (
    LOCATION,
    Duplicates,
    ReadRaw,
    find_duplicates,
    other_choices,
    rejected_duplicates,
)
from corpus.dedup.keys import Keys
from corpus.dedup.near import NearRows
from corpus.output.files import json_bytes, write_file, write_json
from corpus.output.into_place import make_ready, publish, put_in_place
from corpus.output.ledger import ledger_member
from corpus.output.manifest import corpus_hash, shard_metadata
from corpus.output.result import ResultPaths, read_each, read_results
from corpus.output.shards import ShardWriter
from corpus.output.work import remove_work
from corpus.records import (
    MANIFEST,
    REJECTED,
    REPORT,
    SPLITS,
    TOKENIZER,
    CorpusError,
    Ints,
    Rejected,
)
from corpus.remote import Folder
from corpus.report.examples import Examples, merge_examples
from corpus.report.measure import Measured
from corpus.report.numbers import report_numbers
from corpus.report.page import report_page
from corpus.report.remarks import no_row_line

LEDGER_BYTES = 64 << 20  # a ledger file is closed once it is larger


@dataclass(frozen=True, slots=True)
class Origin:
    """What a corpus is made from, beside the results of its items."""

    inputs: dict[str, Any]  # options, versions, tokenizer, raw files, as the manifest records them
    left_alone: dict[str, int]  # files of raw/ that are no documents, by reason
    rejected_files: Sequence[Rejected]  # files of raw/ that cannot be read
    read_raw: ReadRaw  # looks up the raw text of duplicates
    unknown: Unknown  # what the tokenizer does not know
    one_in: int  # of so many dialogues one was looked at for the report


def commit(
    processed: Folder, work: Folder, n_items: int, origin: Origin, *, aside: Path
) -> dict[str, Any]:
    """Turn the results of all items into the corpus, and return its manifest.

    Args:
        processed: the folder of the corpus.
        work: the folder of the build, which holds the results.
        n_items: how many items the plan has.
        origin: what else the corpus is made from.
        aside: where the corpus is made whole: `work`, or for a store a folder of this machine.

    Raises:
        CorpusError: there is no dialogue, no row in place of a corpus that has some, or a law does
            not hold; then the results stay.
    """
    inputs, unknown, rejected_files = origin.inputs, origin.unknown, origin.rejected_files
    out = aside / "out"
    shutil.rmtree(out, ignore_errors=True)
    results, counts = _read_receipts(work, n_items)
    if not counts["read"]:
        sources = ", ".join(inputs["options"]["sources"])
        remove_work(processed)  # nothing in it is worth keeping, and it would refuse other sources
        raise CorpusError(
            f"no dialogue of the chosen sources ({sources}) was found: `python -m corpus check "
            "RAW` says what is there."
        )
    keys = np.concatenate(read_each(results, ResultPaths.read_keys))
    chosen = keys[keys["rows"] > 0]
    dedup = inputs["options"]["dedup"]
    duplicates = _find_duplicates(results, chosen, dedup)
    measured = Measured(chosen, duplicates.original, unknown.unk_id)
    metadata = shard_metadata(inputs)
    written = _write_shards(results, chosen["rows"], duplicates, out, metadata, unknown, measured)
    choices = other_choices(keys, **given_choices(inputs["options"]), dedup=dedup)
    if not written.shards and (processed / MANIFEST).exists():
        remove_work(processed)
        raise CorpusError(
            f"{no_row_line(summary_of(counts, written) | {'other_choices': choices})} "
            f"What stands in {processed} stays."
        )
    for one in rejected_files:
        counts["broken"][one.reason] += 1
    by_items = (result.read_ledger() for result in results)
    left_out = Examples(of_many=False)
    left_out.take_rejected(rejected_files)
    duplicated = _reject(
        rejected_duplicates(duplicates, written.located, origin.read_raw), counts, left_out
    )
    members = chain([ledger_member(rejected_files)], by_items, duplicated)
    _write_ledger(members, out / REJECTED)
    write_utterances(results, out)
    write_file(out / TOKENIZER, (work / TOKENIZER).read_bytes())
    check_laws(counts, written, n_rows_expected(keys, duplicates, inputs["options"]))
    files = _hashes(out)
    report = report_numbers(measured, counts, unknown.characters, origin.one_in)
    manifest = (
        inputs
        | {"corpus_version": inputs["versions"]["corpus"], "left_alone": origin.left_alone}
        | summary_of(counts, written)
        | {
            "problems": problems_of(counts, written.tokens),
            "other_choices": choices,
            "report": report,
            "shards": [shard | {"sha256": files[shard["path"]]} for shard in written.shards],
        }
    )
    examples = merge_examples([*read_each(results, ResultPaths.read_examples), left_out.found()])
    write_file(out / REPORT, report_page(manifest, examples, measured.dialogues()))
    files[REPORT] = _sha256(out / REPORT)
    sizes = {name: (out / name).stat().st_size for name in files}
    manifest |= {"files": files, "file_bytes": sizes, "corpus_hash": corpus_hash(files)}
    manifest["manifest_sha256"] = sha256(json_bytes(manifest)).hexdigest()
    write_json(out / MANIFEST, manifest)
    if isinstance(processed, Path):
        make_ready(processed, aside, out)
        put_in_place(processed)
    else:
        publish(processed, out)
    return manifest


def _read_receipts(work: Folder, n_items: int) -> tuple[list[ResultPaths], Counts]:
    """Return the results of all items, and what they counted."""
    results: list[ResultPaths] = []

    def receipts() -> Iterator[dict[str, Any]]:  # some kB each, of which none is kept
        for result, receipt in read_results(work, range(n_items)):
            results.append(result)
            yield receipt or {}

    return results, merge_counts(receipts())


def _find_duplicates(results: Sequence[ResultPaths], chosen: Keys, dedup: str) -> Duplicates:
    near = (
        NearRows(read_each(results, ResultPaths.near_file), chosen["rows"])
        if dedup == "near"
        else None
    )
    return find_duplicates(chosen, dedup, near)


def _write_shards(
    results: Sequence[ResultPaths],
    n_rows: Ints,
    duplicates: Duplicates,
    out: Path,
    metadata: dict[str, str],
    unknown: Unknown,
    measured: Measured,
) -> Written:
    """Write the rows of all results that duplicate no others, each split into its own shards."""
    written = Written()
    writers = {split: ShardWriter(out / split, metadata) for split in SPLITS}
    key_of_row = np.repeat(np.arange(len(n_rows)), n_rows)
    goes = duplicates.original >= 0
    looked_up = goes.copy()
    looked_up[duplicates.original[goes]] = True
    is_looked_up = looked_up[key_of_row] & (np.diff(key_of_row, prepend=-1) > 0)
    row_goes = goes[key_of_row]
    start = 0
    for result in results:
        for table in result.read_rows():
            rows = slice(start, start + len(table))
            start += len(table)
            if is_looked_up[rows].any():
                mask = pa.array(is_looked_up[rows])
                written.located.append(table.filter(mask).select(LOCATION))
            kept = table.filter(pa.array(~row_goes[rows])) if row_goes[rows].any() else table
            count_rows(kept, written, unknown)
            measured.take(kept, key_of_row[rows][~row_goes[rows]])
            for split in pc.unique(kept["split"]).to_pylist():
                writers[split].write(kept.filter(pc.equal(kept["split"], split)))
        pa.default_memory_pool().release_unused()
    for split, writer in writers.items():
        writer.close()
        for shard in writer.shards:
            written.shards.append(shard | {"path": f"{split}/{shard['path']}", "split": split})
    return written


def _reject(
    duplicated: Iterable[Sequence[Rejected]], counts: Counts, examples: Examples
) -> Iterator[bytes]:
    """Count the duplicates, keep some as examples, and yield their lines of the ledger."""
    for several in duplicated:
        examples.take_rejected(several)
        for one in several:
            counts["rejected"][f"{one.source}/{one.reason}"] += 1
        yield ledger_member(several)


def _write_ledger(members: Iterable[bytes], folder: Path) -> None:
    """Write gzip members one behind the other, a new file after `LEDGER_BYTES`."""
    folder.mkdir(parents=True, exist_ok=True)
    number, file = 0, None
    with ExitStack() as opened:
        for member in filter(None, members):
            if file is None or file.tell() > LEDGER_BYTES:
                opened.close()
                file = opened.enter_context((folder / f"{number:05}.jsonl.gz").open("wb"))
                number += 1
            file.write(member)


def _hashes(out: Path) -> dict[str, str]:
    """Return the hashes of all files, made durable, by their paths in order."""
    paths = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return {path.relative_to(out).as_posix(): _sha256(path) for path in paths}


def _sha256(path: Path) -> str:
    with path.open("r+b") as file:  # Windows makes durable only what may be written
        os.fsync(file.fileno())
        return file_digest(file, "sha256").hexdigest()
