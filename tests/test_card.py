"""The data-set card says what each column is, and what the corpus cannot do."""

import json
from pathlib import Path

from corpus.output.rows import COLUMNS
from corpus.views.card import DESCRIPTIONS

SCHEMA = json.loads((Path(__file__).parent.parent / "schemas/row.json").read_text())


def test_each_column_is_described_as_in_its_schema():
    described = {name: one["description"] for name, one in SCHEMA["properties"].items()}
    assert described == DESCRIPTIONS
    assert set(DESCRIPTIONS) == set(COLUMNS.names)
