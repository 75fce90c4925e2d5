"""Whole runs of train.py, in this process."""

import errno
import json
import math
import os
import signal
from collections import Counter

import numpy as np
import pytest
import torch
from corpora import SYS, chats, write_corpus
from transformers import AutoModelForCausalLM, AutoTokenizer

from corpus.training import checkpoint
from corpus.training.labels import SYS as SYS_KIND
from corpus.training.log import Log, read_log
from corpus.training.material import read_material
from corpus.training.memory import is_out_of_memory
from corpus.training.packing import pack
from corpus.training.samples import generate
from corpus.training.shards import open_corpus
from corpus.training.vocabulary import load_vocabulary

TINY = ("--model", "tiny", "--threads", 1, "--batch-tokens", 512)


def weights(run, link="last"):
    return (run / link / "model.safetensors").read_bytes()


def state_files(run):
    """Everything a run goes on from, but for what the clock says."""
    state = (run / "last").resolve().parent
    progress = json.loads((state / "progress.json").read_text())
    del progress["seconds"], progress["log_bytes"]
    return weights(run), (state / "optimizer.safetensors").read_bytes(), progress


def losses(run):
    return [(entry["step"], entry["loss"]) for entry in read_log(run) if "loss" in entry]


@pytest.fixture
def stop_at(monkeypatch):
    """Send this process a signal as soon as the log has a given step."""

    def at(step, number=signal.SIGTERM):
        write = Log.write

        def write_and_signal(self, current, **entry):
            write(self, current, **entry)
            if current == step and "loss" in entry:
                os.kill(os.getpid(), number)

        monkeypatch.setattr(Log, "write", write_and_signal)

    return at


def test_a_run_leaves_everything_that_people_look_at(tmp_path, processed, train, capfd):
    run = tmp_path / "runs/first"
    assert train(processed, *TINY, "--epochs", 2, "--out", run, "--comment", "a try") == 0
    for name in ("log.jsonl", "curve.svg", "samples.md", "last/README.md", "best/config.json"):
        assert (run / name).stat().st_size > 0, name
    board = (tmp_path / "runs/leaderboard.md").read_text()
    assert "| a try |" in board
    assert "| Done |" in board
    assert (tmp_path / "runs/leaderboard.csv").exists()
    AutoModelForCausalLM.from_pretrained(run / "last")
    assert len(AutoTokenizer.from_pretrained(run / "best")) == 4000
    told = capfd.readouterr().out
    assert "120 dialogues" in told
    assert "validation loss on <sys>" in told
    assert "leaderboard.md" in told


def test_tensorboard_shows_the_same_numbers(tmp_path, processed, train):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = tmp_path / "runs/a"
    assert train(processed, *TINY, "--epochs", 1, "--out", run) == 0
    events = EventAccumulator(str(run / "tensorboard"))
    events.Reload()
    shown = {event.step: event.value for event in events.Scalars("loss")}
    assert shown == pytest.approx(dict(losses(run)), rel=1e-6)
    assert len(events.Scalars("validation/sys")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_goes_on_to_the_same_bits_with_dropout_on(
    tmp_path, processed, train, stop_at, monkeypatch, number
):
    arguments = (processed, *TINY, "--epochs", 3, "--eval-every", 4)
    whole, stopped = tmp_path / "runs/whole", tmp_path / "runs/stopped"
    assert train(*arguments, "--out", whole) == 0
    steps = len(losses(whole))
    at = int(np.random.default_rng().integers(1, steps))
    print(f"stopped after step {at} of {steps}")
    with monkeypatch.context():
        stop_at(at, number)
        assert train(*arguments, "--out", stopped) == 130
        assert json.loads((stopped / "run.json").read_text())["row"]["state"] == "Interrupted"
        assert len(losses(stopped)) == at
    monkeypatch.undo()
    assert train(*arguments, "--out", stopped) == 0
    assert state_files(stopped) == state_files(whole)
    assert weights(stopped, "best") == weights(whole, "best")
    assert losses(stopped) == losses(whole)
    drawn = [(run / "samples.md").read_text() for run in (stopped, whole)]
    assert drawn[0] == drawn[1]


def test_a_run_that_was_killed_goes_on_from_its_last_save(tmp_path, processed, train, monkeypatch):
    """Nothing is saved when the power goes: what was logged since the save is done again."""
    arguments = (processed, *TINY, "--epochs", 2, "--save-every", 3)
    whole, killed = tmp_path / "runs/whole", tmp_path / "runs/killed"
    assert train(*arguments, "--out", whole) == 0
    write = Log.write

    def die_at_8(self, step, **entry):
        write(self, step, **entry)
        if step == 8:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Log, "write", die_at_8)
        with pytest.raises(KeyboardInterrupt):
            train(*arguments, "--out", killed)
    assert train(*arguments, "--out", killed) == 0
    assert state_files(killed) == state_files(whole)
    assert losses(killed) == losses(whole)


