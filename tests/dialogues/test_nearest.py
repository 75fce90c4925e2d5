"""`--multi-party nearest`, and what the loss of an utterance does to the turns, in whole builds."""

import pytest
from raw_trees import summary_document, summary_entry, write

import corpus
from corpus.views.closing import closing_lines
from corpus.views.show import dialogue_lines

GROUP = (
    ("A", "점심 먹었어?"),
    ("B", "응 나는 김밥"),
    ("B", "너는?"),
    ("C", "나는 라면"),
    ("A", "나도 먹고 싶다"),
    ("C", "맛있었어"),
)
PAIR = (("A", "뭐해"), ("B", "#@시스템#사진#"), ("A", "예쁘지"), ("B", "응 예쁘다"))


@pytest.fixture
def raw(tmp_path):
    entries = summary_entry("group", *GROUP), summary_entry("pair", *PAIR)
    return write(tmp_path / "raw", Training__a=summary_document(*entries))


def conversation(folder, dialogue_id):
    rows = corpus.load(folder)
    return rows[rows["dialogue_id"] == dialogue_id]["conversation"].item()


def test_nobody_answers_himself_or_herself(raw, tmp_path):
    nearest = corpus.build(raw, tmp_path / "a", tokenizer="builtin", multi_party="nearest")
    assert conversation(tmp_path / "a", "group") == (
        "<usr>응 나는 김밥 너는?<sys>나는 라면<usr>나도 먹고 싶다<sys>맛있었어"
    )
    assert nearest["other_speaker"] == {"summary": 1}
    shown = "\n".join(dialogue_lines(tmp_path / "a", "group", raw=raw))
    assert "in no turn (other_speaker): A  점심 먹었어?" in shown
    corpus.build(raw, tmp_path / "b", tokenizer="builtin", multi_party="fold")
    assert conversation(tmp_path / "b", "group").startswith(
        "<usr>점심 먹었어? 응 나는 김밥 너는?<sys>"
    )


@pytest.mark.parametrize("one", ["drop", "nearest", "fold"])
def test_what_another_choice_says_it_keeps_is_what_it_keeps(raw, tmp_path, one):
    built = corpus.build(raw, tmp_path / one, tokenizer="builtin", multi_party=one, max_tokens=30)
    assert ("--multi-party nearest" in built["other_choices"]) == (one != "nearest")
    for choice, n in built["other_choices"].items():
        words = choice.replace("--", "").replace("-", "_").split()
        options = dict(zip(words[::2], words[1::2], strict=True))
        again = tmp_path / f"{one}-{choice}"
        options = {"multi_party": one, "max_tokens": 30} | options
        other = corpus.build(raw, again, tokenizer="builtin", **options)
        assert sum(other["rows"].values()) == n, choice


def test_turns_that_a_dropped_utterance_joins_are_counted_and_told(raw, tmp_path):
    built = corpus.build(raw, tmp_path / "a", tokenizer="builtin")
    assert conversation(tmp_path / "a", "pair") == "<usr>뭐해 예쁘지<sys>응 예쁘다"
    assert built["turns_joined"] == {"summary": 1}
    assert any(line.startswith("  turns_joined") for line in closing_lines(built))
    whole = write(tmp_path / "whole", a=summary_document(summary_entry("d", *PAIR[:1], *PAIR[3:])))
    assert corpus.build(whole, tmp_path / "b", tokenizer="builtin")["turns_joined"] == {}


def test_show_names_the_places_that_were_chosen(tmp_path):
    said = (("A", "#@주소#에서 봐"), ("B", "#@소속#대 앞?"), ("A", "응 #@이름#아"), ("B", "응"))
    raw = write(tmp_path / "raw", a=summary_document(summary_entry("d", *said)))
    corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    shown = list(dialogue_lines(tmp_path / "out", "d", raw=raw))
    at = shown.index("places and affiliations")
    row = corpus.load(tmp_path / "out")["conversation"][0]
    places = [line.strip().partition(": ") for line in shown[at + 1 : at + 3]]
    assert [(word in row, kind) for word, _, kind in places] == [
        (True, "a city or district"),
        (True, "a school"),
    ]
    [person] = [line for line in shown if line.endswith(": a woman's name, born in the 1990s")]
    assert person.strip().partition(": ")[0][-2:] in row
