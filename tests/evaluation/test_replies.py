import json

import pytest

from corpus.evaluation.prompts import openings
from corpus.evaluation.replies import from_file, from_people
from corpus.records import CorpusError


def write(path, *lines):
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_a_row_from_a_file_is_called_as_the_file_and_has_a_reply_to_each_prompt(tmp_path, prompts):
    lines = [{"id": one.id, "reply": f"{k}번 대답"} for k, one in enumerate(prompts)]
    more = {"id": "of another corpus", "reply": "이건 뭐야"}
    path = write(tmp_path / "theirs.jsonl", *reversed(lines), "", more)
    rows = from_file(path, [*prompts, *openings()])
    assert (rows.name, rows.kind) == ("theirs", "file")
    assert [one.text for one in rows.said[: len(prompts)]] == [one["reply"] for one in lines]
    assert set(rows.said[len(prompts) :]) == {None}


def test_a_file_may_say_that_a_reply_was_cut_off(tmp_path, prompts):
    lines = [{"id": one.id, "reply": "그래", "finished": False} for one in prompts]
    rows = from_file(write(tmp_path / "a.jsonl", *lines), prompts)
    assert {one.finished for one in rows.said} == {False}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2 is not"),
        ("[]", "line 2 is not"),
        ('{"id": "x"}', "line 2 is not"),
        ('{"id": 3, "reply": "응"}', "line 2 is not"),
        ('{"id": "FIRST", "reply": "응"}', "line 2: .* has a reply already"),
        ('{"id": "x", "reply": "응"}', "lacks a reply to 19 of the 20 prompts"),
    ],
)
def test_a_broken_file_is_refused_in_a_sentence(line, message, tmp_path, prompts):
    first = {"id": prompts[0].id, "reply": "응"}
    path = write(tmp_path / "theirs.jsonl", first, line.replace("FIRST", prompts[0].id))
    with pytest.raises(CorpusError, match=message):
        from_file(path, prompts)


def test_a_file_cannot_take_the_name_of_a_row_of_ours(tmp_path, prompts):
    with pytest.raises(CorpusError, match="person is a row of ours"):
        from_file(write(tmp_path / "person.jsonl"), prompts)


def test_a_person_and_a_stranger_reply_to_all_but_our_openings(prompts):
    person, stranger = from_people([*prompts, *openings()])
    for rows, texts in (
        (person, [one.real for one in prompts]),
        (stranger, [one.strangers[0] for one in prompts]),
    ):
        assert [one and one.text for one in rows.said] == [*texts, *[None] * 20]
