"""Runs that are raised, changed, gone on from, and what they are scored on."""

import json
import sys
from types import SimpleNamespace

import pytest
from corpora import chats, write_corpus

from corpus.training import session, step
from corpus.training.checkpoint import find_state
from corpus.training.evaluate import Losses
from corpus.training.log import read_log
from corpus.training.speed import peak_flops

TINY = ("--model", "tiny", "--batch-tokens", 512, "--precision", "fp32")


def rates(run):
    return [entry["lr"] for entry in read_log(run) if "lr" in entry]


def row(run):
    return json.loads((run / "run.json").read_text())["row"]


@pytest.fixture
def tested(tmp_path):
    """A corpus with a test split."""
    folder = write_corpus(tmp_path / "tested", chats(40), chats(9, seed=1))
    others = write_corpus(tmp_path / "others", [], chats(12, seed=2))
    (folder / "test").mkdir()
    (others / "validation/00000.parquet").rename(folder / "test/00000.parquet")
    manifest = json.loads((folder / "_manifest.json").read_text())
    manifest["shards"].append({"path": "test/00000.parquet", "split": "test"})
    (folder / "_manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_finished_run_goes_on_when_its_epochs_are_raised(tmp_path, processed, train, capfd):
    run, short = tmp_path / "runs/a", tmp_path / "runs/short"
    assert train(processed, *TINY, "--epochs", 1, "--out", short) == 0
    assert train(processed, *TINY, "--epochs", 1, "--out", run) == 0
    assert train(processed, *TINY, "--epochs", 3, "--out", run, "--patience", 0) == 0
    assert "going on after step 6" in capfd.readouterr().out
    assert rates(run)[:6] == rates(short), "what was planned keeps its rates"
    assert max(rates(run)[6:]) == pytest.approx(1e-3), "what was added goes up and down again"
    assert rates(run)[-1] < 1e-4
    assert find_state(run).progress.ends == [1, 3]
    assert row(run)["epochs"] == 3


def test_epochs_that_are_raised_before_the_end_change_nothing_of_the_plan(
    tmp_path, processed, train, monkeypatch
):
    """The planned epochs keep their rates even so."""
    runs = [tmp_path / "runs/late", tmp_path / "runs/early"]
    assert train(processed, *TINY, "--epochs", 1, "--out", runs[0]) == 0
    with monkeypatch.context() as patch:
        take_step = session.take_step

        def stop_at_3(run):
            run.world.stop_asked = run.progress.step == 3
            return take_step(run)

        patch.setattr(session, "take_step", stop_at_3)
        assert train(processed, *TINY, "--epochs", 1, "--out", runs[1]) == 130
    for run in runs:
        assert train(processed, *TINY, "--epochs", 2, "--out", run) == 0
    assert rates(runs[0]) == rates(runs[1])
    assert [e["loss"] for e in read_log(runs[0]) if "loss" in e] == [
        e["loss"] for e in read_log(runs[1]) if "loss" in e
    ]


def test_epochs_are_not_lowered(tmp_path, few, train, capfd):
    run = tmp_path / "runs/a"
    assert train(few, *TINY, "--epochs", 2, "--out", run) == 0
    assert train(few, *TINY, "--epochs", 1, "--out", run) == 2
    assert "may be raised, not lowered" in capfd.readouterr().err


def test_patience_and_intervals_may_change(tmp_path, few, train):
    run = tmp_path / "runs/a"
    still = (few, *TINY, "--lr", 0, "--epochs", 6, "--out", run)
    assert train(*still, "--patience", 1) == 0
    assert (row(run)["state"], row(run)["epochs"]) == ("Stopped early", 2)
    assert train(*still, "--patience", 3, "--save-every", 1, "--eval-every", 1) == 0
    assert (row(run)["state"], row(run)["epochs"]) == ("Stopped early", 3)


def test_a_run_is_judged_before_its_first_step(tmp_path, few, train, capfd):
    run = tmp_path / "runs/a"
    assert train(few, *TINY, "--epochs", 1, "--out", run) == 0
    first = read_log(run)[0]
    assert first["step"] == 0
    before = first["validation"]["sys"]
    assert row(run)["before_sys_loss"] == pytest.approx(before, abs=1e-4)
    assert f"before training it was {before:.4f}" in capfd.readouterr().out
    assert find_state(run).progress.best.step > 0


def test_training_that_only_harms_is_not_hidden_by_the_score_before(tmp_path, few, train):
    run = tmp_path / "runs/a"
    assert train(few, *TINY, "--lr", 0, "--epochs", 1, "--out", run) == 0
    assert find_state(run).progress.best.step == 2


def test_the_best_model_is_scored_once_on_the_test_split(
    tmp_path, tested, train, capfd, monkeypatch
):
    run = tmp_path / "runs/a"
    arguments = (tested, *TINY, "--epochs", 3, "--patience", 0, "--out", run)
    assert train(*arguments) == 0
    assert "test: loss on <sys>" in capfd.readouterr().out
    found = row(run)["test_sys_loss"]
    assert train(tested, "--model", run / "best", "--eval-only", "--precision", "fp32") == 0
    told = capfd.readouterr().out
    assert f"test: loss on <sys> {found:.4f}" in told
    assert f"validation: loss on <sys> {row(run)['sys_loss']:.4f}" in told
    monkeypatch.setattr(session, "evaluate", None)  # would fail
    assert train(*arguments) == 0
    assert "is finished" in capfd.readouterr().out


def test_the_best_model_is_scored_and_not_the_last(tmp_path, tested, train, monkeypatch, capfd):
    """Every validation says that it gets worse."""
    run = tmp_path / "runs/a"
    evaluate, calls = session.evaluate, []

    def worse(model, sequences, rows, world):
        losses = evaluate(model, sequences, rows, world)
        calls.append(losses)
        return Losses(losses.all, len(calls), losses.last_sys) if len(calls) < 4 else losses

    monkeypatch.setattr(session, "evaluate", worse)
    assert train(tested, *TINY, "--epochs", 2, "--patience", 0, "--out", run) == 0
    monkeypatch.undo()
    assert find_state(run).progress.best.step == 2
    assert (run / "best").resolve() != (run / "last").resolve()
    capfd.readouterr()
    assert train(tested, "--model", run, "--eval-only", "--precision", "fp32") == 0
    told = capfd.readouterr().out
    assert f"test: loss on <sys> {row(run)['test_sys_loss']:.4f}" in told


def test_eval_only_writes_nothing(tmp_path, few, train, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train(few, *TINY, "--eval-only") == 0
    assert list(tmp_path.iterdir()) == []


def test_few_dialogues_are_validated_often_and_all_at_the_end(tmp_path, processed, train, capfd):
    run = tmp_path / "runs/a"
    often = ("--eval-every", 2, "--eval-dialogues", 5, "--epochs", 1)
    assert train(processed, *TINY, *often, "--out", run) == 0
    told = capfd.readouterr().out
    assert told.count("step 2: validation") == told.count("\nvalidation: loss") == 1
    progress = find_state(run).progress
    assert progress.final["validation"].sys != progress.best.losses.sys
    assert row(run)["sys_loss"] == round(progress.final["validation"].sys, 4)


def test_a_run_that_has_come_apart_is_not_done(tmp_path, few, train, capfd):
    run = tmp_path / "runs/a"
    assert train(few, *TINY, "--lr", 3, "--clip", 1e9, "--epochs", 9, "--out", run) == 2
    assert "than that of a model that knows nothing" in capfd.readouterr().err
    assert row(run)["state"] == "Diverged"


def test_a_run_goes_on_from_another_on_new_data(tmp_path, processed, few, train, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert train(processed, *TINY, "--epochs", 1) == 0
    (first,) = (path.parent for path in tmp_path.glob("runs/*/run.json"))
    assert train(few, *TINY, "--model", first, "--epochs", 1) == 0
    second = next(p.parent for p in tmp_path.glob("runs/*/run.json") if p.parent != first)
    digest = first.name.rpartition("-")[2]
    assert second.name.startswith(f"tiny-after-{digest}-all-sys-")
    lineage = json.loads((second / "best/lineage.json").read_text())
    assert (lineage["base"], lineage["on_hub"]) == ("tiny", False)
    assert [one["run"] for one in lineage["runs"]] == [first.name, second.name]
    card = (second / "best/README.md").read_text()
    assert f"- `{first.name}`: 6 steps with `all-sys`" in card
    assert "base_model" not in card
    assert row(second)["before_sys_loss"] < 8, "it begins with what was learnt"


def test_a_refused_run_leaves_no_folder(tmp_path, processed, few, train, capfd):
    run, other = tmp_path / "runs/a", tmp_path / "other"
    assert train(few, *TINY, "--model", "./nosuch", "--out", run) == 2
    assert "there is no folder ./nosuch" in capfd.readouterr().err
    assert not run.exists()
    other.mkdir()
    (other / "config.json").write_text("{}")
    for how in ((), ("--dry-run",)):
        assert train(few, *TINY, "--model", other, *how, "--out", run) == 2
        assert "no tokenizer.json" in capfd.readouterr().err
        assert not run.exists()


def test_the_same_numbers_go_to_weights_and_biases(tmp_path, few, train, monkeypatch, capfd):
    sent, opened = [], []

    class FakeRun:
        id = "abc"

        def log(self, numbers, step):
            sent.append((step, numbers))

        def finish(self):
            sent.append("finished")

    def init(**arguments):
        opened.append(arguments)
        return FakeRun()

    monkeypatch.setitem(sys.modules, "wandb", SimpleNamespace(init=init))
    run = tmp_path / "runs/a"
    for epochs in (1, 2):
        assert train(few, *TINY, "--epochs", epochs, "--wandb", "mine", "--out", run) == 0
    assert [one["id"] for one in opened] == [None, "abc"], "the same run there, too"
    assert opened[0]["project"] == "mine"
    assert opened[0]["config"]["labels"] == "all-sys"
    logged = [one for one in sent if one != "finished"]
    assert {"loss": pytest.approx(read_log(run)[2]["loss"])} in [numbers for _, numbers in logged]
    assert any("validation/sys" in numbers for _, numbers in logged)
    assert sent.count("finished") == 2

    monkeypatch.setitem(sys.modules, "wandb", None)
    assert train(few, *TINY, "--wandb", "mine", "--out", tmp_path / "runs/b") == 2
    assert "pip install wandb" in capfd.readouterr().err
    assert not (tmp_path / "runs/b").exists()


def test_a_failing_compiler_is_told_in_one_line_and_the_run_goes_on(
    tmp_path, few, train, monkeypatch, capfd
):
    from corpus.training import start
    from corpus.training.model import PLAIN, Pieces

    def broken(*_):
        raise RuntimeError("no Triton here\nsecond line")

    monkeypatch.setattr(
        start, "compiled_pieces", lambda: Pieces(broken, broken, broken, PLAIN.summed_loss)
    )
    run = tmp_path / "runs/a"
    assert train(few, *TINY, "--compile", "on", "--epochs", 1, "--out", run) == 0
    told = capfd.readouterr().out
    assert "torch.compile does not work here (RuntimeError: no Triton here)" in told
    assert "second line" not in told


@pytest.mark.parametrize(
    ("name", "half"),
    [
        ("NVIDIA H100 80GB HBM3", 989e12),
        ("NVIDIA H100 PCIe", 756e12),
        ("NVIDIA H100 NVL", 835e12),
        ("NVIDIA A100-SXM4-40GB", 312e12),
        ("NVIDIA A100 80GB PCIe", 312e12),
        ("NVIDIA A10G", 70e12),
        ("NVIDIA A10", 125e12),
        ("Tesla T4", 65e12),
        ("Tesla V100-SXM2-16GB", 125e12),
        ("NVIDIA GeForce RTX 3090", 71e12),
        ("NVIDIA RTX A1000", None),
        ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", None),
        ("AMD Instinct MI300X", None),
    ],
)
def test_a_card_is_known_by_its_whole_name(name, half):
    import torch

    assert peak_flops(name, torch.bfloat16) == half
    single = peak_flops(name, torch.float32)
    assert single is None if half is None else single < half


def test_step_is_where_the_loop_takes_its_steps():
    """The benchmarks replace `session.take_step`."""
    assert session.take_step is step.take_step
