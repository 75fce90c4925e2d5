"""Processes on one machine and on several, devices, and the wish to stop, as users meet them."""

import io
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
import torch
from forked import PATIENCE, fork
from ranks import nodes, start_ranks

from corpus.records import CorpusError
from corpus.training import command, session
from corpus.training import world as worlds
from corpus.training.world import join_world

TINY = ("--model", "tiny", "--device", "cpu", "--threads", "1", "--batch-tokens", "512")


def state(run):
    found = (run / "last").resolve().parent
    progress = json.loads((found / "progress.json").read_text())
    return (found / "model/model.safetensors").read_bytes(), progress["step"]


def test_two_nodes_with_disks_of_their_own_make_one_run(tmp_path, processed, train):
    """The second has an old state of the same run on its disk, and no model."""
    options = (*TINY, "--precision", "fp32", "--patience", "0", "--out", "runs/a")
    for epochs in (1, 2):
        assert train(processed, *options[:-1], tmp_path / "runs/alone", "--epochs", epochs) == 0
    for epochs in (1, 2):
        both = [(processed, *options, "--epochs", epochs)] * 2
        told = nodes(tmp_path, *both)
        assert [status for _, _, status in told] == [0, 0], told
        if epochs == 1:
            assert not (tmp_path / "node1/runs").exists(), "the first process alone writes"
            stale = tmp_path / "node1/runs/a/.states"
            (stale / "000009").mkdir(parents=True)
            (stale / "latest.json").write_text('{"last": "000009", "best": null}')
            (stale / "000009/progress.json").write_text("of another run")
    assert state(tmp_path / "node0/runs/a") == state(tmp_path / "runs/alone")


def test_nodes_that_read_different_corpora_are_refused_once(tmp_path, processed, few):
    options = (*TINY, "--out", "runs/a")
    told = nodes(tmp_path, (processed, *options), (few, *options))
    assert [status for _, _, status in told] == [2, 2]
    errors = [error for _, error, _ in told]
    assert sum("is not the corpus of the first process" in error for error in errors) == 1
    assert not (tmp_path / "node0/runs/a").exists()


def test_a_refusal_of_the_second_node_alone_is_told_by_the_first(tmp_path, processed):
    options = (*TINY, "--out", "runs/a")
    told = nodes(tmp_path, (processed, *options), (tmp_path / "none", *options))
    assert [status for _, _, status in told] == [2, 2]
    assert "no finished corpus" in told[0][1]
    assert "(in process 1)" in told[0][1]
    assert "no finished corpus" not in told[1][1]


def test_one_refusal_is_told_once_by_the_processes_of_a_machine(tmp_path):
    words = (tmp_path / "none", *TINY)
    told = [one.end() for one in start_ranks(tmp_path, words, words, machines=1)]
    assert [status for _, _, status in told] == [2, 2]
    assert "".join(error for _, error, _ in told).count("train.py: ") == 1, told


def wait_for(process, sign):
    began = time.monotonic()
    while not sign():
        assert process.poll() is None, process.end(0)
        assert time.monotonic() - began < PATIENCE
        time.sleep(0.02)


def train_where_the_model_takes_for_ever(words):
    def load(*_):
        Path("loading").touch()
        time.sleep(600)

    session.first_model = load
    return command.main(words)


def train_where_a_step_does_not_end(words):
    def take(run):
        Path("stepping").touch()
        for _ in range(6000):
            time.sleep(0.1)

    session.take_step = take
    return command.main(words)


def test_ctrl_c_before_the_first_step_ends_at_once_and_leaves_nothing(tmp_path, processed):
    words = [str(processed), *TINY, "--out", "runs/a"]
    process = fork(train_where_the_model_takes_for_ever, words, folder=tmp_path)
    wait_for(process, (tmp_path / "loading").exists)
    os.kill(process.pid, signal.SIGINT)
    _, error, status = process.end()
    assert status == 130
    assert "nothing was changed" in error
    assert "Traceback" not in error
    assert not (tmp_path / "runs/a").exists()