def test_dropout_is_on_in_the_tests_above(tmp_path, processed, train):
    for dropout in (0, 0.1):
        arguments = ("--epochs", 1, "--dropout", dropout, "--out", tmp_path / f"runs/{dropout}")
        assert train(processed, *TINY, *arguments) == 0
    assert weights(tmp_path / "runs/0") != weights(tmp_path / "runs/0.1")


def test_neither_micro_batches_nor_the_save_interval_change_the_steps(tmp_path, processed, train):
    runs = [tmp_path / f"runs/{number}" for number in range(3)]
    arguments = (processed, *TINY, "--epochs", 1, "--dropout", 0)
    assert train(*arguments, "--out", runs[0]) == 0
    assert train(*arguments, "--out", runs[1], "--micro-tokens", 64) == 0
    assert train(*arguments, "--out", runs[2], "--save-every", 1) == 0
    first, smaller, saved = map(losses, runs)
    assert [step for step, _ in smaller] == [step for step, _ in first]
    assert [loss for _, loss in smaller] == pytest.approx([loss for _, loss in first], rel=1e-4)
    assert saved == first
    assert weights(runs[2]) == weights(runs[0])


def test_a_finished_run_says_so_and_stays_as_it_is(tmp_path, processed, train, capfd):
    arguments = (processed, *TINY, "--epochs", 1, "--out", tmp_path / "runs/a")
    assert train(*arguments) == 0
    before = state_files(tmp_path / "runs/a")
    capfd.readouterr()
    assert train(*arguments) == 0
    assert "is finished" in capfd.readouterr().out
    assert state_files(tmp_path / "runs/a") == before
    assert train(*arguments, "--fresh") == 0
    assert state_files(tmp_path / "runs/a") == before


def test_a_run_goes_on_with_the_same_options_only(tmp_path, processed, train, capfd):
    arguments = (processed, *TINY, "--epochs", 1, "--out", tmp_path / "runs/a")
    assert train(*arguments) == 0
    assert train(*arguments, "--lr", 0.5) == 2
    assert "was started with lr 0.001, not 0.5" in capfd.readouterr().err


def test_patience_ends_a_run_that_gets_no_better(tmp_path, processed, train):
    run = tmp_path / "runs/a"
    arguments = ("--epochs", 9, "--lr", 0, "--patience", 2, "--out", run)
    assert train(processed, *TINY, *arguments) == 0
    row = json.loads((run / "run.json").read_text())["row"]
    assert (row["state"], row["epochs"]) == ("Stopped early", 3)
    assert (run / "best").resolve() != (run / "last").resolve()


def test_patience_0_never_ends_a_run(tmp_path, processed, train):
    run = tmp_path / "runs/a"
    arguments = ("--epochs", 4, "--lr", 0, "--patience", 0, "--out", run)
    assert train(processed, *TINY, *arguments) == 0
    assert json.loads((run / "run.json").read_text())["row"]["epochs"] == 4


def test_the_grid_runs_four_strategies_into_one_leaderboard(tmp_path, processed, train):
    arguments = ("--epochs", 1, "--grid", "--out", tmp_path / "runs/grid")
    assert train(processed, *TINY, *arguments) == 0
    board = (tmp_path / "runs/leaderboard.csv").read_text().splitlines()
    assert len(board) == 5
    for labels in ("input", "last-sys", "all-sys", "shift"):
        assert (tmp_path / f"runs/grid-{labels}/best/config.json").exists()


