"""Runs on disks that have no links, no locks or no renaming, and without what Windows lacks."""

import errno
import fcntl
import os
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch
from forked import fork
from transformers import AutoModelForCausalLM

from corpus.records import CorpusError
from corpus.training import run_folder
from corpus.training.checkpoint import find_state, save_state, settle
from corpus.training.evaluate import Losses
from corpus.training.log import read_log
from corpus.training.progress import Evaluation, Progress
from corpus.training.run_folder import open_run

TINY = ("--model", "tiny", "--batch-tokens", 512, "--epochs", 2, "--precision", "fp32")


def refuse(number):
    def call(*_, **__):
        raise OSError(number, os.strerror(number))

    return call


@pytest.fixture
def without_links(monkeypatch):
    """As Google Drive and exFAT are."""
    monkeypatch.setattr(os, "symlink", refuse(errno.EOPNOTSUPP))


@pytest.fixture
def without_locks(monkeypatch):
    monkeypatch.setattr(fcntl, "flock", refuse(errno.ENOSYS))


def save(run, step, *losses):
    evaluations = [Evaluation(k + 1, Losses(1.0, loss, 2.0)) for k, loss in enumerate(losses)]
    progress = Progress(step=step, evaluations=evaluations)
    save_state(
        run,
        lambda folder: (folder / "weights").write_text(str(step)),
        {"moment": torch.full((4,), float(step))},
        progress,
    )


def shown(run):
    return [int((run / name / "weights").read_text()) for name in ("last", "best")]


def test_a_run_without_links_and_locks_is_the_same_run(
    tmp_path, few, train, without_links, without_locks
):
    run = tmp_path / "runs/drive"
    assert train(few, *TINY, "--out", run, "--save-every", 1) == 0
    for name in ("last", "best"):
        assert not (run / name).is_symlink()
        AutoModelForCausalLM.from_pretrained(run / name)
    assert train(few, *TINY, "--out", run, "--epochs", 3) == 0
    assert [entry["step"] for entry in read_log(run) if "loss" in entry] == [1, 2, 3, 4, 5, 6]


def test_where_there_are_no_locks_a_second_process_is_still_refused(tmp_path, without_locks):
    with (
        open_run(tmp_path / "run", {}, fresh=False),
        pytest.raises(CorpusError, match="another train"),
        open_run(tmp_path / "run", {}, fresh=False),
    ):
        pass


def test_copies_follow_the_states_as_links_do(tmp_path, without_links):
    for step, losses in enumerate(([3.0], [3.0, 2.0], [3.0, 2.0, 2.5]), 1):
        save(tmp_path, step, *losses)
    assert shown(tmp_path) == [3, 2]
    assert not list(tmp_path.glob(".*.tmp"))
    assert not list(tmp_path.glob(".*.old"))


def test_a_copy_that_is_right_is_not_made_again(tmp_path, without_links):
    save(tmp_path, 1, 2.0)
    before = (tmp_path / "best/weights").stat().st_ino
    save(tmp_path, 2, 2.0, 2.5)
    assert (tmp_path / "best/weights").stat().st_ino == before


def test_a_run_moves_from_a_disk_without_links_to_one_with_links_and_back(tmp_path, monkeypatch):
    for step, links in enumerate((False, True, False), 1):
        with monkeypatch.context() as patch:
            if not links:
                patch.setattr(os, "symlink", refuse(errno.EPERM))
            save(tmp_path, step, *[2.0 - step / 10] * step)
        assert (tmp_path / "last").is_symlink() is links
        assert shown(tmp_path)[0] == step


@pytest.mark.parametrize("name", ["rename", "replace"])
def test_a_kill_while_a_copy_is_made_is_made_good(tmp_path, monkeypatch, without_links, name):
    save(tmp_path, 1, 2.0)
    with monkeypatch.context() as patch:
        real = getattr(Path, name)

        def die(self, target):
            if self.name == ".last.tmp" or (name == "replace" and ".latest" in self.name):
                raise KeyboardInterrupt
            return real(self, target)

        patch.setattr(Path, name, die)
        with pytest.raises(KeyboardInterrupt):
            save(tmp_path, 2, 2.0, 1.0)
    step = find_state(tmp_path).progress.step
    settle(tmp_path)
    assert shown(tmp_path) == [step, step]
    save(tmp_path, 3, 2.0, 1.0, 0.5)
    assert shown(tmp_path) == [3, 3]


def test_a_folder_that_may_not_be_synchronised_does_no_harm(tmp_path, monkeypatch):
    real = os.fsync

    def fsync(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").is_dir():
            raise OSError(errno.EINVAL, "Invalid argument")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    save(tmp_path, 1, 2.0)
    assert shown(tmp_path) == [1, 1]


def test_a_disk_that_cannot_rename_is_refused_before_the_first_step(
    tmp_path, few, train, monkeypatch, capfd
):
    monkeypatch.setattr(run_folder.Path, "rename", refuse(errno.EOPNOTSUPP))
    assert train(few, *TINY, "--out", tmp_path / "runs/a") == 2
    told = capfd.readouterr()
    assert "cannot hold a run" in told.err
    assert "--out" in told.err
    assert "step 0" not in told.out
    assert not (tmp_path / "runs/a").exists()


def test_nothing_of_unix_alone_is_needed_to_import_it_all(tmp_path):
    """By us; the libraries have other files for Windows."""
    _, error, status = fork(import_like_windows, folder=tmp_path).end()
    assert status == 0, error


def import_like_windows():
    """Import all that trains once more, where what only Unix has is missing."""
    for name in ("fcntl", "resource", "pwd", "grp"):
        sys.modules[name] = None
    for name in ("preadv", "sched_getaffinity"):
        if hasattr(os, name):
            delattr(os, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "corpus"]:
        del sys.modules[name]
    import_module("corpus.training.session")
    assert import_module("corpus.training.world")._cores() >= 1
