"""The command line: what is refused, and that it answers at once."""

import subprocess
import sys

import pytest
from corpora import ROOT

from corpus.training.options import parse_options


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as refusal:
        parse_options([*arguments], None)
    assert refusal.value.code == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_help_loads_neither_torch_nor_numpy():
    code = f"""if True:
        import sys
        sys.path.insert(0, {str(ROOT)!r})
        import train
        try:
            train.main(["--help"])
        except SystemExit:
            loaded = {{"torch", "transformers", "numpy", "pyarrow"}} & set(sys.modules)
            sys.exit(f"loaded: {{loaded}}" if loaded else 0)
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--labels" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sources", "topic", "summary", "processed"],
        ["processed", "--sources", "topic", "summary"],
        ["--sources", "topic", "summary", "--lr", "1e-4", "processed"],
    ],
)
def test_the_folder_may_stand_behind_the_sources(arguments):
    options = parse_options(arguments, None)
    assert options.sources == ["topic", "summary"]
    assert str(options.processed) == "processed"


def test_the_folder_may_stand_behind_the_mix():
    options = parse_options(["--mix", "summary=0.5", "topic=2", "processed"], None)
    assert options.mix == {"topic": 2.0, "summary": 0.5}
    assert str(options.processed) == "processed"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "name the folder of the corpus"),
        (["p", "--sources", "topics"], "'topics' is none of topic,"),
        (["p", "--grid", "--labels", "shift"], "leave --labels out"),
        (["p", "--grid", "--eval-only"], "leave --grid out"),
        (["p", "--min-lr", "1"], "--min-lr 1 is above --lr"),
        (["p", "--schedule", "wsd", "--warmup", "0.6", "--cooldown", "0.6"], "more than all steps"),
        (["p", "--mix", "topic"], "'topic' is no source and number, such as topic=0.5"),
        (["p", "--mix", "topic=-1"], "no source and number"),
        (["p", "--mix", "topic=inf"], "no source and number"),
        (["p", "--mix", "nothing=1"], "no source and number"),
    ],
)
def test_what_contradicts_itself_is_refused_in_a_sentence(capsys, arguments, sentence):
    assert sentence in refused(capsys, *arguments)
