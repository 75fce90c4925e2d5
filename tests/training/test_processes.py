"""train.py as users start it: as a command, alone and through torchrun."""

import json
import os
import signal
import subprocess
import sys
import time

from corpora import ROOT

TINY = ("--model", "tiny", "--device", "cpu", "--threads", "1", "--batch-tokens", "512")
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")


def start(processed, *arguments, processes=1):
    program = [sys.executable, *(TORCHRUN if processes > 1 else ()), str(ROOT / "train.py")]
    return subprocess.Popen(
        [*program, str(processed), *TINY, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def wait_for_lines(log, lines, process):
    while not log.exists() or log.read_text().count("\n") < lines:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def files(run):
    state = (run / "last").resolve().parent
    progress = json.loads((state / "progress.json").read_text())
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    for entry in log:
        entry.pop("tokens_per_second", None)
    return (
        (state / "model/model.safetensors").read_bytes(),
        (state / "optimizer.safetensors").read_bytes(),
        progress["evaluations"],
        log,
    )


def test_two_processes_come_to_the_bits_of_one(tmp_path, processed, train):
    """With dropout and four micro-batches a step, in bfloat16 where the CPU is fast at it."""
    arguments = ("--epochs", 2, "--micro-tokens", 128)
    two = start(processed, *arguments, "--out", tmp_path / "runs/two", processes=2)
    assert train(processed, *TINY, *arguments, "--out", tmp_path / "runs/one") == 0
    told, error = two.communicate(timeout=600)
    assert two.returncode == 0, told + error
    assert told.count("Done.") == 1, "one process speaks for all"
    assert files(tmp_path / "runs/two") == files(tmp_path / "runs/one")


def test_two_processes_that_are_stopped_are_gone_on_with_by_one(tmp_path, processed, train):
    """With dropout and two micro-batches a step, in float32."""
    arguments = ("--epochs", 2, "--precision", "fp32")
    stopped, whole = tmp_path / "runs/stopped", tmp_path / "runs/whole"
    process = start(processed, *arguments, "--out", stopped, processes=2)
    wait_for_lines(stopped / "log.jsonl", 5, process)
    process.send_signal(signal.SIGTERM)
    out, error = process.communicate(timeout=120)
    assert process.returncode != 0
    assert "Stopped and saved after step" in out, out + error
    done = json.loads((stopped / "last").resolve().parent.joinpath("progress.json").read_text())
    assert 0 < done["step"] < 12
    assert train(processed, *TINY, *arguments, "--out", stopped) == 0
    assert train(processed, *TINY, *arguments, "--out", whole) == 0
    assert files(stopped) == files(whole)


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path, processed):
    run = tmp_path / "runs/a"
    process = start(processed, "--epochs", 500, "--out", run)
    wait_for_lines(run / "log.jsonl", 4, process)
    os.kill(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in out
    assert "Traceback" not in error
    assert (run / "last/model.safetensors").exists()
