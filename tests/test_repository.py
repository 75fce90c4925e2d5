"""What git may take of a clone in which somebody has built a corpus."""

import shutil
import subprocess
from pathlib import Path

import pytest
from raw_trees import EVERYTHING, summary_document, summary_entry, write

import corpus
from corpus.building import run

ROOT = Path(__file__).parent.parent


def nothing_is_committed(*_, **__):
    raise KeyboardInterrupt


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_git_leaves_a_corpus_alone_wherever_it_is_built(tmp_path, monkeypatch):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    shutil.copy(ROOT / ".gitignore", tmp_path)
    entries = [
        summary_entry(f"d{k}", ("A", "#@시스템#사진#"), ("A", f"{k}"), ("B", "응"))
        for k in range(9)
    ]
    alone = summary_entry("alone", ("A", "나 혼자"))
    raw = write(tmp_path.parent / f"{tmp_path.name}-raw", a=summary_document(*entries, alone))
    corpus.build(raw, tmp_path / "longer", tokenizer="builtin", **EVERYTHING)
    monkeypatch.setattr(run, "commit", nothing_is_committed)
    with pytest.raises(KeyboardInterrupt):
        corpus.build(raw, tmp_path / "half", tokenizer="builtin")
    told = subprocess.run(
        ["git", "-C", tmp_path, "status", "--porcelain", "--untracked-files=all"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert told.stdout == "?? .gitignore\n"
