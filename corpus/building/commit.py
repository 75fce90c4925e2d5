"""The commit, the one global step: duplicates out, shards and ledger written, the manifest last.

It reads what the items left in `.work/` and the raw text of duplicates, in plan order, so it gives
the same bytes wherever and in whatever order the items were built.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from corpus.building.accounts import Written, check_laws, summary_of
from corpus.building.decide import decide, plan_shards
from corpus.building.engines import Engine
from corpus.building.pieces import Pieces, duplicate_steps, ledger_steps
from corpus.building.unknown import Unknown
from corpus.building.writing import (
    OUT,
    RECORDS,
    Writing,
    read_sample,
    write_shard,
)
from corpus.counts import Counts, merge_counts
from corpus.output.files import json_bytes, write_file, write_json
from corpus.output.manifest import corpus_hash, shard_metadata
from corpus.output.result import ResultPaths, read_each, read_results
from corpus.output.work import make_ready, publish, put_in_place, remove_work
from corpus.records import MANIFEST, REPORT, TOKENIZER, CorpusError, Document, Rejected
from corpus.remote import Folder
from corpus.report.examples import Examples, merge_examples
from corpus.report.measure import Measured
from corpus.report.numbers import report_numbers
from corpus.report.page import report_page


@dataclass(frozen=True, slots=True)
class Origin:
    """What a corpus is made from, beside the results of its items."""

    inputs: dict[str, Any]  # options, versions, tokenizer, raw files, as the manifest records them
    left_alone: dict[str, int]  # files of raw/ that are no documents, by reason
    rejected_files: Sequence[Rejected]  # files of raw/ that cannot be read
    raw: Folder  # where the raw text of duplicates is looked up
    documents: Iterable[Document]  # of raw/
    unknown: Unknown  # what the tokenizer does not know
    one_in: int  # of so many dialogues one was looked at for the report


def commit(
    processed: Folder,
    work: Folder,
    n_items: int,
    origin: Origin,
    engine: Engine,
    *,
    aside: Path,
    progress: bool = False,
) -> dict[str, Any]:
    """Turn the results of all items into the corpus, and return its manifest.

    Args:
        processed: the folder of the corpus.
        work: the folder of the build, which holds the results.
        n_items: how many items the plan has.
        origin: what else the corpus is made from.
        engine: where the pieces of the corpus are written.
        aside: where the corpus is made whole: `work`, or for a store a folder of this machine.
        progress: draw a bar on stderr.

    Raises:
        CorpusError: there is no dialogue, or a law does not hold; then the results stay.
    """
    inputs, unknown = origin.inputs, origin.unknown
    results, counts = _read_receipts(work, n_items)
    if not counts["read"]:
        sources = ", ".join(inputs["options"]["sources"])
        remove_work(processed)  # nothing in it is worth keeping, and it would refuse other sources
        raise CorpusError(
            f"no dialogue of the chosen sources ({sources}) was found: `python -m corpus check "
            "RAW` says what is there."
        )
    decisions = decide(results, inputs["options"])
    writing = Writing(
        aside=aside.absolute(),
        state=sha256(json_bytes([result.hashes for result in results])).hexdigest(),
        raw=origin.raw.absolute(),
        metadata=shard_metadata(inputs),
        unknown=unknown,
        last_id=decisions.of_keys.last_id,
    )
    for folder in (OUT, RECORDS):
        (aside / folder).mkdir(exist_ok=True)
    for path in (aside / RECORDS).glob("*.tmp"):  # what a commit that was killed was writing
        path.unlink()
    with closing(Pieces(engine, progress=progress)) as pieces:
        written, measured = Written(), Measured(decisions.of_keys, unknown.unk_id)
        shards = plan_shards(results, decisions)
        of_duplicates = duplicate_steps(writing, results, decisions, origin.documents, pieces)
        told = pieces.made(
            [*(partial(write_shard, writing, one) for one in shards), *of_duplicates]
        )
        for shard in told[: len(shards)]:
            written.add(shard)
            measured.take(shard["report"], *(read_sample(writing, one) for one in shard["samples"]))
        examples = _left_out(origin.rejected_files, told[len(shards) :], counts)
        members = [one["file"] for one in told[len(shards) :]]
        ledgers = pieces.made(ledger_steps(writing, results, origin.rejected_files, members))
    check_laws(counts, written, decisions.n_rows_expected)
    write_file(aside / OUT / TOKENIZER, (work / TOKENIZER).read_bytes())
    report = report_numbers(measured, counts, unknown.characters, origin.one_in)
    manifest = (
        inputs
        | {"corpus_version": inputs["versions"]["corpus"], "left_alone": origin.left_alone}
        | summary_of(counts, written)
        | {
            "other_choices": decisions.other_choices,
            "report": report,
            "shards": written.shards,
        }
    )
    of_items = read_each(results, ResultPaths.read_examples)
    page = report_page(manifest, merge_examples([*of_items, *examples]), measured.dialogues())
    write_file(aside / OUT / REPORT, page)
    files = {one["path"]: one["sha256"] for one in (*written.shards, *ledgers)}
    files |= {name: _sha256(aside / OUT / name) for name in (TOKENIZER, REPORT)}
    files = dict(sorted(files.items()))
    manifest |= {"files": files, "corpus_hash": corpus_hash(files)}
    manifest["manifest_sha256"] = sha256(json_bytes(manifest)).hexdigest()
    write_json(aside / OUT / MANIFEST, manifest)
    _remove_others(aside / OUT, {MANIFEST, *files})
    if isinstance(processed, Path):
        make_ready(processed, aside, aside / OUT)
        put_in_place(processed)
    else:
        publish(processed, aside / OUT)
    return manifest


def _left_out(
    rejected_files: Sequence[Rejected], duplicates: Sequence[dict[str, Any]], counts: Counts
) -> list[dict[str, Any]]:
    """Count what the commit leaves out, and return examples of it."""
    of_files = Examples(of_many=False)
    of_files.take_rejected(rejected_files)
    counts["broken"].update(one.reason for one in rejected_files)
    found = [of_files.found()]
    for told in duplicates:
        counts["rejected"].update(told["rejected"])
        found.append({"rules": {}, "tags": {}} | told["examples"])
    return found


def _remove_others(folder: Path, files: set[str]) -> None:
    """Remove what is no file of this corpus: an earlier commit that was cut short has left it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.relative_to(folder).as_posix() not in files:
            path.unlink()


def _read_receipts(work: Folder, n_items: int) -> tuple[list[ResultPaths], Counts]:
    """Return the results of all items, and what they counted."""
    results: list[ResultPaths] = []

    def receipts() -> Iterator[dict[str, Any]]:  # some kB each, of which none is kept
        for result, receipt in read_results(work, range(n_items)):
            results.append(result)
            yield receipt or {}

    return results, merge_counts(receipts())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return file_digest(file, "sha256").hexdigest()
