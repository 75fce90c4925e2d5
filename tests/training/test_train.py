"""Whole runs of train.py, in this process."""

import errno
import json
import math
import os
import signal
from collections import Counter
from functools import cache

import numpy as np
import pytest
import torch
from corpora import SYS, chats, write_corpus
from transformers import AutoModelForCausalLM, AutoTokenizer

from corpus.training import checkpoint, optimiser
from corpus.training import step as stepping
from corpus.training.labels import SYS as SYS_KIND
from corpus.training.log import Log, read_log
from corpus.training.material import read_material
from corpus.training.memory import is_out_of_memory
from corpus.training.packing import pack
from corpus.training.samples import generate
from corpus.training.shards import open_corpus
from corpus.training.vocabulary import load_vocabulary

TINY = ("--model", "tiny", "--batch-tokens", 512)
TWO_EPOCHS = (*TINY, "--epochs", 2, "--eval-every", 4)
STILL = (*TINY, "--epochs", 1, "--dropout", 0, "--precision", "fp32")


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


@pytest.fixture(scope="module")
def whole(tmp_path_factory, processed, train):
    """A run of two epochs that nothing disturbs: `whole("fp32")` returns its folder.

    "auto" is bfloat16 on a CPU that is fast at it.
    """
    folder = tmp_path_factory.mktemp("whole") / "runs"

    @cache
    def run(precision):
        arguments = (*TWO_EPOCHS, "--precision", precision, "--comment", "a try")
        assert train(processed, *arguments, "--out", folder / precision) == 0
        return folder / precision

    return run


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


def test_a_run_leaves_everything_that_people_look_at(whole):
    run = whole("fp32")
    for name in (
        "log.jsonl",
        "curve.svg",
        "samples.md",
        "last/README.md",
        "best/config.json",
        "last/chat.json",
        "best/chat.json",
        "best/lineage.json",
    ):
        assert (run / name).stat().st_size > 0, name
    board = (run.parent / "leaderboard.md").read_text()
    assert "| a try |" in board
    assert "| Done |" in board
    assert (run.parent / "leaderboard.csv").exists()
    AutoModelForCausalLM.from_pretrained(run / "last")
    assert len(AutoTokenizer.from_pretrained(run / "best")) == 4000


def test_tensorboard_shows_the_same_numbers(whole):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(whole("fp32") / "tensorboard"))
    events.Reload()
    shown = {event.step: event.value for event in events.Scalars("loss")}
    assert shown == pytest.approx(dict(losses(whole("fp32"))), rel=1e-6)
    assert [event.step for event in events.Scalars("validation/sys")] == [0, 4, 6, 8, 12]


@pytest.mark.parametrize(
    ("number", "precision"), [(signal.SIGTERM, "fp32"), (signal.SIGINT, "auto")]
)
def test_a_stopped_run_goes_on_to_the_same_bits_with_dropout_on(
    tmp_path, processed, train, stop_at, monkeypatch, whole, number, precision
):
    whole, stopped = whole(precision), tmp_path / "runs/stopped"
    arguments = (processed, *TWO_EPOCHS, "--precision", precision, "--out", stopped)
    at = int(np.random.default_rng().integers(1, len(losses(whole))))
    print(f"stopped after step {at}")
    with monkeypatch.context():
        stop_at(at, number)
        assert train(*arguments) == 130
        assert json.loads((stopped / "run.json").read_text())["row"]["state"] == "Interrupted"
        assert len(losses(stopped)) == at
    monkeypatch.undo()
    assert train(*arguments) == 0
    assert state_files(stopped) == state_files(whole)
    assert weights(stopped, "best") == weights(whole, "best")
    assert losses(stopped) == losses(whole)
    assert (stopped / "samples.md").read_text() == (whole / "samples.md").read_text()


