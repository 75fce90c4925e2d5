"""Ray changes where items are built, and nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from raw_trees import summary_document, summary_entry, topic_document, write
from small_builds import TALK, built, hashes

from corpus.building import engines
from corpus.output.ledger import read_ledger
from corpus.output.manifest import versions
from corpus.records import CorpusError, Item

WITHOUT = """
import sys
sys.modules["ray"] = None
from corpus.__main__ import main
sys.exit(main(["build", *sys.argv[1:], "--engine", "ray"]))
"""


@pytest.fixture
def raw(tmp_path, small_items):
    """Eight documents, each of them an item."""
    documents = {
        f"Training__{k}": topic_document(f"d{k}", *TALK, ("1", f"{k}번"), ("2", "응"))
        for k in range(6)
    }
    return write(
        tmp_path / "raw",
        Training__a=summary_document(summary_entry("a", *TALK), summary_entry("b", *TALK)),
        Validation__v=topic_document("v", ("1", "왔어?"), ("2", "방금")),
        **documents,
    )


def test_without_ray_the_engine_says_what_to_install(raw, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, raw, tmp_path / "out", "--tokenizer", "builtin"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "corpus: --engine ray needs Ray, which is not installed here: "
        "pip install 'aihub-chat-corpus[ray]'.\n"
    )
    assert not (tmp_path / "out").exists()


def test_an_address_is_of_ray_and_there_is_no_third_engine(raw, tmp_path):
    with pytest.raises(CorpusError, match=r"of a Ray cluster: add --engine ray"):
        built(raw, tmp_path / "out", address="auto")
    with pytest.raises(CorpusError, match="engine can be local or ray, not 'dask'"):
        built(raw, tmp_path / "out", engine="dask")


@pytest.fixture
def item_of():
    """The item that a step builds; None for the steps before and behind the items.

    A function inside a function travels to Ray's workers, which do not know this file.
    """
    kind = Item
    return lambda step: next((one for one in step.args if isinstance(one, kind)), None)


@pytest.fixture(scope="module")
def cluster():
    """A local Ray of two workers, shared by these tests: to start one takes seconds."""
    ray = pytest.importorskip("ray")
    from corpus.building import on_ray

    on_ray.start(None, 2)
    yield on_ray
    ray.shutdown()


def test_the_bytes_are_those_of_a_build_without_ray_though_a_worker_is_killed(
    raw, tmp_path, cluster, item_of, monkeypatch
):
    killed, do = tmp_path / "killed", cluster.do

    def dies_once(step, versions):
        if getattr(item_of(step), "index", None) == 3 and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return do(step, versions)

    built(raw, tmp_path / "plain")
    monkeypatch.setattr(cluster, "do", dies_once)
    monkeypatch.chdir(tmp_path)  # workers have another working directory: paths may be relative
    built(Path("raw"), Path("out"), engine="ray", workers=2)
    assert killed.exists()
    assert hashes(tmp_path / "out") == hashes(tmp_path / "plain")


def test_an_item_that_kills_its_worker_three_times_is_rejected_as_an_item(
    raw, tmp_path, cluster, item_of, monkeypatch
):
    deaths, do = tmp_path / "deaths", cluster.do

    def dies(step, versions):
        item = item_of(step)
        if item and item.documents[0].raw_file == "Training/2.json":
            with deaths.open("a") as file:
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        return do(step, versions)

    monkeypatch.setattr(cluster, "do", dies)
    manifest = built(raw, tmp_path / "out", engine="ray", workers=2)
    assert deaths.read_text() == "xxx"
    assert manifest["broken"] == {"failed_item": 1}
    [line] = [one for one in read_ledger(tmp_path / "out") if one["reason"] == "failed_item"]
    assert line["raw_file"] == "Training/2.json"


def test_a_build_that_failed_on_ray_goes_on_without_it(
    raw, tmp_path, cluster, item_of, monkeypatch
):
    do = cluster.do

    def full_disk(step, versions):
        if getattr(item_of(step), "index", None) == 4:
            return OSError(28, "No space left on device")
        return do(step, versions)

    built(raw, tmp_path / "plain")
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "do", full_disk)
        with pytest.raises(OSError, match="No space left"):
            built(raw, tmp_path / "out", engine="ray", workers=2)
    built(raw, tmp_path / "out")
    assert hashes(tmp_path / "out") == hashes(tmp_path / "plain")


def test_a_node_with_other_versions_is_refused_by_name(raw, tmp_path, cluster, monkeypatch):
    here = versions()
    monkeypatch.setattr(engines, "versions", lambda: here | {"pyarrow": "99.0"})
    with pytest.raises(
        CorpusError, match=rf"has other versions: pyarrow is {here['pyarrow']} there"
    ):
        built(raw, tmp_path / "out", engine="ray", workers=2)


def command(*words):
    return subprocess.run(
        [sys.executable, "-m", "corpus", "build", *map(str, words), "--tokenizer", "builtin"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=120,
        check=False,
    )


def test_the_command_starts_a_ray_of_its_own_and_ends_it(raw, tmp_path):
    pytest.importorskip("ray")
    ended = command(raw, tmp_path / "out", "--engine", "ray", "--workers", "2")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("Built ")
    assert command(raw, tmp_path / "plain").returncode == 0
    assert hashes(tmp_path / "out") == hashes(tmp_path / "plain")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_a_cluster_that_is_not_there_is_one_sentence(raw, tmp_path, address):
    pytest.importorskip("ray")
    ended = command(raw, tmp_path / "out", "--engine", "ray", "--address", address)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"corpus: Cannot reach the Ray cluster at {address}: ")
    assert ended.stderr.count("\n") == 1
