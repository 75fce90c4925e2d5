import csv
import json
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
import torch

from corpus.records import CorpusError
from corpus.training.card import model_card
from corpus.training.curve import write_curve
from corpus.training.evaluate import Losses
from corpus.training.leaderboard import run_row, write_leaderboard
from corpus.training.lineage import Ancestor, Lineage
from corpus.training.log import Log, read_log
from corpus.training.options import parse_options
from corpus.training.progress import Evaluation, Progress
from corpus.training.run_folder import open_run, run_name, write_run
from corpus.training.samples import draw_samples, generate, make_prompts, write_samples

TWO_EPOCHS = Progress(
    step=20,
    tokens=9000,
    seconds=3.0,
    epoch_losses=[4.2901, 3.797],
    evaluations=[
        Evaluation(0, Losses(8.9, 8.5, 8.4)),
        Evaluation(10, Losses(3.9, 3.5, 3.4)),
        Evaluation(15, Losses(3.8, 3.25, 3.3)),
        Evaluation(20, Losses(3.7, 3.3, 3.2)),
    ],
)


def row(run, labels="all-sys", progress=TWO_EPOCHS, date="2026-01-01 10:00:00"):
    return run_row(
        run=run,
        model="skt/kogpt2-base-v2",
        sources="topic+summary",
        state="Done",
        date=date,
        labels=labels,
        comment="short | good",
        seed=7,
        corpus_hash="0123456789abcdef",
        progress=progress,
        steps_per_epoch=10,
    )


def leaderboard(tmp_path, *rows):
    for one in rows:
        (tmp_path / one["run"]).mkdir(exist_ok=True)
        write_run(tmp_path / one["run"], {}, one)
    write_leaderboard(tmp_path)
    return list(csv.DictReader((tmp_path / "leaderboard.csv").read_text().splitlines()))


def test_a_row_of_the_leaderboard_has_the_columns_of_2023_and_what_compares(tmp_path):
    (found,) = leaderboard(tmp_path, row("a"))
    assert found == {
        "rank": "1",
        "index": "1",
        "model": "skt/kogpt2-base-v2",
        "epochs": "2",
        "data_type": "topic+summary",
        "state": "Done",
        "date": "2026-01-01 10:00:00",
        "label": "all-sys",
        "loss": "4.290 3.797",
        "val_loss": "3.500 3.300",
        "comment": "short | good",
        "sys_loss": "3.25",
        "sys_perplexity": "25.79",
        "before_sys_loss": "8.5",
        "test_sys_loss": "",
        "hits_at_1": "",
        "distinct_2": "",
        "loops": "",
        "copied": "",
        "performance": "",
        "tokens_per_second": "3000",
        "seed": "7",
        "corpus_hash": "0123456789ab",
        "run": "a",
    }
    table = (tmp_path / "leaderboard.md").read_text()
    assert "4.290 → 3.797" in table
    assert r"short \| good" in table
    assert "[a](a)" in table


@pytest.mark.parametrize(
    ("labels", "val_loss"),
    [
        ("input", "3.900 3.700"),
        ("shift", "3.900 3.700"),
        ("all-sys", "3.500 3.300"),
        ("last-sys", "3.400 3.200"),
    ],
)
def test_val_loss_is_over_what_the_strategy_trains_on(tmp_path, labels, val_loss):
    assert leaderboard(tmp_path, row("a", labels))[0]["val_loss"] == val_loss


def test_runs_are_ranked_by_the_loss_on_replies_and_numbered_by_date(tmp_path):
    better = Progress(step=10, evaluations=[Evaluation(10, Losses(9.0, 1.0, 9.0))])
    found = leaderboard(
        tmp_path,
        row("old", date="2026-01-01 10:00:00"),
        row("new", date="2026-01-03 10:00:00", progress=better),
        row("unjudged", date="2026-01-02 10:00:00", progress=Progress()),
    )
    assert [one["run"] for one in found] == ["new", "old", "unjudged"]
    assert [one["index"] for one in found] == ["3", "1", "2"]
    assert found[2]["sys_loss"] == ""


