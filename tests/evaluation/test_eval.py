"""The verb as people call it."""

import json
import shutil
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest
from corpora import chats, write_corpus
from stand_ins import save_gpt2, save_llama

from corpus.__main__ import main
from corpus.evaluation.report import plain

FILES = {"eval.json", "eval.md", "eval.svg", "replies.jsonl", "speed.json"}
ROWS = ["person", "ranked", "likelihood", "drawn", "greedy", "beam3", "stranger"]
N, FEW = ("--n", "20"), ("--n", "10")
pytestmark = pytest.mark.usefixtures("short_replies")


def run_of(gpt2, folder):
    """A run as train.py leaves it: best is a link to one of its states."""
    shutil.copytree(gpt2, folder / ".states/000003/model")
    (folder / "best").symlink_to(".states/000003/model")
    return folder


@pytest.fixture
def run(gpt2, tmp_path):
    return run_of(gpt2, tmp_path / "runs/a")


@pytest.fixture(scope="module")
def evaluated(gpt2, processed, short_replies, tmp_path_factory):
    """A run that was evaluated with seed 0, what was told, and the exit code. Only to be read."""
    run, out = run_of(gpt2, tmp_path_factory.mktemp("evaluated") / "runs/a"), StringIO()
    with redirect_stdout(out), redirect_stderr(err := StringIO()):
        code = main(["eval", str(run), str(processed), *N])
    return Evaluated(run, code, out.getvalue(), err.getvalue())


class Evaluated(NamedTuple):
    run: Path
    code: int
    out: str
    err: str

    def lines(self):
        return replies_in(self.run / "eval")


