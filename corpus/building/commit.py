"""The commit, the one global step: duplicates out, shards and ledger written, the manifest last.

It reads what the items left in `.work/` and the raw text of duplicates, in plan order, so it gives
the same bytes wherever and in whatever order the items were built.
"""

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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

from corpus.building.unknown import Unknown
from corpus.counts import Counts, merge_counts
from corpus.dedup.exact import (
    LOCATION,
    MOST,
    Places,
    ReadRaw,
    Repeats,
    other_choices,
    rejected_repeats,
    repeats_of,
    rows_under,
)
from corpus.dedup.near import NearRows
from corpus.output.ledger import ledger_member
from corpus.output.result import Keys, ResultPaths, read_each, read_results
from corpus.output.rows import ShardWriter
from corpus.output.work import (
    MANIFEST,
    REJECTED,
    REPORT,
    TOKENIZER,
    json_bytes,
    make_ready,
    publish,
    put_in_place,
    remove_work,
    write_file,
    write_json,
)
from corpus.records import SPLITS, CorpusError, Rejected
from corpus.remote import Folder, local_file
from corpus.report.examples import Examples, merge_examples
from corpus.report.measure import Measured, coded
from corpus.report.numbers import report_numbers
from corpus.report.page import report_page

LEDGER_BYTES = 64 << 20  # a ledger file is closed once it is larger


@dataclass(slots=True)
class Written:
    """What the shards hold."""

    dialogues: Counter[str] = field(default_factory=Counter)  # by source
    rows: Counter[str] = field(default_factory=Counter)  # by split and by source
    tokens: Counter[str] = field(default_factory=Counter)
    shards: list[dict[str, Any]] = field(default_factory=list)
    located: list[pa.Table] = field(default_factory=list)  # `LOCATION` of duplicates and firsts


def commit(
    processed: Folder,
    work: Folder,
    n_items: int,
    *,
    inputs: dict[str, Any],
    left_alone: dict[str, int],
    rejected_files: Sequence[Rejected],
    read_raw: ReadRaw,
    unknown: Unknown,
    one_in: int,
    aside: Path,
) -> dict[str, Any]:
    """Turn the parts of all items into the corpus, and return its manifest.

    Args:
        inputs: what the corpus is made from: options, versions, tokenizer, raw files.
        left_alone: files of raw/ that are no documents, by reason.
        rejected_files: files of raw/ that cannot be read.
        unknown: what the tokenizer does not know.
        one_in: of so many dialogues one was looked at for the report.
        aside: where the corpus is made whole: `work`, or for a store a folder of this machine.

    Raises:
        CorpusError: there is no dialogue, or a law does not hold; then the parts stay as they are.
    """
    out = aside / "out"
    shutil.rmtree(out, ignore_errors=True)
    parts, counts = _read_receipts(work, n_items)
    if not counts["read"]:
        sources = ", ".join(inputs["options"]["sources"])
        remove_work(processed)  # nothing in it is worth keeping, and it would refuse other sources
        raise CorpusError(
            f"no dialogue of the chosen sources ({sources}) was found: `python -m corpus check "
            "RAW` says what is there."
        )
    keys = np.concatenate(read_each(parts, ResultPaths.read_keys))
    chosen = keys[keys["rows"] > 0]
    dedup = inputs["options"]["dedup"]
    repeats = _repeats(parts, chosen, dedup)
    measured = Measured(chosen, repeats.first, unknown.unk_id)
    metadata = shard_metadata(inputs)
    written = _write_shards(parts, chosen["rows"], repeats, out, metadata, unknown, measured)
    for one in rejected_files:
        counts["broken"][one.reason] += 1
    by_items = (part.ledger.read_bytes() for part in parts)
    left_out = Examples(of_many=False)
    left_out.take_rejected(rejected_files)
    repeated = _reject(rejected_repeats(repeats, written.located, read_raw), counts, left_out)
    members = chain([ledger_member(rejected_files)], by_items, repeated)
    _write_ledger(members, out / REJECTED)
    write_file(out / TOKENIZER, (work / TOKENIZER).read_bytes())
    _check_laws(counts, written, _n_rows_expected(keys, repeats, inputs["options"]))
    files = _hashes(out)
    report = report_numbers(measured, counts, unknown.characters, one_in)
    manifest = (
        inputs
        | {"corpus_version": inputs["versions"]["corpus"], "left_alone": left_alone}
        | _summary(counts, written)
        | {
            "other_choices": other_choices(keys, **_given(inputs["options"]), dedup=dedup),
            "report": report,
            "shards": [shard | {"sha256": files[shard["path"]]} for shard in written.shards],
        }
    )
    examples = merge_examples([*read_each(parts, ResultPaths.read_examples), left_out.found()])
    write_file(out / REPORT, report_page(manifest, examples, measured.dialogues()))
    files[REPORT] = _sha256(out / REPORT)
    manifest |= {"files": files, "corpus_hash": corpus_hash(files)}
    manifest["manifest_sha256"] = sha256(json_bytes(manifest)).hexdigest()
    write_json(out / MANIFEST, manifest)
    if isinstance(processed, Path):
        make_ready(processed, aside, out)
        put_in_place(processed)
    else:
        publish(processed, out)
    return manifest