def test_a_foreign_run_json_does_no_harm(tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/run.json").write_text("[]")
    assert [one["run"] for one in leaderboard(tmp_path, row("a"))] == ["a"]


def test_the_curve_is_a_picture_of_four_curves(tmp_path):
    entries = [{"step": step, "loss": 9.0 - step / 100} for step in range(1, 500)]
    entries += [
        {"step": step, "validation": {"all": 6.0, "sys": 5.5, "last_sys": 5.25}}
        for step in (250, 499)
    ]
    write_curve(tmp_path / "curve.svg", entries, labels="all-sys", total=1000)
    svg = "{http://www.w3.org/2000/svg}"
    picture = ET.parse(tmp_path / "curve.svg").getroot()
    lines = [line.get("points").split() for line in picture.iter(f"{svg}polyline")]
    assert [len(line) for line in lines] == [125, 2, 2, 2]
    assert len(list(picture.iter(f"{svg}circle"))) == 6
    texts = [text.text for text in picture.iter(f"{svg}text")]
    assert "validation, <sys> 5.500" in texts
    places = [tuple(map(float, point.split(","))) for line in lines for point in line]
    assert all(0 <= x <= 820 and 0 <= y <= 420 for x, y in places)


@pytest.mark.parametrize("entries", [[], [{"step": 1, "loss": 5.0}]])
def test_there_is_a_curve_before_there_is_much_to_draw(tmp_path, entries):
    write_curve(tmp_path / "curve.svg", entries, labels="input", total=10)
    ET.parse(tmp_path / "curve.svg")


KOGPT2 = Lineage("skt/kogpt2-base-v2", on_hub=True)
RUN = Ancestor("kogpt2-base-v2-all-sys-0a1b2c3d", "abc123", "topic", "all-sys", 20)


def card(**changes):
    return model_card(
        **{
            "lineage": KOGPT2.after(RUN),
            "base_licence": None,
            "sources": "topic",
            "corpus_hash": "abc123",
            "labels": "all-sys",
            "seed": 0,
            "progress": TWO_EPOCHS,
        }
        | changes
    )


def test_the_card_names_base_licence_corpus_and_losses():
    text = card()
    assert text.startswith("---\n")
    for part in (
        "base_model: skt/kogpt2-base-v2\n",
        "license: cc-by-nc-sa-4.0\n",
        "SKT AI",
        "abc123",
        "| 15 | 3.8000 (44.7) | 3.2500 (25.8) | 3.3000 (27.1) |",
    ):
        assert part in text


def test_the_card_of_a_model_from_scratch_claims_no_base():
    text = card(lineage=Lineage("tiny", on_hub=False).after(RUN))
    assert "base_model" not in text
    assert "license:" not in text


def test_a_local_copy_of_kogpt2_keeps_its_licence():
    text = card(lineage=Lineage("m", on_hub=False), base_licence="CC-BY-NC-SA 4.0")
    assert "license: cc-by-nc-sa-4.0" in text
    assert "base_model" not in text, "the hub refuses a card with a local path as base"


def test_the_card_tells_the_base_and_every_run_before():
    text = card(lineage=KOGPT2.after(RUN).after(replace(RUN, run="mine")))
    assert "base_model: skt/kogpt2-base-v2\n" in text
    assert "- `kogpt2-base-v2-all-sys-0a1b2c3d`: 20 steps with `all-sys`" in text
    assert "`mine`" not in text, "it is the run that the card is of"


def test_the_log_goes_on_where_the_last_save_was(tmp_path):
    log = Log(tmp_path, log_bytes=0, step=0)
    log.write(1, loss=2.0, text="가\u2028나")
    saved = log.sync()
    log.write(2, loss=1.0)
    log.close()
    again = Log(tmp_path, log_bytes=saved, step=1)
    again.write(2, loss=0.5)
    again.close()
    assert read_log(tmp_path) == [
        {"step": 1, "loss": 2.0, "text": "가\u2028나"},
        {"step": 2, "loss": 0.5},
    ]


def test_a_log_that_a_power_cut_tore_is_read_up_to_there(tmp_path):
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n{"step": 2, "lo')
    assert read_log(tmp_path) == [{"step": 1}]
    Log(tmp_path, log_bytes=10_000, step=1).close()  # no zeros to fill it up
    assert read_log(tmp_path) == [{"step": 1}]


def test_samples_stop_at_the_end_of_a_turn_and_disturb_nothing(tmp_path, model, material):
    prompts = make_prompts(material.vocabulary, material.validation.sequences, shift=False)
    assert len(prompts) == 6
    assert prompts[0].ids[0] == 2
    assert prompts[0].ids[-1] == 4
    assert prompts[0].reply is None
    assert prompts[3].ids[-1] == 4
    assert prompts[3].reply
    state = torch.random.get_rng_state()
    samples = draw_samples(model, material.vocabulary, prompts, seed=0)
    assert torch.equal(state, torch.random.get_rng_state())
    assert model.training
    assert samples == draw_samples(model, material.vocabulary, prompts, seed=0)
    for reply in generate(model, material.vocabulary, [prompt.ids for prompt in prompts]):
        assert not set(reply[:-1]) & {1, 2}
    write_samples(tmp_path / "samples.md", [{"step": 1000, "samples": samples}])
    text = (tmp_path / "samples.md").read_text()
    assert "## After step 1,000" in text
    assert prompts[3].reply in text


def test_a_shift_model_is_prompted_with_its_start(material):
    for prompt in make_prompts(material.vocabulary, material.validation.sequences, shift=True)[:3]:
        assert prompt.ids[:2] == [0, 2]


def test_the_same_options_name_the_same_run():
    identity = {"model": "a/b", "labels": "input", "seed": 0}
    assert run_name("b", identity) == run_name("b", dict(reversed(identity.items())))
    assert run_name("b", identity).startswith("b-input-")
    assert run_name("b", identity) != run_name("b", identity | {"seed": 1})


def test_two_processes_cannot_train_in_one_folder(tmp_path):
    with (
        open_run(tmp_path / "run", {}, fresh=False),
        pytest.raises(CorpusError, match="another train"),
        open_run(tmp_path / "run", {}, fresh=False),
    ):
        pass


def test_a_run_with_other_options_is_refused_by_name(tmp_path):
    with open_run(tmp_path, {"lr": 1e-3}, fresh=False):
        write_run(tmp_path, {"lr": 1e-3}, {})
    with (
        pytest.raises(CorpusError, match=r"with lr 0\.001, not 0\.002"),
        open_run(tmp_path, {"lr": 2e-3}, fresh=False),
    ):
        pass


def test_fresh_removes_the_run_and_nothing_else(tmp_path):
    with open_run(tmp_path, {"lr": 1}, fresh=False):
        write_run(tmp_path, {"lr": 1}, {})
    (tmp_path / ".states/000001").mkdir(parents=True)
    (tmp_path / "last").symlink_to(".states/000001")
    (tmp_path / "notes.txt").write_text("mine")
    with open_run(tmp_path, {"lr": 2}, fresh=True):
        pass
    assert [path.name for path in tmp_path.iterdir() if path.name != ".lock"] == ["notes.txt"]


def test_a_folder_of_other_files_is_no_place_for_a_run(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with (
        pytest.raises(CorpusError, match="other files"),
        open_run(tmp_path, {}, fresh=False),
    ):
        pass


def test_defaults_depend_on_the_model():
    kogpt2 = parse_options(["processed"], None)
    tiny = parse_options(["processed", "--model", "tiny"], None)
    assert (kogpt2.lr, kogpt2.batch_tokens) == (5e-5, 8192)
    assert (tiny.lr, tiny.batch_tokens) == (1e-3, 2048)
    assert json.dumps(kogpt2.labels) == '"all-sys"'


@pytest.mark.parametrize(
    "wrong", [["--epochs", "0"], ["--dropout", "1"], ["--lr", "-1"], ["--labels", "all"]]
)
def test_a_wrong_option_is_refused(wrong):
    with pytest.raises(SystemExit) as refusal:
        parse_options(["processed", *wrong], None)
    assert refusal.value.code == 2
