"""Every utterance that is left out stands beside the ledger, with the reason that was counted."""

import gzip
import json
from collections import Counter

import pytest
from raw_trees import EVERYTHING, sns_document, summary_document, summary_entry, write

import corpus
from corpus.__main__ import main
from corpus.building import commit_steps, plan
from corpus.output.ledger import read_utterances
from corpus.output.utterances import Dropped, dropped_member, dropped_of
from corpus.records import Dialogue

TALK = [
    ("A", "안녕ㅋㅋㅋㅋ"),
    ("A", "#@시스템#사진#"),
    ("B", "응 안녕"),
    ("A", "내 번호는"),
    ("A", "010"),
    ("A", "1234"),
    ("A", "5678"),
    ("B", "😂"),
    ("B", "#@상호명#에서 보자"),
    ("B", "그래"),
]


def dialogue(name, *texts):
    return Dialogue("sns", name, "여행", "train", ["A"] * len(texts), [*texts], "a", 3, b"{}")


def topic_with_doubled_lines():
    lines = [
        {
            "id": k,
            "text": f"{who} : {text}",
            "norm_text": text,
            "speaker": {"id": f"{who}번", "sex": "여성", "age": "20대"},
        }
        for k, (who, text) in enumerate((("1", "밥 먹었어?"), ("2", "아니 아직")), 1)
    ]
    annotations = {"subject": "가족", "speaker_type": "1:1", "lines": [lines[0], *lines, lines[1]]}
    return json.dumps({"info": [{"annotations": annotations}]}, ensure_ascii=False).encode()


@pytest.fixture
def raw(tmp_path):
    return write(
        tmp_path / "raw",
        Training__a=summary_document(summary_entry("a", *TALK), summary_entry("alone", *TALK[:2])),
        Training__b=topic_with_doubled_lines(),
        Validation__c=sns_document(summary_entry("c", ("A", "@URL"), ("A", "봐"), ("B", "응"))),
    )


@pytest.mark.parametrize("options", [{}, EVERYTHING, {"personal": "keep"}, {"rules": "chathuman"}])
def test_there_is_a_line_for_each_utterance_that_is_counted(raw, tmp_path, options):
    manifest = corpus.build(raw, tmp_path / "out", tokenizer="builtin", **options)
    lines = list(read_utterances(tmp_path / "out"))
    assert lines
    assert Counter(line["reason"] for line in lines) == manifest["utterances"]["dropped"]


def test_a_line_says_of_which_dialogue_it_is_and_what_was_typed(raw, tmp_path):
    corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    lines = list(read_utterances(tmp_path / "out"))
    told = [(line["dialogue_id"], line["place"], line["reason"], line["raw"]) for line in lines]
    assert told == [
        ("a", 1, "system_tag", "#@시스템#사진#"),
        ("a", 4, "personal_data", "010"),
        ("a", 5, "personal_data", "1234"),
        ("a", 6, "personal_data", "5678"),
        ("a", 7, "empty", "😂"),
        ("a", 8, "unknown_tag", "#@상호명#에서 보자"),
        ("alone", 1, "system_tag", "#@시스템#사진#"),
        ("b", 1, "doubled_line", "1 : 밥 먹었어?"),
        ("b", 3, "doubled_line", "2 : 아니 아직"),
        ("c", 0, "url_tag", "@URL"),
    ]
    assert {(line["source"], line["raw_file"]) for line in lines} == {
        ("summary", "Training/a.json"),
        ("topic", "Training/b.json"),
        ("sns", "Validation/c.json"),
    }


def test_the_lines_are_the_same_however_the_work_is_cut(raw, tmp_path, monkeypatch):
    corpus.build(raw, tmp_path / "whole", tokenizer="builtin")
    for name in ("ITEM_BYTES", "RANGES", "ZIP_RANGES"):
        monkeypatch.setattr(plan, name, 1)
    monkeypatch.setattr(commit_steps, "LEDGER_BYTES", 0)
    manifest = corpus.build(raw, tmp_path / "cut", tokenizer="builtin")
    whole, cut = (list(read_utterances(tmp_path / name)) for name in ("whole", "cut"))
    assert whole == cut
    files = [name for name in manifest["files"] if "/utterances-" in name]
    assert files == [f"_rejected/utterances-{k:05}.jsonl.gz" for k in range(3)]


def test_where_nothing_is_left_out_there_is_no_file(tmp_path):
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(summary_entry("a", ("A", "안녕"), ("B", "응"))),
    )
    manifest = corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert not [name for name in manifest["files"] if "utterances" in name]
    assert not list(read_utterances(tmp_path / "out"))
    assert dropped_member([]) == b""


def test_places_of_a_batch_are_places_in_its_dialogues():
    dialogues = [dialogue("a", "1", "2"), dialogue("none"), dialogue("b", "3", "4", "5")]
    found = dropped_of(dialogues, {4: "empty", 0: "mask", 2: "url_tag"})
    assert [(one.dialogue.dialogue_id, *one[1:]) for one in found] == [
        ("a", 0, "mask", "1"),
        ("b", 0, "url_tag", "3"),
        ("b", 2, "empty", "5"),
    ]


def test_members_can_be_joined():
    members = [dropped_member([Dropped(dialogue(k, "x"), 0, "mask", "x")]) for k in "ab"]
    lines = gzip.decompress(b"".join(members)).splitlines()
    assert [json.loads(line)["dialogue_id"] for line in lines] == ["a", "b"]


def test_show_takes_the_reasons_of_utterances_and_shows_some_evenly_spaced(tmp_path, capsys):
    entries = [
        summary_entry(f"d{k:02}", ("A", f"#@시스템#사진{k}#"), ("A", f"{k}번"), ("B", "응"))
        for k in range(20)
    ]
    ends = [summary_entry(f"e{k:02}", ("A", f"{k}개"), ("B", "응"), ("A", "끝")) for k in range(20)]
    raw = write(tmp_path / "raw", Training__a=summary_document(*entries, *ends))
    corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert main(["show", str(tmp_path / "out"), "--reason", "system_tag", "-n", "2"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "20 utterances left out as system_tag",
        "d05 · summary · utterance 0",
        f"  Training/a.json at {places(raw)['d05']:,}",
        "    '#@시스템#사진5#'",
        "d15 · summary · utterance 0",
        f"  Training/a.json at {places(raw)['d15']:,}",
        "    '#@시스템#사진15#'",
    ]
    assert main(["show", str(tmp_path / "out"), "--reason", "ends_on_usr", "-n", "4"]) == 0
    shown = [line for line in capsys.readouterr().out.splitlines() if line.startswith("e")]
    assert [line[:3] for line in shown] == ["e02", "e07", "e12", "e17"]
    assert main(["show", str(tmp_path / "out"), "--reason", "boredom"]) == 2
    assert "reasons: ends_on_usr, system_tag." in capsys.readouterr().err


def places(raw):
    document = (raw / "Training" / "a.json").read_bytes()
    found = {}
    for name in ("d05", "d15"):
        at = document.index(f'"dialogueID": "{name}"'.encode())
        found[name] = document.rindex(b'{"header"', 0, at)
    return found
