import itertools
import json
import random

import pyarrow.parquet as pq
import pytest
from raw_trees import (
    EVERYTHING,
    sns_document,
    summary_document,
    summary_entry,
    topic_document,
    write,
)

import corpus
from corpus.building import item, plan, run
from corpus.output.ledger import read_ledger
from corpus.records import CorpusError

TALK = [("A", "안녕 뭐해"), ("B", "그냥 있어"), ("A", "나 밥 먹으러 가"), ("B", "맛있게 먹어~~~")]


def built(raw, processed, **options):
    return run.build(raw, processed, tokenizer="builtin", **options)


def with_options():
    """The laws hold with every option on; named by that in the tests' output."""
    named = [pytest.param({}, id="default"), pytest.param(EVERYTHING, id="everything")]
    return pytest.mark.parametrize("options", named)


def rows_of(processed):
    return {row["dialogue_id"]: row for row in corpus.load(processed).to_dict("records")}


def reasons_of(processed):
    return {line["dialogue_id"]: (line["stage"], line["reason"]) for line in read_ledger(processed)}


@pytest.fixture
def raw(tmp_path):
    """One dialogue that is a row, and one for each reason to reject."""
    long = [("A", "가나다라마바사 " * 60), ("B", "아자차카타파하 " * 60)]
    return write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry("row", *TALK),
            summary_entry("no_text", ("A", "#@시스템#사진#"), ("B", "#@URL#")),
            summary_entry("one_speaker", ("A", "안녕"), ("B", "#@시스템#사진#")),
            summary_entry("multi_party", ("A", "안녕"), ("B", "응"), ("C", "어")),
            summary_entry("ends_on_usr", *TALK, ("A", "응")),
            summary_entry("over_max_tokens", *long),
            summary_entry("same_text", *TALK),
            summary_entry("row", ("A", "다른"), ("B", "이야기")),
        ),
        Training__b=summary_document(summary_entry(3, *TALK)),
        Validation__c=sns_document(summary_entry("held_out", ("A", "자?"), ("B", "아니 안 자"))),
        Validation__d=topic_document("d", ("1", "밥은?"), ("2", "먹었지 키키키")),
        broken=b'{"data": ',
        unknown=b'{"name": "no dialogue"}',
    )


@with_options()
def test_every_dialogue_is_a_row_or_rejected_for_its_reason(raw, tmp_path, options):
    manifest = built(raw, tmp_path / "out", **options)
    assert set(rows_of(tmp_path / "out")) == {"row", "held_out", "d"}
    lines = list(read_ledger(tmp_path / "out"))
    rejected = {(one["dialogue_id"], one["stage"], one["reason"]) for one in lines}
    assert rejected >= {
        ("no_text", "turns", "no_text"),
        ("one_speaker", "turns", "one_speaker"),
        ("multi_party", "turns", "multi_party"),
        ("ends_on_usr", "turns", "ends_on_usr"),
        ("over_max_tokens", "tokens", "over_max_tokens"),
        ("same_text", "commit", "duplicate"),
        ("row", "commit", "other_version"),
    }
    assert {(one["stage"], one["reason"]) for one in lines} >= {
        ("decode", "bad_shape"),
        ("file", "unknown_json"),
    }
    dialogues = manifest["dialogues"]
    assert dialogues["read"] == dialogues["written"] + dialogues["rejected"]
    assert dialogues["written"] == 3


def test_a_duplicate_names_the_one_it_repeats_and_keeps_its_raw_text(raw, tmp_path):
    built(raw, tmp_path / "out")
    [line] = [one for one in read_ledger(tmp_path / "out") if one["dialogue_id"] == "same_text"]
    assert line["detail"].startswith("same text as row in Training/a.json at ")
    assert json.loads(line["raw"])["header"]["dialogueInfo"]["dialogueID"] == "same_text"


def test_a_row_says_all_that_training_needs(raw, tmp_path):
    built(raw, tmp_path / "out")
    row = rows_of(tmp_path / "out")["row"]
    assert (
        row["conversation"] == "<usr>안녕 뭐해<sys>그냥 있어<usr>나 밥 먹으러 가<sys>맛있게 먹어~"
    )
    assert (row["n_turns"], row["n_turns_cut"], row["n_tokens"]) == (4, 0, len(row["token_ids"]))
    assert [row["token_ids"][start] for start in row["turn_starts"]] == [2, 4, 2, 4]
    assert (row["source"], row["topic"], row["split"]) == ("summary", "여행", "train")
    assert (row["raw_file"], row["part"]) == ("Training/a.json", 0)
    raw_bytes = (raw / "Training" / "a.json").read_bytes()
    assert raw_bytes[row["raw_offset"] :].startswith(b'{"header"')


