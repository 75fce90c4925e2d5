"""The raw files against the manifest, and the rows that they give against the corpus."""

from collections import Counter
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from corpus.building.engines import run_items
from corpus.building.plan import make_plan, n_bytes
from corpus.building.workers import Workers
from corpus.counts import Counts, merge_counts, most_of
from corpus.dedup.exact import REPEATS
from corpus.output.files import temporary_folder
from corpus.output.manifest import versions
from corpus.output.result import ResultPaths
from corpus.output.result_rows import read_rows
from corpus.reading.decode import sniff
from corpus.reading.documents import Found, find_documents
from corpus.records import MANIFEST, TOKENIZER, Ints
from corpus.remote import Folder
from corpus.tokens.encoder import Encoder
from corpus.verify.findings import Findings
from corpus.verify.shards import Shards, content_keys, place_keys

_COUNTED = ("rules", "tags", "names", "people", "quirks", "broken")
_REPORTED = ("surnames", "speakers")  # in the section `report`
_BOUNDED = ("tags", "speakers")


def check_raw(
    raw: Folder,
    processed: Path,
    manifest: dict[str, Any],
    shards: Shards,
    encoder: Encoder | None,
    findings: Findings,
    *,
    workers: int,
) -> None:
    """Compare the raw files, and build all of them again, aside, to compare every row.

    Without an encoder nothing can be built, and the files alone are compared.

    Raises:
        CorpusError: there is nothing to read in `raw`.
    """
    found = find_documents(raw, sniff=sniff)
    _check_files(found, manifest, findings)
    if encoder is None:
        return
    rebuilt = _Rebuilt(shards, findings)
    receipts: list[Counts] = []
    with temporary_folder() as work:
        (work / TOKENIZER).write_bytes((processed / TOKENIZER).read_bytes())
        items = make_plan(found.documents)
        options = manifest["options"]
        with (
            Workers(workers=workers, n_bytes=sum(map(n_bytes, items))) as engine,
            closing(run_items(raw, work, items, options, engine, encoder=encoder)) as built,
        ):
            for item, counts in built:
                part = ResultPaths(work, item.index)
                for rows in read_rows(part):
                    rebuilt.compare(rows)
                for path in (
                    *(part.rows, part.keys, part.ledger, part.examples, part.receipt),
                    part.utterances,
                    part.near,
                ):
                    path.unlink(missing_ok=True)
                receipts.append(counts)
    rebuilt.check_all_met()
    counts = merge_counts(receipts)
    counts["broken"].update(one.reason for one in found.rejected)
    n_left_out = rebuilt.n_left_out if shards.whole else None
    _check_counts(manifest, counts, n_left_out, findings)
    if "raw" in findings.counts and manifest["versions"] != versions():
        there, here = (
            ", ".join(f"{k} {v}" for k, v in sorted(one.items()))
            for one in (manifest["versions"], versions())
        )
        findings.add("raw", "versions", f"built with {there}; checked with {here}")


class _Rebuilt:
    """The rows of the corpus, as they are met again in what the raw files give."""

    def __init__(self, shards: Shards, findings: Findings) -> None:
        self.n_left_out = 0  # dialogues that the raw files give and the corpus does not hold
        self._shards, self._findings = shards, findings
        places, contents, rows = (
            np.concatenate(column) if column else np.zeros(0, np.uint64)
            for column in (shards.places, shards.contents, shards.from_raw)
        )
        self._places, first = np.unique(places, return_index=True)
        self._contents, self._rows = contents[first], rows[first]
        self._met = np.zeros(len(first), np.bool_)

    def compare(self, rows: pa.Table) -> None:
        """Compare some rows that the raw files give."""
        keys = place_keys(rows)
        known = np.isin(keys, self._places)
        at = np.searchsorted(self._places, keys[known])
        self._met[at] = True
        others = at[self._contents[at] != content_keys(rows)[known]]
        self._tell(others, "its raw dialogue gives another row")
        is_first = rows["part"].to_numpy() == 0
        self.n_left_out += int((is_first & ~known).sum())
        of_known = np.isin(place_keys(rows, part=0), self._places)
        for row in np.flatnonzero(~is_first & ~known & of_known).tolist():
            one = rows.slice(row, 1).to_pylist()[0]
            where = f"{one['raw_file']} at {one['raw_offset']:,} ({one['dialogue_id']})"
            self._findings.add("raw", where, f"the corpus lacks its part {one['part']}")

    def check_all_met(self) -> None:
        """Check that the raw files gave every row."""
        missing = np.flatnonzero(~self._met)
        self._tell(missing, "no raw dialogue gives a row for its raw_file, raw_offset and part")

    def _tell(self, at: Ints, what: str) -> None:
        places = np.sort(self._rows[at]).tolist()
        self._findings.add_each("raw", places, lambda place: (self._shards.name(place), what))


def _check_files(found: Found, manifest: dict[str, Any], findings: Findings) -> None:
    there = {one["path"]: one for one in manifest["raw"]}
    here = {one.path: asdict(one) for one in found.files}
    for path in sorted(there.keys() | here.keys()):
        if path not in here:
            findings.add("raw", path, "is gone")
        elif path not in there:
            findings.add("raw", path, "was not there when the corpus was built")
        elif here[path] != there[path]:
            findings.add("raw", path, "is not the file that the corpus was built from")


def _check_counts(
    manifest: dict[str, Any], counts: Counts, n_left_out: int | None, findings: Findings
) -> None:
    """Compare what was counted on the way; `n_left_out` is None if it cannot be known."""
    claims = []
    if n_left_out is not None:
        said = sum(manifest["reasons"].get(reason, 0) for reason in REPEATS)
        claims.append(("duplicates, near ones included", said, n_left_out))
    for name in (*_COUNTED, *_REPORTED):
        said = Counter((manifest if name in _COUNTED else manifest["report"])[name])
        found = counts[name]
        if name in _BOUNDED:
            listed, others = most_of(found)
            found = Counter(listed)
            if name == "tags":
                claims += [
                    (f"other {k} of tags", manifest["other_tags"][k], others[k]) for k in others
                ]
        claims += [(f"{name} {k}", said[k], found[k]) for k in sorted(said | found)]
    read = {source: one["read"] for source, one in manifest["sources"].items()}
    claims += [(f"read {source}", n, counts["read"][source]) for source, n in read.items()]
    for what, said_n, counted in claims:
        if said_n != counted:
            told = f"{what}: it says {said_n:,}; the raw files give {counted:,}"
            findings.add("raw", MANIFEST, told)
