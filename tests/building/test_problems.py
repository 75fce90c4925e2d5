"""What is wrong with a whole document, archive or folder is named: by check, and after a build."""

import json

import pytest
from raw_trees import summary_document, summary_entry, topic_document, write

import corpus
from corpus.__main__ import main
from corpus.building.problems import problems_of
from corpus.reading.missing_labels import labels_missing
from corpus.reading.quirks import RATES
from corpus.sample.write import write_sample
from corpus.views.check import check_lines


def check(raw):
    return "\n".join(check_lines(raw, tokenizer="builtin"))


def talk(k):
    return ("1", f"{k}번 버스 타고 갈게"), ("2", f"나는 {k + 1}번 탈게")


def without_prefix(stem, k):
    document = json.loads(topic_document(stem, *talk(k)))
    for line in document["info"][0]["annotations"]["lines"]:
        line["text"] = line["norm_text"]
    return json.dumps(document, ensure_ascii=False).encode()


def test_a_quirk_far_above_its_rate_is_a_problem_with_its_place(tmp_path, capsys):
    good = {f"Training__b__K_{k}": topic_document(f"K_{k}", *talk(k)) for k in range(5)}
    bad = {f"Training__a__K_{k}": without_prefix(f"K_{k}", k) for k in range(5, 10)}
    raw = write(tmp_path / "raw", **good, **bad)
    assert "1 unlike_its_source\n    Training/a/ at 0: no_prefix in 100.0% of 5" in check(raw)
    arguments = ["build", str(raw), str(tmp_path / "out"), "--tokenizer", "builtin", "--strict"]
    assert main(arguments) == 1
    assert "unlike_its_source: Training/a/: no_prefix" in capsys.readouterr().err
    page = (tmp_path / "out/_report.html").read_text(encoding="utf-8")
    assert "unlike_its_source" in page
    assert "no_prefix in 100.0% of 5 dialogues" in page


def test_quirks_at_their_rates_are_no_problem(tmp_path):
    write_sample(tmp_path / "raw", dialogues=1500)
    assert "unlike_its_source" not in check(tmp_path / "raw")


def test_one_odd_file_among_few_is_a_quirk(tmp_path):
    raw = write(
        tmp_path / "raw",
        **{f"a__K_{k}": topic_document(f"K_{k}", *talk(k)) for k in range(4)},
        a__K_9=without_prefix("K_9", 9),
    )
    assert "problems of the files: none" in check(raw)
    assert "2 no_prefix" in check(raw)


def test_every_quirk_that_is_counted_has_a_rate(tmp_path):
    write_sample(tmp_path / "raw", dialogues=3000)
    manifest = corpus.build(tmp_path / "raw", tmp_path / "out", tokenizer="builtin")
    assert set(manifest["quirks"]) <= set(RATES)


def test_garbled_text_and_unknown_tokens_are_problems():
    counts = {"garbled": {"a.json": 40, "b.json": 2}, "beside_garbled": {"a.json": 90, "b.json": 9}}
    [one] = problems_of(counts, {"train": 100, "validation": 0, "test": 0, "unk": 5})
    assert (one["reason"], one["place"]) == ("garbled_text", "a.json")
    [one] = problems_of({}, {"train": 100, "validation": 0, "test": 0, "unk": 6})
    assert (one["reason"], one["detail"][:4]) == ("unknown_tokens", "6.0%")


def test_a_split_that_no_path_tells_is_said(tmp_path, capsys):
    entries = [summary_entry(f"d{k}", ("A", f"{k}시에 와"), ("B", "응")) for k in range(40)]
    raw = write(tmp_path / "raw", a=summary_document(*entries))
    line = "no path tells the split of 40 dialogues of summary: drawn by a hash"
    assert line in check(raw)
    main(["build", str(raw), str(tmp_path / "out"), "--tokenizer", "builtin"])
    assert line in capsys.readouterr().out
    assert line in (tmp_path / "out/_report.html").read_text(encoding="utf-8")


def test_nothing_is_said_where_paths_tell_the_split(tmp_path):
    raw = write(
        tmp_path / "raw", Train__a=summary_document(summary_entry("d", ("A", "ㅎ"), ("B", "응")))
    )
    assert "no path tells" not in check(raw)


def test_validation_that_is_larger_than_train_is_remarked_on(tmp_path, capsys):
    entries = [summary_entry(f"d{k}", ("A", f"{k}시에 와"), ("B", "응")) for k in range(5)]
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(*entries[:2]),
        Validation__a=summary_document(*entries[2:]),
    )
    line = "validation is larger than train in summary: 3 to 2"
    assert line in check(raw)
    main(["build", str(raw), str(tmp_path / "out"), "--tokenizer", "builtin"])
    assert line in capsys.readouterr().out


@pytest.mark.parametrize(
    ("texts", "labelled", "missing"),
    [
        (["1/TS_03. A.zip"], ["1/TL_02. A.zip"], ["TL_03. A"]),
        (["1/TS_01. K(1).zip", "1/TS_01. K(2).zip"], ["x/TL_01. K(1).zip"], ["TL_01. K(2)"]),
        (["1/TS_1.shop.zip"], ["1/TL_01.쇼핑.zip"], []),
        (["TS_03. A/02"], ["TL_03. A/02"], []),
        (["TS_03. A.tar"], ["VL_03. A.zip"], ["TL_03. A"]),
        (["[원천]한국어SNS_train.zip"], [], ["[라벨]한국어SNS_train"]),
        (["notes"], [], []),
    ],
)
def test_raw_texts_without_their_labels_are_named(texts, labelled, missing):
    found = labels_missing(dict.fromkeys(texts, 4), labelled)
    assert [name for _, _, name in found] == missing


def test_missing_labels_are_on_the_record(tmp_path):
    raw = write(tmp_path / "raw", TL_01__K_1=topic_document("K_1", *talk(1)))
    (raw / "TS_03").mkdir()
    for k in range(3):
        (raw / f"TS_03/K_{k}.txt").write_text("1 : 안녕", encoding="utf-8")
    assert "1 labels_missing\n    TS_03 at 0: 3 raw texts, but no TL_03 beside them" in check(raw)
    manifest = corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert manifest["broken"] == {"labels_missing": 1}


def test_a_build_without_a_row_says_so(tmp_path, capsys):
    raw = write(tmp_path / "raw", Training__a=topic_document("a", ("1", "응"), ("1", "그래")))
    arguments = ["build", str(raw), str(tmp_path / "out"), "--tokenizer", "builtin"]
    for _ in range(2):
        assert main(arguments) == 2
        assert "No row was written: all of 1 dialogues" in capsys.readouterr().err
    assert main(["show", str(tmp_path / "out"), "--reason", "one_speaker"]) == 0


def test_a_build_without_a_row_never_takes_the_place_of_a_corpus(tmp_path, capsys):
    good = write(tmp_path / "good", Training__a=topic_document("a", *talk(1)))
    bad = write(tmp_path / "bad", Training__a=topic_document("a", ("1", "응"), ("1", "그래")))
    main(["build", str(good), str(tmp_path / "out"), "--tokenizer", "builtin"])
    before = (tmp_path / "out/_manifest.json").read_bytes()
    assert (
        main(["build", str(bad), str(tmp_path / "out"), "--tokenizer", "builtin", "--fresh"]) == 2
    )
    assert "What stands in" in capsys.readouterr().err
    assert (tmp_path / "out/_manifest.json").read_bytes() == before