def test_a_second_ctrl_c_ends_a_step_that_does_not_end(tmp_path, processed):
    words = [str(processed), *TINY, "--out", "runs/a"]
    process = fork(train_where_a_step_does_not_end, words, folder=tmp_path)
    wait_for(process, (tmp_path / "stepping").exists)
    os.kill(process.pid, signal.SIGINT)
    time.sleep(worlds._SAME_WISH + 0.5)
    assert process.poll() is None, "the first one waits for the step"
    os.kill(process.pid, signal.SIGINT)
    _, error, status = process.end()
    assert status == 130
    assert "once more ends at once" in error


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """A machine that has an NVIDIA driver."""
    (tmp_path / "version").write_text("NVRM version")
    monkeypatch.setattr(worlds, "_NVIDIA", tmp_path / "version")


@pytest.mark.skipif(torch.cuda.is_available(), reason="torch can use the GPU")
def test_a_gpu_that_torch_cannot_use_is_told_in_one_line(tmp_path, few, train, capfd, driver):
    assert train(few, "--model", "tiny", "--dry-run") == 0
    (line,) = [one for one in capfd.readouterr().out.splitlines() if "NVIDIA GPU" in one]
    assert torch.__version__ in line
    assert train(few, "--model", "tiny", "--device", "cuda") == 2
    assert "This machine has an NVIDIA GPU" in capfd.readouterr().err


@pytest.mark.skipif(torch.cuda.is_available(), reason="torch can use the GPU")
def test_where_there_is_no_gpu_nothing_is_said_of_it(few, train, capfd, monkeypatch, tmp_path):
    monkeypatch.setattr(worlds, "_NVIDIA", tmp_path / "none")
    monkeypatch.setattr(worlds, "_WSL", tmp_path / "none")
    assert train(few, "--model", "tiny", "--dry-run") == 0
    assert "NVIDIA" not in capfd.readouterr().out


@pytest.mark.parametrize(
    ("capability", "precision", "dtype"),
    [
        ((9, 0), "auto", torch.bfloat16),
        ((8, 6), "auto", torch.bfloat16),
        ((7, 5), "auto", torch.float16),
        ((7, 0), "auto", torch.float16),
        ((6, 0), "auto", torch.float32),
        ((7, 5), "fp32", torch.float32),
        ((8, 0), "fp16", torch.float16),
    ],
)
def test_a_gpu_gets_the_precision_that_it_is_fast_at(monkeypatch, capability, precision, dtype):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: capability)
    assert worlds._choose_dtype(precision, torch.device("cuda")) is dtype


def test_bfloat16_is_refused_where_there_is_none(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    with pytest.raises(CorpusError, match="use --precision fp16"):
        worlds._choose_dtype("bf16", torch.device("cuda"))


def test_before_torch_2_11_the_cpu_is_asked_another_way(monkeypatch):
    found = worlds._cpu_has_bfloat16()
    if hasattr(torch.cpu, "get_capabilities"):
        monkeypatch.delattr(torch.cpu, "get_capabilities")
        assert worlds._cpu_has_bfloat16() == found


def test_a_mac_is_taken_in_float32(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    device = worlds._choose_device("auto", 0)
    assert device.type == "mps"
    assert worlds._choose_dtype("auto", device) is torch.float32
    with pytest.raises(CorpusError, match="only fp32"):
        worlds._choose_dtype("fp16", device)


def test_signals_are_as_before_when_the_program_has_ended():
    before = signal.getsignal(signal.SIGINT)
    with join_world("cpu", "fp32", 1):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


class Pressing(io.RawIOBase):
    """A screen at which Ctrl-C is pressed while something is written to it."""

    def writable(self):
        return True

    def write(self, content):
        os.kill(os.getpid(), signal.SIGINT)
        return len(content)


def test_ctrl_c_while_the_bar_is_drawn_asks_to_stop_and_no_more(monkeypatch, capfd):
    with join_world("cpu", "fp32", 1) as world, monkeypatch.context() as patch:
        world.trains = True
        patch.setattr(sys, "stderr", io.TextIOWrapper(io.BufferedWriter(Pressing())))
        print("1/3000", file=sys.stderr, flush=True)
    assert world.stop_asked
    assert "once more ends at once" in capfd.readouterr().err
