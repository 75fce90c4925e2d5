"""A build where the system lacks what Windows lacks. Windows itself was not run."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from effort import IS_THOROUGH
from raw_trees import sns_document, summary_document, summary_entry, write

ROOT = Path(__file__).parent.parent
TALK = [("A", "안녕 뭐해"), ("B", "밥 먹어"), ("A", "맛있게 먹어"), ("B", "응")]
HIDDEN = {
    "fcntl": "sys.modules['fcntl'] = None",
    "preadv": "del os.preadv, os.pread",
    "links": "os.symlink = os.link = refused",
    "signals": "del signal.pthread_sigmask, signal.setitimer, signal.getitimer, signal.SIGALRM",
    "modules": "sys.modules |= dict.fromkeys(('resource', 'termios', 'pty', 'pwd', 'grp'))",
    "folders": "os.fsync = of_files",
}
WITH_WORKERS = {"signals", "modules", "all"}  # what their processes could need; they read alike
SITE = """
import io, os, signal, stat, sys
sys.path.insert(0, {root!r})

def refused(*_, **__):
    raise OSError(1, "A required privilege is not held by the client")

fsync = os.fsync

def of_files(descriptor):
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise OSError(22, "Invalid argument")
    fsync(descriptor)

{hidden}
import corpus.building.workers
corpus.building.workers.BYTES_PER_WORKER = 1
"""


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    entries = [summary_entry(f"d{k}", ("A", f"{k}"), *TALK[1:]) for k in range(9)]
    return write(
        tmp_path_factory.mktemp("windows") / "raw",
        Training__a=summary_document(*entries, summary_entry("again", *TALK)),
        Validation__b=sns_document(summary_entry("again", *TALK)),
    )


def run(folder, hidden, *words):
    (folder / "sitecustomize.py").write_text(SITE.format(root=str(ROOT), hidden=hidden))
    return subprocess.run(
        [sys.executable, "-m", "corpus", *map(str, words)],
        env=os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def whole(raw, tmp_path_factory):
    """The manifest of a build where nothing is hidden."""
    folder = tmp_path_factory.mktemp("whole")
    done = run(folder, "", "build", raw, "out", "--tokenizer", "builtin")
    assert (done.returncode, done.stderr) == (0, "")
    return (folder / "out" / "_manifest.json").read_bytes()


@pytest.mark.parametrize("hidden", [*(HIDDEN if IS_THOROUGH else ()), "all"])
def test_a_build_needs_nothing_that_windows_lacks(raw, tmp_path, whole, hidden):
    lines = "\n".join(HIDDEN.values()) if hidden == "all" else HIDDEN[hidden]
    workers = "2" if hidden in WITH_WORKERS else "1"
    words = ("build", raw, "out", "--tokenizer", "builtin", "--workers", workers)
    done = run(tmp_path, lines, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "_manifest.json").read_bytes() == whole
    assert not (tmp_path / "out" / ".work").exists()
    if hidden == "all":
        for verb in (["show", "out"], ["card", "out"], ["verify", "out", "--raw", raw], words):
            assert run(tmp_path, lines, *verb).returncode == 0


def test_two_builds_in_one_folder_are_one_too_many_without_locks_of_the_system(raw, tmp_path):
    script = (
        "from pathlib import Path; from corpus.output.locks import locked; import sys\n"
        "from corpus.__main__ import main\n"
        "with locked(Path('out')):\n"
        f"    sys.exit(main(['build', {str(raw)!r}, 'out', '--tokenizer', 'builtin']))\n"
    )
    (tmp_path / "sitecustomize.py").write_text(SITE.format(root=str(ROOT), hidden=HIDDEN["fcntl"]))
    environ = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "corpus: out is being built by another process.\n"