def test_a_name_is_found_for_a_run_that_has_none(tmp_path, processed, train, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train(processed, *TINY, "--epochs", 1) == 0
    (run,) = (path.parent for path in (tmp_path / "runs").glob("*/run.json"))
    assert run.name.startswith("tiny-all-sys-")


def test_sources_choose_what_is_trained_and_judged_on(tmp_path, processed, train, capfd):
    arguments = ("--sources", "topic", "--epochs", 1, "--out", tmp_path / "runs/a")
    assert train(processed, *TINY, *arguments) == 0
    assert "60 dialogues" in capfd.readouterr().out
    assert "| topic |" in (tmp_path / "runs/leaderboard.md").read_text()


def test_a_dry_run_tells_the_plan_and_writes_nothing(tmp_path, processed, train, capfd):
    assert train(processed, *TINY, "--dry-run", "--out", tmp_path / "runs/a") == 0
    told = capfd.readouterr().out
    material = read_material(open_corpus(processed), "all-sys", [])
    assert f"{material.training.lengths.sum():,} tokens" in told
    assert f"{material.steps_per_epoch(512)} steps an epoch" in told
    assert not (tmp_path / "runs").exists()


def test_a_loss_that_is_no_number_ends_in_a_sentence(tmp_path, processed, train, capfd):
    run = tmp_path / "runs/a"
    arguments = ("--epochs", 9, "--lr", 1e30, "--clip", 1e30, "--out", run)
    assert train(processed, *TINY, *arguments) == 2
    error = capfd.readouterr().err.splitlines()[-1]
    assert "no finite number" in error
    assert "--lr" in error
    assert json.loads((run / "run.json").read_text())["row"]["state"] == "Failed"


def test_a_full_disk_ends_in_a_sentence_and_the_run_goes_on(
    tmp_path, processed, train, monkeypatch, capfd
):
    arguments = (processed, *TINY, "--epochs", 2, "--out", tmp_path / "runs/a")
    save_file = checkpoint.save_file
    saves = []

    def full_at_the_second(tensors, path):
        saves.append(path)
        if len(saves) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        save_file(tensors, path)

    monkeypatch.setattr(checkpoint, "save_file", full_at_the_second)
    assert train(*arguments) == 2
    assert "the disk is full" in capfd.readouterr().err
    assert train(*arguments) == 0


def test_out_of_memory_halves_the_micro_batches_before_the_first_step(
    tmp_path, processed, train, program, monkeypatch
):
    arguments = (processed, *TINY, "--epochs", 1, "--dropout", 0)
    assert train(*arguments, "--out", tmp_path / "runs/roomy") == 0
    forward = program.summed_loss
    rows = []

    def narrow(model, row):
        if len(row.ids) > 200:
            raise torch.OutOfMemoryError("CUDA out of memory")
        rows.append(len(row.ids))
        return forward(model, row)

    monkeypatch.setattr(program, "summed_loss", narrow)
    assert train(*arguments, "--out", tmp_path / "runs/narrow") == 0
    roomy, tight = losses(tmp_path / "runs/roomy"), losses(tmp_path / "runs/narrow")
    assert [loss for _, loss in tight] == pytest.approx([loss for _, loss in roomy], rel=1e-4)
    assert max(rows) <= 200


def test_out_of_memory_in_the_middle_is_a_sentence(
    tmp_path, processed, train, program, monkeypatch, capfd
):
    forward = program.summed_loss
    calls = []

    def later(model, row):
        calls.append(row)
        if len(calls) > 9:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return forward(model, row)

    monkeypatch.setattr(program, "summed_loss", later)
    assert train(processed, *TINY, "--out", tmp_path / "runs/a") == 2
    assert "out of memory" in capfd.readouterr().err


def test_other_errors_are_not_taken_for_memory():
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))


def unigram_entropy(material):
    """Nats per scored token of the best model that knows how often each token is, and no more."""
    row = pack(material.validation, np.arange(len(material.validation.lengths)), SYS_KIND)
    counts = Counter(row.targets.tolist())
    total = counts.total()
    return -sum(count / total * math.log(count / total) for count in counts.values())


def test_a_tiny_model_learns_more_than_how_often_words_are(tmp_path, processed, train, material):
    run = tmp_path / "runs/a"
    arguments = ("--epochs", 12, "--lr", 3e-3, "--out", run)
    assert train(processed, *TINY, *arguments) == 0
    best = json.loads((run / "run.json").read_text())["row"]["sys_loss"]
    assert best < unigram_entropy(material) - 0.5


def test_fifty_dialogues_are_learnt_by_heart_and_end_where_they_should(tmp_path, train):
    dialogues = {turns[0]: turns for turns in chats(400, seed=5)}  # one answer to each question
    dialogues = list(dialogues.values())[:50]
    assert len(dialogues) == 50
    processed = write_corpus(tmp_path / "processed", dialogues * 20, dialogues[:5])
    run = tmp_path / "runs/a"
    arguments = ("--dropout", 0, "--epochs", 3, "--lr", 5e-3, "--out", run)
    assert train(processed, *TINY, *arguments) == 0
    model = AutoModelForCausalLM.from_pretrained(run / "last")
    vocabulary = load_vocabulary(processed / "_tokenizer.json")
    prompts, replies = [], []
    for turns in dialogues:
        prompts.append(vocabulary.prompt(turns[0]))
        answer = vocabulary.tokenizer.encode(turns[1], add_special_tokens=False).ids
        replies.append([*answer, vocabulary.usr if len(turns) > 2 else vocabulary.eos])
    assert generate(model.eval(), vocabulary, prompts) == replies
    assert prompts[0][-1] == SYS
