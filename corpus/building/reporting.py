"""The report of a corpus, as one step: it is made while the ledger is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from corpus.building.commit_files import OUT, Writing, read_sample
from corpus.counts import Counts
from corpus.output.files import write_file
from corpus.output.result import ResultPaths, read_each
from corpus.records import REPORT
from corpus.report.counting import Measured, OfKeys
from corpus.report.examples import merge_examples
from corpus.report.numbers import report_numbers
from corpus.report.page import report_page


@dataclass(frozen=True, slots=True)
class Material:
    """What a report is made of, beside the manifest."""

    of_keys: OfKeys
    of_shards: Sequence[Mapping[str, Any]]  # as `write_shard` tells them
    counts: Counts
    results: Sequence[ResultPaths]
    examples: Sequence[dict[str, Any]]  # of what the commit leaves out
    one_in: int  # of so many dialogues one was looked at


def write_report(
    writing: Writing, material: Material, manifest: dict[str, Any]
) -> tuple[dict[str, Any], str]:
    """Write the page, and return the numbers for the manifest and the hash of the page.

    Args:
        writing: what all steps share.
        material: what else the report is made of.
        manifest: as far as it is known.
    """
    measured = Measured(material.of_keys, writing.unknown.unk_id)
    for one in material.of_shards:
        measured.take(one["report"], *(read_sample(writing, name) for name in one["samples"]))
    characters = writing.unknown.characters
    report = report_numbers(measured, material.counts, characters, material.one_in)
    of_items = read_each(material.results, ResultPaths.read_examples)
    examples = merge_examples([*of_items, *material.examples])
    page = report_page(manifest | {"report": report}, examples, measured.dialogues())
    write_file(writing.aside / OUT / REPORT, page)
    return report, sha256(page).hexdigest()
