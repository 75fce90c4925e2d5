"""The report of a corpus, as one step: it is made while the ledger is written."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from corpus.building.commit_files import read_sample
from corpus.building.writing import OUT, Material, Writing
from corpus.output.files import write_file
from corpus.output.result import ResultPaths, read_each
from corpus.records import REPORT, Rejected
from corpus.report.counting import Measured
from corpus.report.examples import Examples, merge_examples
from corpus.report.numbers import report_numbers
from corpus.report.page import report_page


def write_report(
    writing: Writing,
    material: Material,
    rejected_files: Sequence[Rejected],
    manifest: dict[str, Any],
) -> tuple[dict[str, Any], str]:
    """Write the page, and return the numbers for the manifest and the hash of the page.

    Args:
        writing: what all steps share.
        material: what else the report is made of.
        rejected_files: files of raw/ that cannot be read.
        manifest: as far as it is known.
    """
    measured = Measured(material.of_keys, writing.unknown.unk_id)
    for one in material.of_shards:
        measured.take(one["report"], *(read_sample(writing, name) for name in one["samples"]))
    characters = writing.unknown.characters
    report = report_numbers(measured, material.counts, characters, material.one_in)
    of_items = read_each(material.results, ResultPaths.read_examples)
    of_files = Examples(of_many=False)
    of_files.take_rejected(rejected_files)
    examples = merge_examples([*of_items, of_files.found(), *material.examples])
    page = report_page(manifest | {"report": report}, examples, measured.dialogues())
    write_file(writing.aside / OUT / REPORT, page)
    return report, sha256(page).hexdigest()