def _read_receipts(work: Folder, n_items: int) -> tuple[list[ResultPaths], Counts]:
    """Return the parts of all items, and what they counted."""
    parts: list[ResultPaths] = []

    def receipts() -> Iterator[dict[str, Any]]:  # some kB each, of which none is kept
        for part, receipt in read_results(work, range(n_items)):
            parts.append(part)
            yield receipt or {}

    return parts, merge_counts(receipts())


def _repeats(parts: Sequence[ResultPaths], chosen: Keys, dedup: str) -> Repeats:
    near = (
        NearRows(read_each(parts, lambda part: local_file(part.near)), chosen["rows"])
        if dedup == "near"
        else None
    )
    return repeats_of(chosen, dedup, near)


def _write_shards(
    parts: Sequence[ResultPaths],
    n_rows: Places,
    repeats: Repeats,
    out: Path,
    metadata: dict[str, str],
    unknown: Unknown,
    measured: Measured,
) -> Written:
    """Write the rows of all parts that repeat no others, each split into its own shards."""
    written = Written()
    writers = {split: ShardWriter(out / split, metadata) for split in SPLITS}
    key_of_row = np.repeat(np.arange(len(n_rows)), n_rows)
    goes = repeats.first >= 0
    looked_up = goes.copy()
    looked_up[repeats.first[goes]] = True
    is_looked_up = looked_up[key_of_row] & (np.diff(key_of_row, prepend=-1) > 0)
    row_goes = goes[key_of_row]
    start = 0
    for part in parts:
        for table in part.read_rows():
            rows = slice(start, start + len(table))
            start += len(table)
            if is_looked_up[rows].any():
                mask = pa.array(is_looked_up[rows])
                written.located.append(table.filter(mask).select(LOCATION))
            kept = table.filter(pa.array(~row_goes[rows])) if row_goes[rows].any() else table
            _count(kept, written, unknown)
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
    repeated: Iterable[Sequence[Rejected]], counts: Counts, examples: Examples
) -> Iterator[bytes]:
    """Count the duplicates, keep some as examples, and yield their lines of the ledger."""
    for several in repeated:
        examples.take_rejected(several)
        for one in several:
            counts["rejected"][f"{one.source}/{one.reason}"] += 1
        yield ledger_member(several)


def _count(kept: pa.Table, written: Written, unknown: Unknown) -> None:
    is_first = kept["part"].to_numpy() == 0
    n_tokens = kept["n_tokens"].to_numpy()
    for column in ("split", "source"):
        names, codes = coded(kept[column])
        for code, name in enumerate(names):
            of_name = codes == code
            written.rows[name] += int(of_name.sum())
            written.tokens[name] += int(n_tokens[of_name].sum())
            if column == "source":
                written.dialogues[name] += int((of_name & is_first).sum())
    n_unknown, n_respellable = unknown.count(kept)
    written.tokens["unk"] += n_unknown
    written.tokens["respellable"] += n_respellable


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


def _n_rows_expected(keys: Keys, repeats: Repeats, options: dict[str, Any]) -> int:
    """Return the rows under these options, by the keys; less those that are near others."""
    if options["dedup"] == "near":
        return int(keys["rows"].sum() - keys["rows"][keys["rows"] > 0][repeats.first >= 0].sum())
    return rows_under(keys, **_given(options), dedup=options["dedup"])


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
        "unk_respellable": written.tokens["respellable"],
        "utterances": {"read": 0, "kept": 0}
        | counts["utterances"]
        | {"dropped": counts["dropped"]},
        "wrong_counts": {
            name: {"declared": declared, "found": counts["found"][name]}
            for name, declared in counts["declared"].items()
            if declared != counts["found"][name]
        },
    } | {name: counts[name] for name in ("broken", "rules", "tags", "names", "people", "quirks")}


def _hashes(out: Path) -> dict[str, str]:
    """Return the hashes of all files, made durable, by their paths in order."""
    paths = [path for path in sorted(out.rglob("*")) if path.is_file()]
    return {path.relative_to(out).as_posix(): _sha256(path) for path in paths}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        return file_digest(file, "sha256").hexdigest()
