"""A build by several machines that share a folder gives the bytes of a build by one."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from raw_trees import sns_document, summary_document, summary_entry, topic_document, write
from small_builds import TALK, hashes

from corpus.__main__ import main
from corpus.building import commit, engines, run, steps, workers
from corpus.building import shares as cluster
from corpus.building.plan import make_plan
from corpus.building.shared_plan import parse_share, read_plan, share_numbers, write_plan
from corpus.building.shares import build_share, commit_shares
from corpus.output import locks, manifest
from corpus.output.result_rows import ResultWriter
from corpus.processed import read_manifest
from corpus.reading import looks
from corpus.reading.decode import sniff
from corpus.reading.documents import find_documents
from corpus.records import CorpusError

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.usefixtures("small_items")


@pytest.fixture
def raw(tmp_path):
    """Six items: rows of both splits, a duplicate, a broken entry, a file that is none."""
    return write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry("a", *TALK), summary_entry("alone", ("A", "안녕"), ("A", "안녕?"))
        ),
        Training__b=topic_document("b", *TALK),
        Training__c=topic_document("c", *TALK, ("1", "그래"), ("2", "응")),
        Training__d=summary_document(summary_entry(3, *TALK)),
        Validation__e=sns_document(summary_entry("e", ("A", "자?"), ("B", "아니 안 자"))),
        Validation__f=topic_document("f", ("1", "왔어?"), ("2", "방금")),
        broken=b'{"name": "no dialogue"}',
    )


@pytest.fixture
def whole(raw, tmp_path):
    """The files of the plain build, by their hashes."""
    run.build(raw, tmp_path / "whole", tokenizer="builtin")
    return hashes(tmp_path / "whole")


def built(raw, out, shard, **options):
    return build_share(raw, out, shard, tokenizer="builtin", **options)


def test_the_first_shard_hashes_raw_in_its_workers(raw, tmp_path, whole, monkeypatch, busy_workers):
    given, give = [], workers._Worker.give

    def noted(worker, place, step):
        given.append(step.func)
        give(worker, place, step)

    monkeypatch.setattr(looks, "FILES", 2)
    monkeypatch.setattr(workers._Worker, "give", noted)
    for one in ("1/2", "2/2"):
        built(raw, tmp_path / "out", one, workers=2)
    assert given.count(looks.look_at) == 4
    assert given.count(steps.facts_of) == 1
    commit_shares(tmp_path / "out")
    assert hashes(tmp_path / "out") == whole


@pytest.mark.parametrize("order", list(itertools.permutations("123")), ids="".join)
def test_three_shards_in_any_order_one_run_twice_give_the_bytes_of_a_plain_build(
    raw, tmp_path, whole, order
):
    shares = [built(raw, tmp_path / "out", f"{one}/3") for one in (*order, order[0])]
    assert sum(share.n_items for share in shares[:3]) == 7
    assert shares[3] == shares[0]
    manifest = commit_shares(tmp_path / "out")
    assert hashes(tmp_path / "out") == whole
    read = sum(share.counts["read"].total() for share in shares[:3])
    assert read == manifest["dialogues"]["read"]


CHILD = """
import sys
import corpus.building.plan
from corpus.__main__ import main

