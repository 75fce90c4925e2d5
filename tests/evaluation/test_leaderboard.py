"""What an evaluation does to the leaderboard, and `train.py --eval`."""

import csv
import json
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from corpora import ROOT

from corpus.__main__ import main
from corpus.evaluation import command
from corpus.training.leaderboard import write_leaderboard

COLUMNS = ("hits_at_1", "distinct_2", "loops", "copied", "performance")
TINY = ("--model", "tiny", "--device", "cpu", "--threads", "1", "--batch-tokens", "512")
pytestmark = pytest.mark.usefixtures("short_replies")


@pytest.fixture(scope="module")
def train():
    spec = spec_from_file_location("train", ROOT / "train.py")
    module = sys.modules["train"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda *words: module.main([*map(str, words), *TINY])


def board(folder):
    text = (folder / "leaderboard.csv").read_text()
    return {row["run"]: row for row in csv.DictReader(text.splitlines())}


def test_a_run_is_evaluated_at_its_end_and_after_more_training_not_yet(
    processed, train, tmp_path, capsys
):
    runs = tmp_path / "runs"
    assert train(processed, "--out", runs / "a", "--epochs", 1, "--eval") == 0
    assert "Read it: " in capsys.readouterr().out
    found = json.loads((runs / "a/eval/eval.json").read_text())["rows"]["greedy"]
    row = board(runs)["a"]
    assert row["performance"] == "a/eval/eval.md"
    assert row["hits_at_1"] == f"{100 * found['hits_at_1']:.1f}%"
    assert row["distinct_2"] == f"{found['distinct_2']:.3f}"
    assert "| [eval.md](a/eval/eval.md) |" in (runs / "leaderboard.md").read_text()
    assert (runs / row["performance"]).is_file()

    assert train(processed, "--out", runs / "b", "--epochs", 1) == 0
    rows = board(runs)
    assert rows["a"] == row | {"rank": rows["a"]["rank"]}
    assert [rows["b"][one] for one in COLUMNS] == [""] * 5

    assert train(processed, "--out", runs / "a", "--epochs", 2) == 0
    assert [board(runs)["a"][one] for one in COLUMNS] == [""] * 5
    assert main(["eval", str(runs / "a"), str(processed), "--n", "10"]) == 0
    assert board(runs)["a"]["performance"] == "a/eval/eval.md"

    assert train(processed, "--out", runs / "a", "--epochs", 1, "--fresh") == 0
    assert not (runs / "a/eval").exists()
    assert [board(runs)["a"][one] for one in COLUMNS] == [""] * 5


def test_the_rank_stays_by_the_loss(tmp_path):
    for name, loss, hits in (("good", 3.0, 0.1), ("bad", 4.0, 0.9)):
        numbers = {"hits_at_1": hits, "distinct_2": 0.5, "loops": 0.0, "copied": 0.0}
        evaluation = tmp_path / name / "eval"
        evaluation.mkdir(parents=True)
        (tmp_path / name / ".states/000001/model").mkdir(parents=True)
        (tmp_path / name / "best").symlink_to(".states/000001/model")
        row = {"run": name, "date": "2026-11-27", "sys_loss": loss}
        (tmp_path / name / "run.json").write_text(json.dumps({"row": row}))
        found = {"state": "000001", "rows": {"greedy": numbers}}
        (evaluation / "eval.json").write_text(json.dumps(found))
    write_leaderboard(tmp_path)
    rows = board(tmp_path)
    assert (rows["good"]["rank"], rows["bad"]["rank"]) == ("1", "2")
    assert (rows["good"]["hits_at_1"], rows["bad"]["hits_at_1"]) == ("10.0%", "90.0%")


@pytest.mark.parametrize("torn", ["", "[]", "{}", '{"state": "000001", "rows": {}}'])
def test_a_torn_evaluation_leaves_its_columns_empty(torn, tmp_path):
    (tmp_path / "a/eval").mkdir(parents=True)
    row = {"run": "a", "date": "2026-11-27", "sys_loss": 3.0}
    (tmp_path / "a/run.json").write_text(json.dumps({"row": row}))
    (tmp_path / "a/eval/eval.json").write_text(torn)
    write_leaderboard(tmp_path)
    assert [board(tmp_path)["a"][one] for one in COLUMNS] == [""] * 5


def test_what_an_evaluation_needs_is_asked_for_before_the_training(
    processed, train, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(command, "_NEEDED", ("sacrebleu_that_is_not_there",))
    assert train(processed, "--out", tmp_path / "runs/a", "--eval") == 2
    assert 'pip install -e ".[eval]"' in capsys.readouterr().err
    assert not (tmp_path / "runs/a").exists()


@pytest.mark.parametrize("other", ["--dry-run", "--eval-only"])
def test_an_evaluation_without_a_training_is_another_verb(other, processed, train, capsys):
    with pytest.raises(SystemExit):
        train(processed, "--eval", other)
    assert "--eval follows a training" in capsys.readouterr().err