def test_a_run_that_was_killed_goes_on_from_its_last_save(
    tmp_path, processed, train, monkeypatch, whole
):
    """Nothing is saved when the power goes: what was logged since the save is done again."""
    killed = tmp_path / "runs/killed"
    arguments = (processed, *TWO_EPOCHS, "--precision", "fp32", "--save-every", 5, "--out", killed)
    write = Log.write

    class PowerCutError(BaseException):
        pass

    def die_at_11(self, step, **entry):
        write(self, step, **entry)
        if step == 11:
            raise PowerCutError

    with monkeypatch.context() as patch:
        patch.setattr(Log, "write", die_at_11)
        with pytest.raises(PowerCutError):
            train(*arguments)
    assert len(losses(killed)) == 11
    assert json.loads((killed / "last/../progress.json").read_text())["step"] == 10
    assert train(*arguments) == 0
    assert state_files(killed) == state_files(whole("fp32"))
    assert losses(killed) == losses(whole("fp32"))


@pytest.fixture
def late(monkeypatch):
    """Read the numbers of a step one step later, as on a GPU."""
    monkeypatch.setattr(stepping, "reads_late", lambda run: True)


def test_numbers_that_are_read_late_come_to_the_same_bits(tmp_path, processed, train, whole, late):
    run = tmp_path / "runs/late"
    arguments = (*TWO_EPOCHS, "--precision", "fp32", "--save-every", 3, "--out", run)
    assert train(processed, *arguments) == 0
    assert state_files(run) == state_files(whole("fp32"))
    assert losses(run) == losses(whole("fp32"))


@pytest.mark.parametrize("at", [1, 5, 6, 11])
def test_a_run_that_reads_late_stops_between_two_steps(
    tmp_path, processed, train, whole, stop_at, monkeypatch, at
):
    """The step that was launched after the wish changes nothing."""
    run = tmp_path / "runs/late"
    arguments = (processed, *TWO_EPOCHS, "--precision", "fp32", "--out", run)
    with monkeypatch.context() as patch:
        patch.setattr(stepping, "reads_late", lambda run: True)
        stop_at(at)
        assert train(*arguments) == 130
    monkeypatch.undo()
    done = json.loads((run / "last").resolve().parent.joinpath("progress.json").read_text())
    assert at <= done["step"] <= at + 1
    assert len(losses(run)) == done["step"]
    assert train(*arguments) == 0
    assert state_files(run) == state_files(whole("fp32"))
    assert losses(run) == losses(whole("fp32"))


def test_a_loss_that_is_no_number_is_found_late_too(tmp_path, few, train, capfd, late):
    run = tmp_path / "runs/a"
    arguments = ("--epochs", 9, "--lr", 1e30, "--clip", 1e30, "--out", run)
    assert train(few, *TINY, *arguments) == 2
    assert "no finite number" in capfd.readouterr().err.splitlines()[-1]


def test_float16_learns_stops_and_goes_on_to_the_same_bits(
    tmp_path, few, train, stop_at, monkeypatch
):
    """What a T4 computes, on a CPU, which is slow at it; the scale of the loss is saved."""
    runs = [tmp_path / "runs/whole", tmp_path / "runs/stopped", tmp_path / "runs/fp32"]
    options = (few, *TINY, "--epochs", 2, "--lr", 2e-3)
    arguments = (*options, "--precision", "fp16")
    assert train(*arguments, "--out", runs[0]) == 0
    with monkeypatch.context():
        stop_at(3)
        assert train(*arguments, "--out", runs[1]) == 130
    monkeypatch.undo()
    assert train(*arguments, "--out", runs[1]) == 0
    assert train(*options, "--precision", "fp32", "--out", runs[2]) == 0
    assert state_files(runs[0]) == state_files(runs[1])
    progress = state_files(runs[0])[2]
    assert progress["loss_scale"] == 65536.0
    assert progress["scale_steps"] == 4
    ends = [dict(losses(run)) for run in runs]
    assert ends[0][4] == pytest.approx(ends[2][4], rel=0.02)
    assert ends[0][4] < 0.9 * ends[0][1]


def test_a_float16_gradient_that_overflows_costs_a_step_and_is_told(
    tmp_path, few, train, monkeypatch, capfd
):
    monkeypatch.setattr(optimiser, "_FIRST_SCALE", 2.0**20)
    run = tmp_path / "runs/a"
    arguments = ("--precision", "fp16", "--epochs", 4, "--patience", 0, "--out", run)
    assert train(few, *TINY, *arguments) == 0
    skipped = [entry["step"] for entry in read_log(run) if "skipped" in entry]
    assert skipped
    assert len(skipped) < 8
    assert f"{len(skipped)} steps were skipped" in capfd.readouterr().out
    assert state_files(run)[2]["skipped"] == len(skipped)


