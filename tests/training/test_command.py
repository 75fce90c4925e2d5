"""`train.py` and `python -m corpus train` are one program, which says what it needs."""

import subprocess
import sys
from pathlib import Path

import pytest
from forked import fork, run_module, run_script

ROOT = Path(__file__).parents[2]


def said(done):
    """What a program said, but for its name and where lines were broken."""
    text = " ".join((done[0] + done[1]).split())
    return text.replace("python -m corpus train", "train.py").replace("train.py` and `train.py", "")


@pytest.mark.parametrize("words", [["--help"], ["--epochs", "a"], ["nowhere", "--dry-run"]])
def test_both_ways_to_it_say_the_same(words, tmp_path):
    here = fork(run_script, str(ROOT / "train.py"), *words, folder=tmp_path).end()
    there = fork(run_module, "corpus", "train", *words, folder=tmp_path).end()
    assert here[2] == there[2] == (0 if "--help" in words else 2)
    assert said(there) == said(here)


WITHOUT = """
import sys
sys.modules[{missing!r}] = None
from corpus.training.command import main
sys.exit(main(["processed"]))
"""


@pytest.mark.parametrize("missing", ["torch", "transformers"])
def test_what_training_needs_is_named_with_the_line_that_installs_it(missing):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            WITHOUT.format(missing=missing),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    told = f"train.py: training needs {missing}, which is not installed: pip install -e '.[train]'"
    assert done.stderr.splitlines()[-1].startswith(told)
    assert "Traceback" not in done.stderr
