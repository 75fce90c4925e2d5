"""train.py as users start it: as a command, alone and through torchrun."""

import json
import signal
import time

import pytest
from corpora import ROOT
from forked import fork, run_module, run_script
from ranks import start_ranks

TINY = ("--model", "tiny", "--device", "cpu", "--threads", "1", "--batch-tokens", "512")
TORCHRUN = ("--standalone", "--nproc_per_node", "2")


@pytest.fixture
def whole_train(program):
    """Run train.py in this process, with samples as long as in a process of its own."""
    return lambda *arguments: program.main([*map(str, arguments)])


def wait_for_lines(log, lines, process):
    while not log.exists() or log.read_text().count("\n") < lines:
        assert process.poll() is None
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


def test_two_processes_come_to_the_bits_of_one(tmp_path, processed, whole_train):
    """With dropout and four micro-batches a step, in bfloat16 where the CPU is fast at it."""
    words = (processed, *TINY, "--epochs", 2, "--micro-tokens", 128)
    both = [(*words, "--out", tmp_path / "runs/two")] * 2
    two = start_ranks(tmp_path, *both, machines=1)
    assert whole_train(*words, "--out", tmp_path / "runs/one") == 0
    told = [one.end() for one in two]
    assert [status for _, _, status in told] == [0, 0], told
    assert [out.count("Done.") for out, _, _ in told] == [1, 0], "one process speaks for all"
    assert files(tmp_path / "runs/two") == files(tmp_path / "runs/one")


def test_two_processes_that_are_stopped_are_gone_on_with_by_one(tmp_path, processed, whole_train):
    """Under torchrun itself. With dropout and two micro-batches a step, in float32."""
    words = (processed, *TINY, "--epochs", 2, "--precision", "fp32", "--out")
    stopped, whole = tmp_path / "runs/stopped", tmp_path / "runs/whole"
    two = map(str, (*TORCHRUN, ROOT / "train.py", *words, stopped))
    process = fork(run_module, "torch.distributed.run", *two, folder=tmp_path)
    wait_for_lines(stopped / "log.jsonl", 5, process)
    process.send_signal(signal.SIGTERM)
    out, error, status = process.end()
    assert status != 0
    assert "Stopped and saved after step" in out, out + error
    done = json.loads((stopped / "last").resolve().parent.joinpath("progress.json").read_text())
    assert 0 < done["step"] < 12
    assert whole_train(*words, stopped) == 0
    assert whole_train(*words, whole) == 0
    assert files(stopped) == files(whole)


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path, processed):
    run = tmp_path / "runs/a"
    words = map(str, (processed, *TINY, "--epochs", 500, "--out", run))
    process = fork(run_script, str(ROOT / "train.py"), *words, folder=tmp_path)
    wait_for_lines(run / "log.jsonl", 4, process)
    process.send_signal(signal.SIGINT)
    out, error, status = process.end()
    assert status == 130, out + error
    assert "the same command goes on" in out
    assert "Traceback" not in error
    assert (run / "last/model.safetensors").exists()
