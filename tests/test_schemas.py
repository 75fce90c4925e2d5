"""schemas/*.json say what the code's types say. `python tests/test_schemas.py` writes them anew."""

import json
from pathlib import Path

import pytest

from corpus.reading.sources import json_schema
from corpus.records import SOURCES

SCHEMAS = Path(__file__).parent.parent / "schemas"


def as_file(source):
    return json.dumps(json_schema(source), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("source", SOURCES)
def test_the_schema_of_a_source_equals_the_types_that_read_it(source):
    assert (SCHEMAS / f"{source}.json").read_text(encoding="utf-8") == as_file(source)


@pytest.mark.parametrize("source", SOURCES)
def test_a_schema_names_and_describes_what_it_is_of(source):
    schema = json_schema(source)
    document = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    assert document["title"].endswith("Document")
    assert "AIHub" in document["description"]


def test_each_schema_requires_what_a_dialogue_is_made_of():
    required = {
        name: definition.get("required", [])
        for source in SOURCES
        for name, definition in json_schema(source)["$defs"].items()
    }
    assert required["Utterance"] == ["participantID", "utterance"]
    assert required["DialogueInfo"] == ["dialogueID"]
    assert required["Line"] == ["id", "text", "speaker"]


if __name__ == "__main__":
    for name in SOURCES:
        (SCHEMAS / f"{name}.json").write_text(as_file(name), encoding="utf-8")