@pytest.fixture(scope="module")
def still(tmp_path_factory, processed, train):
    """A run of one epoch without dropout, in float32."""
    run = tmp_path_factory.mktemp("still") / "runs/still"
    assert train(processed, *STILL, "--out", run) == 0
    return run


def test_dropout_is_on_in_the_tests_above(whole, still):
    assert losses(whole("fp32"))[0] != losses(still)[0]


def test_neither_micro_batches_nor_the_save_interval_change_the_steps(
    tmp_path, processed, train, still
):
    runs = [still, tmp_path / "runs/smaller", tmp_path / "runs/saved"]
    assert train(processed, *STILL, "--out", runs[1], "--micro-tokens", 64) == 0
    assert train(processed, *STILL, "--out", runs[2], "--save-every", 1) == 0
    first, smaller, saved = map(losses, runs)
    assert [step for step, _ in smaller] == [step for step, _ in first]
    assert [loss for _, loss in smaller] == pytest.approx([loss for _, loss in first], rel=1e-4)
    assert saved == first
    assert weights(runs[2]) == weights(still)


def test_a_finished_run_says_so_and_stays_as_it_is(tmp_path, few, train, capfd):
    arguments = (few, *TINY, "--epochs", 1, "--out", tmp_path / "runs/a")
    assert train(*arguments) == 0
    told = capfd.readouterr().out
    assert "20 dialogues" in told
    assert "validation loss on <sys>" in told
    assert "leaderboard.md" in told
    before = state_files(tmp_path / "runs/a")
    assert train(*arguments) == 0
    assert "is finished" in capfd.readouterr().out
    assert state_files(tmp_path / "runs/a") == before
    assert train(*arguments, "--fresh") == 0
    assert state_files(tmp_path / "runs/a") == before


def test_a_run_goes_on_with_the_same_options_only(processed, train, capfd, still):
    assert train(processed, *STILL, "--out", still, "--lr", 0.5) == 2
    assert "was started with lr 0.001, not 0.5" in capfd.readouterr().err


def test_patience_ends_a_run_that_gets_no_better(tmp_path, few, train):
    run = tmp_path / "runs/a"
    arguments = ("--epochs", 9, "--lr", 0, "--patience", 2, "--out", run)
    assert train(few, *TINY, *arguments) == 0
    row = json.loads((run / "run.json").read_text())["row"]
    assert (row["state"], row["epochs"]) == ("Stopped early", 3)
    assert (run / "best").resolve() != (run / "last").resolve()


def test_patience_0_never_ends_a_run(tmp_path, few, train):
    run = tmp_path / "runs/a"
    arguments = ("--epochs", 4, "--lr", 0, "--patience", 0, "--out", run)
    assert train(few, *TINY, *arguments) == 0
    assert json.loads((run / "run.json").read_text())["row"]["epochs"] == 4


def test_the_grid_runs_four_strategies_into_one_leaderboard(tmp_path, few, train):
    arguments = ("--epochs", 1, "--grid", "--out", tmp_path / "runs/grid")
    assert train(few, *TINY, *arguments) == 0
    board = (tmp_path / "runs/leaderboard.csv").read_text().splitlines()
    assert len(board) == 5
    for labels in ("input", "last-sys", "all-sys", "shift"):
        assert (tmp_path / f"runs/grid-{labels}/best/config.json").exists()