def replies_in(folder):
    text = (folder / "replies.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def call(capsys, *words):
    code = main(["eval", *map(str, words)])
    out, err = capsys.readouterr()
    return code, out, err


def read(folder):
    return json.loads((folder / "eval.json").read_text())


def test_the_same_again_gives_the_same_bytes(evaluated, processed, tmp_path, capsys):
    run, again = evaluated.run, tmp_path / "again"
    assert call(capsys, run, processed, *N, "--out", again)[0] == 0
    assert {path.name for path in (run / "eval").iterdir()} == FILES
    for name in FILES - {"speed.json"}:
        assert (run / "eval" / name).read_bytes() == (again / name).read_bytes()


def test_another_seed_draws_other_replies_to_the_same_prompts(
    evaluated, processed, tmp_path, capsys
):
    call(capsys, evaluated.run, processed, *N, "--seed", 1, "--out", tmp_path / "1")
    one, other = evaluated.lines(), replies_in(tmp_path / "1")
    assert [line["id"] for line in one] == [line["id"] for line in other]
    assert [line["replies"]["drawn"] for line in one] != [
        line["replies"]["drawn"] for line in other
    ]
    for row in ("greedy", "beam3"):
        assert [line["replies"][row] for line in one] == [line["replies"][row] for line in other]


def test_what_is_found_is_told_and_written(evaluated):
    run, code, out, err = evaluated
    assert (code, err) == (0, "")
    assert f"Read it: {run / 'eval/eval.md'}" in out
    found = read(run / "eval")
    assert list(found["rows"]) == ROWS
    assert found["prompts"] == 20
    assert found["state"] == "000003"
    assert found["model"] == "a"
    assert found["rows"]["person"]["hits_at_1"] == 1.0
    for row in ROWS:
        assert row in out
        low_high = found["rows"][row].get("hits_at_1_interval")
        assert low_high is None or low_high[0] <= found["rows"][row]["hits_at_1"] <= low_high[1]


def test_best_of_a_run_is_evaluated_in_the_folder_of_the_run(run, processed, capsys):
    row = {"run": "a", "date": "2026-11-27", "sys_loss": 3.0}
    (run / "run.json").write_text(json.dumps({"row": row}))
    assert main(["eval", str(run / "best"), str(processed), *FEW]) == 0
    assert read(run / "eval")["model"] == "a"
    assert "[eval.md](a/eval/eval.md)" in (run.parent / "leaderboard.md").read_text()


def test_a_model_of_another_kind_that_says_nothing_of_itself(tmp_path, processed, capsys):
    save_llama(tmp_path / "llama")
    code, _, err = call(capsys, tmp_path / "llama", processed, *FEW)
    assert code == 0
    assert "no chat.json" in err
    assert list(read(tmp_path / "llama/eval")["rows"]) == ROWS
    assert read(tmp_path / "llama/eval")["state"] is None


def test_replies_from_elsewhere_are_a_row(evaluated, run, processed, tmp_path, capsys):
    theirs = [
        {"id": line["id"], "reply": line["replies"]["person"]["text"]}
        for line in evaluated.lines()
        if "person" in line["replies"]
    ]
    path = tmp_path / "parrot | <b>.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in theirs))
    assert call(capsys, run, processed, *N, "--replies", path)[0] == 0
    rows = read(run / "eval")["rows"]
    assert list(rows) == [*ROWS[:-1], "parrot | <b>", "stranger"]
    same = {name: rows[path.stem][name] for name in ("chrf", "distinct_2", "words", "generic")}
    assert same == {name: rows["person"][name] for name in same}
    assert rows[path.stem]["hits_at_1"] is None
    assert "parrot \\| &lt;b>" in (run / "eval/eval.md").read_text()


def test_the_page_shows_every_row_and_twenty_dialogues(evaluated):
    run = evaluated.run
    page = (run / "eval/eval.md").read_text()
    assert all(f"`{row}`" in page for row in ROWS)
    dialogues = page.partition("## 대화 20개")[2].partition("## 첫마디 20개")
    assert dialogues[0].count("\n### ") == dialogues[2].count("\n### ") == 20
    assert dialogues[0].count("| 사람 |") == 20
    widths = {line.count(" | ") for line in page.splitlines() if line.startswith("| ")}
    assert widths <= {1, 2, len(ROWS)}  # no cell breaks its table
    picture = ET.parse(run / "eval/eval.svg").getroot()
    assert picture.tag.endswith("svg")
    dots = [one for one in picture.iter() if one.tag.endswith("circle")]
    assert len(dots) == 13 * 5 + 5  # columns by rows, and the legend


def test_a_control_token_that_no_text_shows_is_spelled_on_the_page(evaluated):
    """A random model writes them; the text of a reply is what is between them."""
    page = (evaluated.run / "eval/eval.md").read_text()
    section = page.partition("### 없는 글자")[2].partition("##")[0]
    assert section.count("\n- ") == 3
    assert all("&lt;" in line for line in section.splitlines() if line.startswith("- "))


def test_what_a_model_writes_cannot_become_markup():
    said = "<b>*굵게*</b> | [링크](http://a) `코드`\n# 제목 <!--"
    shown = plain(said)
    assert "\n" not in shown
    assert "<" not in shown.replace("&lt;", "")
    for mark in "*|[]`#":
        assert shown.count(mark) == shown.count(f"\\{mark}")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("{run}", "{processed}", "--n", "3"), "--n is 3; it may be 10 or more."),
        (("{run}", "{processed}", "--seed", "-1"), "--seed is -1"),
        (("{run}", "{processed}", "--threads", "0"), "--threads is 0"),
        (("{tmp}", "{processed}"), "holds neither a model nor a run"),
        (("{run}", "{tmp}"), "holds no finished corpus"),
        (("{run}", "{processed}", "--replies", "{tmp}/no.jsonl"), "No such file"),
        (("{other}", "{processed}"), "has another tokenizer than"),
        (("{bare}", "{processed}"), "has no tokenizer.json"),
        (("{torn}", "{processed}"), "cannot be loaded"),
    ],
)
def test_a_wrong_call_is_told_in_a_sentence(words, message, run, processed, tmp_path, capsys):
    for name in ("other", "bare", "torn"):
        save_gpt2(tmp_path / name)
    content = json.loads((tmp_path / "other/tokenizer.json").read_text())
    vocab = content["model"]["vocab"]
    first, second = list(vocab)[-2:]
    vocab[first], vocab[second] = vocab[second], vocab[first]
    (tmp_path / "other/tokenizer.json").write_text(json.dumps(content))
    (tmp_path / "bare/tokenizer.json").unlink()
    weights = tmp_path / "torn/model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    places = {"run": run, "processed": processed, "tmp": tmp_path}
    places |= {name: tmp_path / name for name in ("other", "bare", "torn")}
    (tmp_path / "empty").mkdir()
    code, out, err = call(capsys, *(word.format(**places) for word in words))
    assert (code, out) == (2, "")
    last = err.splitlines()[-1]
    assert last.startswith("corpus: ")
    assert message in last


def test_a_tokenizer_that_was_saved_again_is_the_same(run, processed, capsys):
    path = run / "best/tokenizer.json"
    content = json.loads(path.read_text())
    content["decoder"] = {"type": "Sequence", "decoders": [content["decoder"]]}
    content["truncation"] = {
        "direction": "Right",
        "max_length": 9,
        "strategy": "LongestFirst",
        "stride": 0,
    }
    path.write_text(json.dumps(content, ensure_ascii=True))
    assert call(capsys, run, processed, *FEW)[0] == 0


def test_fewer_dialogues_than_prompts_are_all_asked(run, tmp_path, capsys):
    processed = write_corpus(tmp_path / "processed", chats(60), chats(12, seed=1))
    code, _, err = call(capsys, run, processed, "--n", "500")
    assert code == 0
    assert "validation has 12 dialogues" in err
    assert read(run / "eval")["prompts"] == 12