def test_folders_decide_the_split(raw, tmp_path):
    built(raw, tmp_path / "out")
    rows = rows_of(tmp_path / "out")
    assert {name: row["split"] for name, row in rows.items()} == {
        "row": "train",
        "held_out": "validation",
        "d": "validation",
    }


@pytest.mark.parametrize(
    ("options", "gained"),
    [
        ({"multi_party": "fold"}, "multi_party"),
        ({"usr_ending": "trim"}, "ends_on_usr"),
        ({"max_tokens": 4096}, "over_max_tokens"),
    ],
)
def test_an_option_keeps_what_the_default_rejects(raw, tmp_path, options, gained):
    built(raw, tmp_path / "out", **options)
    rows = rows_of(tmp_path / "out")
    # the trimmed dialogue says the same as `row` does, which comes before it
    expected = set() if gained == "ends_on_usr" else {gained}
    assert set(rows) == {"row", "held_out", "d"} | expected


def test_what_other_choices_would_have_kept_is_what_they_keep(tmp_path):
    draw = random.Random(7)
    words = ["밥", "집", "물", "산", "강", "손", "눈", "코", "입", "길"]

    def talk(n):
        return [(draw.choice("AAABBBC"), draw.choice(words) * draw.randint(1, 9)) for _ in range(n)]

    entries = [summary_entry(f"d{k % 55}", *talk(draw.randint(1, 9))) for k in range(60)]
    raw = write(tmp_path / "raw", Training__a=summary_document(*entries))
    n_rows = {}
    for k, (multi, ending, overlong) in enumerate(
        itertools.product(("drop", "nearest", "fold"), ("drop", "trim"), ("truncate", "split"))
    ):
        out = tmp_path / str(k)
        options = {"multi_party": multi, "usr_ending": ending, "overlong": overlong}
        manifest = built(raw, out, max_tokens=40, **options)
        n_rows[multi, ending, overlong] = len(corpus.load(out))
        if k == 0:
            promised = manifest["other_choices"]
    assert promised == {
        "--multi-party nearest": n_rows["nearest", "drop", "truncate"],
        "--multi-party fold": n_rows["fold", "drop", "truncate"],
        "--usr-ending trim": n_rows["drop", "trim", "truncate"],
        "--overlong split": n_rows["drop", "drop", "split"],
        "--multi-party nearest --usr-ending trim --overlong split": n_rows[
            "nearest", "trim", "split"
        ],
    }
    assert len(set(n_rows.values())) > 4


def test_split_parts_hold_every_turn_that_is_not_counted_as_cut(tmp_path):
    pairs = (
        [("A", "가나다"), ("B", "라마바")] * 6
        + [("A", "긴 말 " * 40), ("B", "응")]
        + [("A", "끝"), ("B", "그래")]
    )
    raw = write(tmp_path / "raw", Training__a=summary_document(summary_entry("d", *pairs)))
    built(raw, tmp_path / "out", overlong="split", max_tokens=40)
    frame = corpus.load(tmp_path / "out").sort_values("part")
    assert frame["part"].tolist() == list(range(len(frame)))
    assert len(frame) > 1
    assert (frame["n_turns"] + frame["n_turns_cut"]).sum() == len(pairs)
    assert frame["n_turns_cut"].sum() == 2
    assert (frame["n_tokens"] + 2 <= 40).all()


def test_sources_choose_what_is_built(raw, tmp_path):
    manifest = built(raw, tmp_path / "out", sources=["topic"])
    assert set(rows_of(tmp_path / "out")) == {"d"}
    assert set(manifest["sources"]) == {"topic"}


def test_another_seed_gives_other_names_only(tmp_path):
    talk = [("A", "#@이름#이가 왔어"), ("B", "#@이름#이랑 놀자")]
    entries = [summary_entry(f"d{k}", *talk, ("A", f"{k}"), ("B", "응")) for k in range(20)]
    raw = write(tmp_path / "raw", Training__a=summary_document(*entries))
    first, again, other = (tmp_path / name for name in ("first", "again", "other"))
    built(raw, first)
    built(raw, again)
    built(raw, other, seed=1)
    texts = [corpus.load(out)["conversation"].tolist() for out in (first, again, other)]
    assert texts[0] == texts[1]
    assert all(a != b for a, b in zip(texts[0], texts[2], strict=True)) or texts[0] != texts[2]
    assert [one.count("왔어") for one in texts[2]] == [1] * 20


@with_options()
def test_one_more_file_changes_no_other_dialogue(raw, tmp_path, options):
    built(raw, tmp_path / "one", **options)
    write(
        raw,
        Training__0=summary_document(summary_entry("new", ("A", "#@이름#아"), ("B", "왜 불러"))),
    )
    built(raw, tmp_path / "two", **options)
    one, two = rows_of(tmp_path / "one"), rows_of(tmp_path / "two")
    assert set(two) == set(one) | {"new"}
    assert all(two[name]["conversation"] == row["conversation"] for name, row in one.items())