corpus.building.plan.ITEM_BYTES = corpus.building.plan.RANGES = corpus.building.plan.ZIP_RANGES = 1
sys.exit(main())
"""


def test_shards_that_run_at_once_do_not_disturb_each_other(raw, tmp_path, whole):
    words = ["build", raw, tmp_path / "out", "--tokenizer", "builtin", "--shard"]
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, *words, shard],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for shard in ("1/2", "2/2", "1/2", "1/1")  # some build the same items
    ]
    told = [one.communicate(timeout=120)[0] for one in begun]
    assert [one.returncode for one in begun] == [0] * 4
    assert "Once all shards are built: python -m corpus commit" in told[0]
    commit_shares(tmp_path / "out")
    assert hashes(tmp_path / "out") == whole


def test_a_commit_names_the_shards_that_are_missing_and_leaves_all_as_it_is(raw, tmp_path, whole):
    out = tmp_path / "out"
    built(raw, out, "2/3")
    before = hashes(out)
    with pytest.raises(CorpusError, match=r"out lacks 5 of 7 items: run --shard 1/3, 3/3 to the "):
        commit_shares(out)
    assert hashes(out) == before
    built(raw, out, "1/3")
    with pytest.raises(CorpusError, match=r"out lacks \d of 7 items: run --shard 3/3 to the end"):
        commit_shares(out)
    built(raw, out, "3/3")
    commit_shares(out)
    assert hashes(out) == whole


def test_a_shard_that_died_at_an_item_is_named_and_goes_on(raw, tmp_path, whole):
    out = tmp_path / "out"
    built(raw, out, "1/1")
    [results] = out.glob(".work/*/parts")
    (results / "000002.json").unlink()
    (results / "000002.rows.arrow").write_bytes(b"torn")
    with pytest.raises(CorpusError, match=r"out lacks 1 of 7 items: run --shard 1/1 to the end"):
        commit_shares(out)
    built(raw, out, "1/1")
    commit_shares(out)
    assert hashes(out) == whole


def test_a_shard_removes_nothing_that_another_one_is_writing(raw, tmp_path):
    out = tmp_path / "out"
    built(raw, out, "1/3")
    [results] = out.glob(".work/*/parts")
    (results / "000006.rows.arrow.of-another.tmp").write_bytes(b"half")
    before = hashes(out)
    built(raw, out, "2/3")
    after = hashes(out)
    assert {name: after[name] for name in before} == before


def test_the_plan_is_made_once_and_raw_is_read_for_it_once(raw, tmp_path, whole, monkeypatch):
    built(raw, tmp_path / "out", "2/3")
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "find_documents", None)
        built(raw, tmp_path / "out", "1/3")
        built(raw, tmp_path / "out", "3/3")
        commit_shares(tmp_path / "out")
    assert hashes(tmp_path / "out") == whole


def test_a_plan_of_raw_files_that_have_changed_is_not_taken(raw, tmp_path):
    built(raw, tmp_path / "out", "1/2")
    write(raw, Training__new=topic_document("new", *TALK))
    with pytest.raises(CorpusError, match=r"half of another build \(raw file Training/new.json is"):
        built(raw, tmp_path / "out", "2/2")
    for shard in ("2/2", "1/2"):
        built(raw, tmp_path / "out", shard, update=True)
    commit_shares(tmp_path / "out")
    run.build(raw, tmp_path / "new", tokenizer="builtin")
    assert hashes(tmp_path / "out") == hashes(tmp_path / "new")


def test_shards_of_another_build_are_refused_by_name_and_may_replace_it(raw, tmp_path):
    out = tmp_path / "out"
    run.build(raw, out, tokenizer="builtin")
    with pytest.raises(CorpusError, match=r"holds another build \(seed is 0 there and 1"):
        built(raw, out, "1/2", seed=1)
    assert not (out / ".work").exists()
    for shard in ("1/2", "2/2"):
        assert read_manifest(out)["options"]["seed"] == 0  # it stays until the new one is whole
        built(raw, out, shard, seed=1, fresh=True)
    manifest = commit_shares(out)
    assert manifest == run.build(raw, tmp_path / "one", tokenizer="builtin", seed=1)
    assert hashes(out) == hashes(tmp_path / "one")


@pytest.mark.parametrize("store", [False, True])
def test_a_fresh_shard_uses_nothing_that_was_built_before_and_goes_on_with_its_own(
    raw, tmp_path, whole, monkeypatch, store
):
    out = f"memory://{tmp_path.name}-fresh" if store else tmp_path / "out"
    for shard in ("1/2", "2/2"):
        built(raw, out, shard)
    assert items_of(monkeypatch, lambda: built(raw, out, "1/2")) == []
    first = items_of(monkeypatch, lambda: built(raw, out, "1/2", fresh=True))
    second = items_of(monkeypatch, lambda: built(raw, out, "2/2", fresh=True))
    assert first
    assert second
    assert not set(first) & set(second)
    assert items_of(monkeypatch, lambda: built(raw, out, "1/2", fresh=True)) == []
    assert commit_shares(out)["files"].items() <= whole.items()


def items_of(monkeypatch, build):
    """Which items a build has built."""
    began = []
    real = engines.run_items

    def run_items(raw, work, items, *args, **more):
        began.extend(one.index for one in items)
        return real(raw, work, items, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(engines, "run_items", run_items)
        build()
    return began


def test_a_plain_build_goes_on_with_what_shards_have_built(raw, tmp_path, whole, monkeypatch):
    built(raw, tmp_path / "out", "1/2")
    began = []
    real = engines.run_items
    monkeypatch.setattr(
        engines, "run_items", lambda *args, **how: began.extend(args[2]) or real(*args, **how)
    )
    run.build(raw, tmp_path / "out", tokenizer="builtin")
    assert 0 < len(began) < 7
    assert hashes(tmp_path / "out") == whole


def test_a_finished_corpus_is_left_as_it_is_by_shards_and_by_a_second_commit(raw, tmp_path, whole):
    out = tmp_path / "out"
    built(raw, out, "1/1")
    manifest = commit_shares(out)
    assert built(raw, out, "1/1") is None
    assert commit_shares(out) == manifest
    assert hashes(out) == whole


def test_a_commit_that_was_cut_short_is_finished_by_the_next_one(raw, tmp_path, whole):
    out = tmp_path / "out"
    built(raw, out, "1/1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit, "put_in_place", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            commit_shares(out)
    with pytest.raises(CorpusError, match=r"was cut short: let `commit` finish first"):
        built(raw, out, "1/1")
    commit_shares(out)
    assert hashes(out) == whole


def test_no_commit_and_no_plain_build_while_a_shard_runs(raw, tmp_path, whole):
    out = tmp_path / "out"
    with locks.locked(out, shared=True):
        built(raw, out, "1/1")
        with pytest.raises(CorpusError, match="is being built by another process"):
            commit_shares(out)
        with pytest.raises(CorpusError, match="is being built by another process"):
            run.build(raw, out, tokenizer="builtin")
    with (
        locks.locked(out),
        pytest.raises(CorpusError, match="is being built by another process"),
    ):
        built(raw, out, "1/1")
    commit_shares(out)
    assert hashes(out) == whole


def test_raw_may_lie_elsewhere_for_the_commit(raw, tmp_path, whole):
    built(raw, tmp_path / "out", "1/1")
    moved = raw.rename(tmp_path / "moved")
    with pytest.raises(CorpusError, match=r"There is no .*raw here: say with --raw where RAW lies"):
        commit_shares(tmp_path / "out")
    commit_shares(tmp_path / "out", raw=moved)
    assert hashes(tmp_path / "out") == whole


def test_parts_of_other_versions_are_not_committed(raw, tmp_path, monkeypatch):
    built(raw, tmp_path / "out", "1/1")
    here = manifest.versions()
    monkeypatch.setattr(cluster, "versions", lambda: here | {"pyarrow": "99.0"})
    with pytest.raises(
        CorpusError, match=r"other versions: pyarrow is [\d.]+ there and 99\.0 here"
    ):
        commit_shares(tmp_path / "out")


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/0", "a/b", "-1/3", "1/3/5"])
def test_a_shard_that_does_not_exist_is_one_sentence(raw, tmp_path, capsys, text):
    words = ["build", str(raw), str(tmp_path / "out"), "--tokenizer", "builtin"]
    assert main([*words, f"--shard={text}"]) == 2
    assert capsys.readouterr().err == (
        f"corpus: --shard can be 1/8, 2/8, ... 8/8 for one of 8 shards, not {text!r}.\n"
    )
    assert not (tmp_path / "out").exists()


def test_a_commit_of_nothing_is_one_sentence_and_makes_nothing(tmp_path, capsys):
    assert main(["commit", str(tmp_path / "out")]) == 2
    assert "holds no finished corpus" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_commands_tell_what_was_done(raw, tmp_path, capsys, whole):
    words = ["build", str(raw), str(tmp_path / "out"), "--tokenizer", "builtin", "--strict"]
    codes = [main([*words, "--shard", f"{one}/2"]) for one in (1, 2)]
    assert sorted(codes) == [0, 1]  # the broken entry lies in one of them
    assert "1 bad_shape" in capsys.readouterr().err
    assert main(["commit", str(tmp_path / "out")]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"Built {tmp_path / 'out'} in ")
    assert ["dialogues", "read", "7"] in [line.split() for line in out.splitlines()]
    assert "1 bad_shape" in err
    assert main(["commit", str(tmp_path / "out"), "--strict"]) == 1
    assert "already, finished" in capsys.readouterr().out


def test_every_item_is_in_one_shard_and_shards_have_about_as_many_bytes():
    sizes = [8, 1, 30, 8, 8, 8, 2, 8, 8, 8, 300, 8, 8, 0]
    for of in (1, 2, 3, 7, 14, 100):
        numbers = share_numbers(sizes, of)
        assert numbers == sorted(numbers)
        assert set(numbers) <= set(range(1, of + 1))
    even = share_numbers([8] * 100, 7)
    assert {even.count(number) for number in range(1, 8)} == {14, 15}
    assert share_numbers([0, 0], 2) == [1, 1]


def test_a_plan_comes_back_from_its_file_as_it_was(tmp_path, monkeypatch):
    raw = tmp_path / "raw"
    write(raw, Training__가=topic_document("가", *TALK), 나=topic_document("나", *TALK))
    (raw / "bad.zip").write_bytes(b"PK\x05\x06")
    (raw / os.fsdecode(b"\xff\xfe.json")).write_bytes(topic_document("x", *TALK))
    found = find_documents(raw, sniff=sniff)
    (tmp_path / "work").mkdir()
    write_plan(tmp_path / "work", {"z": 1, "a": 2}, raw, found)
    plan = read_plan(tmp_path / "work")
    assert plan.items_of(parse_share("1/1")) == make_plan(found.documents)
    assert list(plan.documents()) == found.documents
    assert (plan.rejected, plan.left_alone) == (found.rejected, found.left_alone)
    assert list(plan.inputs) == ["z", "a"]
    assert plan.missing() == [0, 1, 2]
    with ResultWriter(tmp_path / "work", 1) as part:
        part.finish({}, {})
    assert plan.missing() == [0, 2]
    part.paths.keys.write_bytes(b"x")
    assert plan.missing() == [0, 1, 2]