def test_a_name_is_found_for_a_run_that_has_none(tmp_path, few, train, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train(few, *TINY, "--epochs", 1) == 0
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


@pytest.mark.parametrize("epochs", [1, 9])
def test_a_loss_that_is_no_number_ends_in_a_sentence(tmp_path, few, train, capfd, epochs):
    """At the next step, or where there is none, when the model is validated."""
    run = tmp_path / "runs/a"
    arguments = ("--epochs", epochs, "--lr", 1e30, "--clip", 1e30, "--out", run)
    assert train(few, *TINY, *arguments) == 2
    error = capfd.readouterr().err.splitlines()[-1]
    assert "no finite number" in error
    assert "--lr" in error
    assert json.loads((run / "run.json").read_text())["row"]["state"] == "Diverged"


def test_a_full_disk_ends_in_a_sentence_and_the_run_goes_on(
    tmp_path, few, train, monkeypatch, capfd
):
    arguments = (few, *TINY, "--epochs", 2, "--out", tmp_path / "runs/a")
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
    tmp_path, processed, train, monkeypatch, still
):
    forward = stepping.summed_loss
    rows = []

    def narrow(model, row, pieces):
        if len(row.ids) > 200:
            raise torch.OutOfMemoryError("CUDA out of memory")
        rows.append(len(row.ids))
        return forward(model, row, pieces)

    monkeypatch.setattr(stepping, "summed_loss", narrow)
    assert train(processed, *STILL, "--out", tmp_path / "runs/narrow") == 0
    roomy, tight = losses(still), losses(tmp_path / "runs/narrow")
    assert [loss for _, loss in tight] == pytest.approx([loss for _, loss in roomy], rel=1e-4)
    assert max(rows) <= 200


def test_out_of_memory_in_the_middle_is_a_sentence(tmp_path, processed, train, monkeypatch, capfd):
    forward = stepping.summed_loss
    calls = []

    def later(model, row, pieces):
        calls.append(row)
        if len(calls) > 9:
            raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
        return forward(model, row, pieces)

    monkeypatch.setattr(stepping, "summed_loss", later)
    assert train(processed, *TINY, "--out", tmp_path / "runs/a") == 2
    assert "out of memory" in capfd.readouterr().err


def test_other_errors_are_not_taken_for_memory():
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
    assert not is_out_of_memory(ValueError("can't allocate memory"))


def unigram_entropy(material):
    """Nats per scored token of the best model that knows how often each token is, and no more."""
    sequences = material.validation.sequences
    row = pack(sequences, np.arange(len(sequences.lengths)), SYS_KIND)
    counts = Counter(row.targets.tolist())
    total = counts.total()
    return -sum(count / total * math.log(count / total) for count in counts.values())


@pytest.fixture(scope="module")
def by_heart(tmp_path_factory, train):
    """25 dialogues, the corpus that repeats them 20 times, and a run that learnt them by heart."""
    folder = tmp_path_factory.mktemp("by_heart")
    dialogues = {turns[0]: turns for turns in chats(400, seed=5)}  # one answer to each question
    dialogues = list(dialogues.values())[:25]
    assert len(dialogues) == 25
    corpus = write_corpus(folder / "processed", dialogues * 20, chats(30, seed=1))
    arguments = ("--dropout", 0, "--epochs", 3, "--lr", 5e-3, "--patience", 0)
    assert train(corpus, *TINY, *arguments, "--out", folder / "runs/a") == 0
    return dialogues, corpus, folder / "runs/a"


def test_a_tiny_model_learns_more_than_how_often_words_are(by_heart):
    """Of dialogues that it never saw."""
    _, corpus, run = by_heart
    best = json.loads((run / "run.json").read_text())["row"]["sys_loss"]
    material = read_material(open_corpus(corpus), "all-sys", [])
    assert best < unigram_entropy(material) - 0.5


def test_all_dialogues_are_learnt_by_heart_and_end_where_they_should(by_heart):
    dialogues, corpus, run = by_heart
    model = AutoModelForCausalLM.from_pretrained(run / "last")
    vocabulary = load_vocabulary(corpus / "_tokenizer.json")
    prompts, replies = [], []
    for turns in dialogues:
        prompts.append(vocabulary.prompt(turns[0]))
        answer = vocabulary.tokenizer.encode(turns[1], add_special_tokens=False).ids
        replies.append([*answer, vocabulary.usr if len(turns) > 2 else vocabulary.eos])
    assert generate(model.eval(), vocabulary, prompts) == replies
    assert {reply[-1] for reply in replies} == {vocabulary.usr, vocabulary.eos}
    assert prompts[0][-1] == SYS