@with_options()
def test_the_same_raw_gives_the_same_bytes(raw, tmp_path, options):
    hashes = [built(raw, tmp_path / name, **options)["corpus_hash"] for name in ("one", "two")]
    assert hashes[0] == hashes[1]
    for path in (tmp_path / "one").rglob("*.*"):
        if path.is_file():
            assert (
                path.read_bytes()
                == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()
            )


def test_shards_carry_what_they_were_made_with(raw, tmp_path):
    manifest = built(raw, tmp_path / "out")
    metadata = pq.read_schema(tmp_path / "out" / "train" / "00000.parquet").metadata
    assert metadata[b"corpus_version"].decode() == corpus.__version__
    assert metadata[b"tokenizer_sha256"].decode() == manifest["tokenizer"]["sha256"]


def test_nothing_of_the_building_machine_is_in_any_file(raw, tmp_path):
    built(raw, tmp_path / "out")
    for path in (tmp_path / "out").rglob("*.json"):
        assert str(tmp_path) not in path.read_text()


def test_a_finished_build_is_left_as_it_is(raw, tmp_path):
    first = built(raw, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    assert built(raw, tmp_path / "out") == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_another_build_is_refused_and_what_differs_is_named(raw, tmp_path):
    built(raw, tmp_path / "out")
    with pytest.raises(CorpusError, match="overlong is truncate there and split here"):
        built(raw, tmp_path / "out", overlong="split")
    with pytest.raises(CorpusError, match="seed is 0 there and 1 here"):
        built(raw, tmp_path / "out", seed=1)
    (raw / "Training" / "a.json").write_bytes(summary_document(summary_entry("x", *TALK)))
    with pytest.raises(CorpusError, match=r"raw file Training/a\.json changed"):
        built(raw, tmp_path / "out")
    assert set(rows_of(tmp_path / "out")) == {"row", "held_out", "d"}


def test_fresh_removes_the_earlier_build_and_nothing_else(raw, tmp_path):
    out = tmp_path / "out"
    built(raw, out)
    (out / ".gitignore").write_text("*")
    built(raw, out, seed=1, fresh=True)
    assert (out / ".gitignore").read_text() == "*"
    assert not (out / ".work").exists()


def test_a_file_that_would_become_part_of_the_corpus_is_refused(raw, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "README.md").write_text("mine")
    for fresh in (False, True):
        with pytest.raises(CorpusError, match=r"out holds what no build wrote: README\.md\."):
            built(raw, tmp_path / "out", fresh=fresh)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["README.md"]


class Killed(BaseException):
    """Stands for a kill -9: no handler of ours may see it."""


@with_options()
def test_a_build_that_was_cut_short_goes_on_and_gives_the_same_bytes(
    raw, tmp_path, monkeypatch, options
):
    monkeypatch.setattr(plan, "ITEM_BYTES", 900)
    whole = built(raw, tmp_path / "whole", **options)
    real, calls = item.build_item, []

    def dies(*args, **options):
        calls.append(1)
        if len(calls) % 2 == 0:
            raise Killed
        return real(*args, **options)

    monkeypatch.setattr(item, "build_item", dies)
    for _ in range(50):
        try:
            manifest = built(raw, tmp_path / "out", **options)
            break
        except Killed:
            assert not (tmp_path / "out" / "train").exists()
            with pytest.raises(CorpusError, match="no finished corpus"):
                corpus.load(tmp_path / "out")
    assert len(calls) > 4
    assert manifest == whole
    assert not (tmp_path / "out" / ".work").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"overlong": "cut"}, "overlong can be truncate or split or drop, not 'cut'"),
        ({"sources": ["news"]}, "sources can be topic, summary, sns, task, not news"),
        ({"max_tokens": 5}, "the shortest row has 6"),
    ],
)
def test_a_wrong_option_is_one_sentence(raw, tmp_path, options, message):
    with pytest.raises(CorpusError, match=message):
        built(raw, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_corpus_inside_raw_is_refused(raw):
    with pytest.raises(CorpusError, match="lies in"):
        built(raw, raw / "processed")


def test_no_surrogate_is_longer_than_the_bound_takes_it():
    from corpus.dialogues.encoding import LONGEST_SURROGATE
    from corpus.names import lexicon

    words = {
        word
        for pool in (lexicon.WORDS.values())
        for endings in (pool.values() if hasattr(pool, "values") else [pool])
        for word in endings
    }
    assert words
    assert max(map(len, words)) <= len(LONGEST_SURROGATE)
