"""Which rows the sample gives: counted once, and told by a second implementation.

A change of these counts is a change of the corpus, and of what README says of it.
"""

import importlib.util
import json
from pathlib import Path

import pytest

import corpus
from corpus.sample.write import write_sample

ROOT = Path(__file__).parents[2]
EXPECTED = json.loads((ROOT / "tests/cases/raw_sample.json").read_text())
BUILTIN = ROOT / "corpus/tokens/builtin/tokenizer.json"


def without_tokens(manifest):
    """What is counted but tokens, which change with every invented name."""
    sources = {
        source: {name: n for name, n in counts.items() if name != "tokens"}
        for source, counts in manifest["sources"].items()
    }
    names = ("dialogues", "rows", "reasons", "utterances", "other_choices")
    return {name: manifest[name] for name in names} | {"sources": sources}


def test_the_sample_in_raw_gives_these_rows(tmp_path):
    assert without_tokens(corpus.build(ROOT / "raw/sample", tmp_path, tokenizer="builtin")) == (
        EXPECTED
    )


@pytest.fixture
def peers():
    path = ROOT / "tests/benchmarks/peers.py"
    spec = importlib.util.spec_from_file_location("peers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_notebook_of_plain_re_and_pandas_comes_to_the_same_rows(tmp_path, peers, capsys):
    raw, ours, theirs = (tmp_path / name for name in ("raw", "ours", "theirs"))
    write_sample(raw, dialogues=1500, seed=7)
    corpus.build(raw, ours, tokenizer="builtin")
    theirs.mkdir()
    peers.notebook(str(raw), theirs, str(BUILTIN))
    peers.compare(str(ours), theirs, "-")
    counts = json.loads(capsys.readouterr().out)
    assert counts["ours"] == counts["theirs"] == counts["same"] > 800
