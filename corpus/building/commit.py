"""The commit, the one global step: duplicates out, shards and ledger written, the manifest last.

It reads what the items left in `.work/` and the raw text of duplicates, in plan order, so it gives
the same bytes wherever and in whatever order the items were built.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from corpus.building.accounts import Written, check_laws, summary_of
from corpus.building.commit_steps import Pieces, duplicate_steps, ledger_steps
from corpus.building.decide import Decisions, choice_steps, decide, plan_shards, rows_kept
from corpus.building.engines import Engine
from corpus.building.near_steps import find_near
from corpus.building.problems import problems_of
from corpus.building.steps import write_report, write_shard
from corpus.building.unknown import Unknown
from corpus.building.writing import OUT, RECORDS, Material, Writing, sha256_of
from corpus.counts import LISTED, Counts, merge_counts
from corpus.output.files import json_bytes, write_file, write_json
from corpus.output.into_place import make_ready, publish, put_in_place
from corpus.output.manifest import corpus_hash, shard_metadata
from corpus.output.result import ResultPaths, read_results
from corpus.output.work import remove_work
from corpus.records import MANIFEST, REPORT, TOKENIZER, CorpusError, Document, Rejected
from corpus.remote import Folder
from corpus.report.remarks import no_row_line


@dataclass(frozen=True, slots=True)
class Origin:
    """What a corpus is made from, beside the results of its items."""

    inputs: dict[str, Any]  # options, versions, tokenizer, raw files, as the manifest records them
    left_alone: dict[str, int]  # files of raw/ that are no documents, by reason
    rejected_files: Sequence[Rejected]  # files of raw/ that cannot be read
    raw: Folder  # where the raw text of duplicates is looked up
    documents: Iterable[Document]  # of raw/
    unknown: Unknown  # what the tokenizer does not know
    one_in: int  # the report looked at one dialogue in so many


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
        CorpusError: there is no dialogue, no row in place of a corpus that has some, or a law does
            not hold; then the results stay.
    """
    inputs, unknown = origin.inputs, origin.unknown
    work = work.absolute()  # tasks of Ray have another working directory
    results, counts = _read_receipts(work, n_items)
    if not counts["read"]:
        if n_failed := counts["broken"]["failed_item"]:
            raise CorpusError(
                f"no dialogue was read: {n_failed:,} of {n_items:,} items of the plan could not be "
                "built. Give the machine more memory, fewer --workers or a longer --item-timeout, "
                "and add --fresh."
            )
        sources = ", ".join(inputs["options"]["sources"])
        remove_work(processed)  # nothing in it is worth keeping, and it would refuse other sources
        raise CorpusError(
            f"no dialogue of the chosen sources ({sources}) was found: `python -m corpus check "
            "RAW` says what is there."
        )
    writing = Writing(
        aside=aside.absolute(),
        state=sha256(json_bytes([result.hashes for result in results])).hexdigest(),
        raw=origin.raw.absolute(),
        metadata=shard_metadata(inputs),
        unknown=unknown,
    )
    _begin(writing)
    with closing(Pieces(engine, progress=progress)) as pieces:
        decisions = decide(results, inputs["options"], partial(find_near, writing, results, pieces))
        made = _make_rows(writing, results, decisions, origin, pieces)
        counts["broken"].update(one.reason for one in origin.rejected_files)
        counts["rejected"].update(made.rejected)
        n_rows, other_choices = rows_kept(decisions, made.repeated, inputs["options"]["dedup"])
        check_laws(counts, made.written, n_rows)
        told = summary_of(counts, made.written) | {"other_choices": other_choices}
        if not made.written.shards and (processed / MANIFEST).exists():
            remove_work(processed)
            raise CorpusError(f"{no_row_line(told)} What stands in {processed} stays.")
        problems = problems_of(counts, made.written.tokens)
        manifest = (
            inputs
            | {"corpus_version": inputs["versions"]["corpus"], "left_alone": origin.left_alone}
            | told
            | {
                "problems": problems[:LISTED],
                **({"other_problems": len(problems[LISTED:])} if problems[LISTED:] else {}),
                "report": {},
                "shards": made.written.shards,
            }
        )
        material = Material(
            of_keys=decisions.of_keys,
            of_shards=made.of_shards,
            counts=counts,
            results=results,
            examples=made.examples,
            one_in=origin.one_in,
        )
        reporting = partial(write_report, writing, material, origin.rejected_files, manifest)
        ledger = ledger_steps(writing, results, origin.rejected_files, made.members)
        [(manifest["report"], page_hash), *ledgers] = pieces.made([reporting, *ledger])
    out = aside / OUT
    write_file(out / TOKENIZER, (work / TOKENIZER).read_bytes())
    files = {one["path"]: one["sha256"] for one in (*made.written.shards, *ledgers)}
    files |= {TOKENIZER: sha256_of(out / TOKENIZER), REPORT: page_hash}
    files = dict(sorted(files.items()))
    sizes = {name: (out / name).stat().st_size for name in files}
    manifest |= {"files": files, "file_bytes": sizes, "corpus_hash": corpus_hash(files)}
    manifest["manifest_sha256"] = sha256(json_bytes(manifest)).hexdigest()
    write_json(out / MANIFEST, manifest)
    _remove_others(out, {MANIFEST, *files})
    if isinstance(processed, Path):
        make_ready(processed, aside, out)
        put_in_place(processed)
    else:
        publish(processed, out)
    return manifest


def _begin(writing: Writing) -> None:
    """Make the folders of the pieces; remove files that a killed process left half written."""
    for folder in (OUT, RECORDS):
        (writing.aside / folder).mkdir(exist_ok=True)
    for path in (writing.aside / RECORDS).glob("*.tmp"):
        path.unlink()


@dataclass(frozen=True, slots=True)
class _Made:
    """What was counted in the shards, and in the duplicates."""

    written: Written
    of_shards: list[dict[str, Any]]  # as `write_shard` tells them
    repeated: list[int]  # rows of duplicates, under each choice of options
    rejected: Counter[str]  # duplicates, by source/reason
    members: list[str]  # files with their ledger lines
    examples: list[dict[str, Any]]  # of the duplicates


def _make_rows(
    writing: Writing,
    results: Sequence[ResultPaths],
    decisions: Decisions,
    origin: Origin,
    pieces: Pieces,
) -> _Made:
    """Write the shards and the ledger lines of duplicates, where they are not written already."""
    last_id = decisions.of_keys.last_id
    plans = plan_shards(results, decisions)
    shards = [partial(write_shard, writing, one, last_id) for one in plans]
    suspects = writing.aside / RECORDS / "suspects"
    counting = choice_steps(decisions, origin.inputs["options"], suspects)
    duplicates = duplicate_steps(writing, results, decisions, origin.documents, pieces)
    told = iter(pieces.made([*shards, *counting, *duplicates]))
    of_shards = list(islice(told, len(shards)))
    repeated = list(islice(told, len(counting)))
    written = Written()
    for one in of_shards:
        written.add(one)
    rejected: Counter[str] = Counter()
    members, examples = [], []
    for one in told:
        rejected.update(one["rejected"])
        members.append(one["file"])
        examples.append(one["examples"])
    return _Made(written, of_shards, repeated, rejected, members, examples)


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
