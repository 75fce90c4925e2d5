import errno
import os
import random
import signal
import time

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from corpus.training import checkpoint
from corpus.training.checkpoint import find_state, save_state, settle
from corpus.training.evaluate import Losses
from corpus.training.export import write_model
from corpus.training.progress import Evaluation, Progress, read_progress


def progress_at(step, *losses):
    evaluations = [Evaluation(k + 1, Losses(1.0, loss, 2.0)) for k, loss in enumerate(losses)]
    return Progress(step=step, evaluations=evaluations)


def save(run, progress):
    """Save a state whose weights, moments and progress all tell its step."""

    def write(folder):
        (folder / "weights").write_text(str(progress.step))

    save_state(run, write, {"moment": torch.full((4,), float(progress.step))}, progress)


def pointed(run, link):
    return int((run / link / "weights").read_text())


def test_last_is_the_latest_and_best_the_best(tmp_path):
    for step, losses in enumerate(([3.0], [3.0, 2.0], [3.0, 2.0, 2.5]), 1):
        save(tmp_path, progress_at(step, *losses))
    assert (pointed(tmp_path, "last"), pointed(tmp_path, "best")) == (3, 2)
    state = find_state(tmp_path)
    assert state.progress == progress_at(3, 3.0, 2.0, 2.5)
    assert state.moments()["moment"].tolist() == [3.0] * 4


def test_only_what_is_pointed_at_is_kept(tmp_path):
    for step in range(1, 6):
        save(tmp_path, progress_at(step, 3.0, 2.0, *[2.5] * (step - 2)))
    states = sorted(path for path in (tmp_path / ".states").iterdir() if path.is_dir())
    assert len(states) == 2
    assert [(state / "optimizer.safetensors").exists() for state in states] == [False, True]


def test_a_folder_without_a_state_has_none(tmp_path):
    assert find_state(tmp_path) is None


def test_progress_comes_back_bit_for_bit():
    progress = progress_at(7, 0.1 + 0.2, 1 / 3)
    progress.seconds, progress.epoch_loss = 0.1, 1e-300
    assert read_progress(progress.to_json()) == progress


def test_the_best_is_the_first_of_equals_and_patience_counts_from_it():
    progress = progress_at(4, 3.0, 2.0, 2.0, 2.5)
    assert progress.best.step == 2
    assert progress.waited == 2
    assert not progress.is_best
    assert Progress().waited == 0


@pytest.mark.parametrize("where", ["write", "save_file", "sync_tree", "rename", "write_text"])
def test_a_disk_that_fills_up_leaves_the_last_state_as_it_was(tmp_path, monkeypatch, where):
    save(tmp_path, progress_at(1, 2.0))

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        if where == "rename":
            patch.setattr(checkpoint.Path, "rename", full)
        elif where != "write":
            patch.setattr(checkpoint, where, full)
        with pytest.raises(OSError, match="No space left"):
            save_state(tmp_path, full if where == "write" else str, {}, progress_at(2, 2.0, 1.0))
    assert find_state(tmp_path).progress.step == 1
    assert pointed(tmp_path, "best") == 1
    save(tmp_path, progress_at(2, 2.0, 1.0))
    assert (pointed(tmp_path, "last"), pointed(tmp_path, "best")) == (2, 2)
    assert len([path for path in (tmp_path / ".states").iterdir() if path.is_dir()]) == 1


def test_a_kill_before_last_and_best_are_shown_is_made_good(tmp_path, monkeypatch):
    save(tmp_path, progress_at(1, 2.0))
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "settle", lambda *_: None)
        save(tmp_path, progress_at(2, 2.0, 1.0))
    assert (pointed(tmp_path, "last"), pointed(tmp_path, "best")) == (1, 1)
    assert find_state(tmp_path).progress.step == 2
    settle(tmp_path)
    assert (pointed(tmp_path, "last"), pointed(tmp_path, "best")) == (2, 2)


def save_for_ever(run, model, material):
    """Save one state after another; every weight of state k is k."""
    torch.set_num_threads(1)
    tokenizer_file = material.corpus.tokenizer_file
    step = 0
    while True:
        step += 1
        with torch.no_grad():
            for weight in model.parameters():
                weight.fill_(float(step))
        # Now and then the latest is the best, so that `best` moves too.
        progress = progress_at(step, *[3.0] * (step - 1), 2.0 if step % 3 else 4.0)
        save_state(
            run,
            lambda folder: write_model(folder, model, material.vocabulary, tokenizer_file, "card"),
            {"moment": torch.full((1000,), float(step))},
            progress,
        )


def last_of(run):
    return (run / "last").readlink() if (run / "last").is_symlink() else None


def test_kill_9_at_random_moments_of_saving_leaves_a_whole_last_state(tmp_path, model, material):
    # As train.py does. A bar's lock is common to all forks, and a killed one never gives it back.
    disable_progress_bar()
    draw = random.Random(0)
    found = set()
    for _ in range(10):
        before, began = last_of(tmp_path), time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                save_for_ever(tmp_path, model, material)
            finally:
                os._exit(1)
        while last_of(tmp_path) == before:
            assert os.waitpid(child, os.WNOHANG) == (0, 0), "it ended by itself"
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 2 * (time.monotonic() - began)))  # while it saves two more
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        state = find_state(tmp_path)
        settle(tmp_path)
        step = float(state.progress.step)
        loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "last")
        assert all((weight == step).all() for weight in loaded.parameters())
        assert (state.moments()["moment"] == step).all()
        AutoModelForCausalLM.from_pretrained(tmp_path / "best")
        found.add(step)
    assert len(found) > 1, "the kills all came at the same state"
    assert len(AutoTokenizer.from_pretrained(tmp_path / "best")) == 4000
    save(tmp_path, progress_at(1))
    assert not list((tmp_path / ".states").glob("*.tmp"))
