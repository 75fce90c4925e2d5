"""A build may be killed at any moment, and any write may fail: the bytes are the same."""

import errno
import io
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

import pyarrow as pa
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
from small_builds import TALK, built, hashes

import corpus
from corpus.__main__ import main
from corpus.building import commit, engines, limit, run, workers
from corpus.building import item as item_module
from corpus.building.limit import at_most
from corpus.building.shares import commit_shares
from corpus.output import files, locks, manifest, shards
from corpus.output.ledger import read_ledger
from corpus.records import CorpusError
from corpus.sample.write import write_sample
from corpus.views.card import card_text

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.usefixtures("small_items")
LAWS = pytest.mark.parametrize(
    "options", [pytest.param({}, id="default"), pytest.param(EVERYTHING, id="everything")]
)


def standing(processed):
    """The corpus that stands, which must be whole, as hashes; None if there is no manifest."""
    if not (processed / "_manifest.json").exists():
        return None
    listed = files.read_json(processed / "_manifest.json")["files"]
    there = {name: one for name, one in hashes(processed).items() if not name.startswith(".work/")}
    assert listed == {name: one for name, one in there.items() if name != "_manifest.json"}
    return there


@pytest.fixture
def raw(tmp_path):
    """Three items: a dialogue and one that is rejected, a duplicate, one of validation."""
    return write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry("a", *TALK), summary_entry("alone", ("A", "안녕"), ("A", "안녕?"))
        ),
        Training__b=topic_document("b", *TALK),
        Validation__c=sns_document(summary_entry("c", ("A", "자?"), ("B", "아니 안 자"))),
    )


class Disk:
    """Notes what is done to the disk, and from event number `at` on lets `strike` happen.

    Attributes:
        events: the kind of each and its file, of which numbers and hashes are left out.
    """

    def __init__(self, patch, kinds, at=sys.maxsize, strike=None):
        self.kinds, self.at, self.strike = kinds, at, strike
        self.events, self.written = [], ""
        self.watch(patch, os, "fsync", "fsync", lambda _: None)
        self.watch(patch, shards.pq.ParquetWriter, "write_table", "write")
        for name in ("replace", "rename"):
            self.watch(patch, os, name, "rename")
        self.watch(patch, os, "unlink", "unlink")
        disk, real = self, Path.open

        class Watched(io.BufferedWriter):
            begun = False  # the first write of a file may fail, and its fsync after the last

            def write(self, content):
                if not self.begun:
                    disk.written = plain(self.raw.name)
                    disk.happens("write")
                self.begun = True
                return super().write(content)

        def opened(path, mode="r", *args, **options):
            return Watched(io.FileIO(path, mode)) if mode == "wb" else real(path, mode, *args)

        patch.setattr(Path, "open", opened)

    def watch(self, patch, owner, name, kind, instead=None):
        real = instead or getattr(owner, name)

        def call(*args, **options):
            self.happens(kind, *map(plain, args if owner is os and kind != "fsync" else ()))
            return real(*args, **options)

        patch.setattr(owner, name, call)

    def happens(self, kind, *files):
        if kind in self.kinds:
            self.events.append((kind, files or self.written))
            if len(self.events) >= self.at:
                self.strike(len(self.events) - self.at)


def plain(path):
    """The last two parts of a path, without the numbers and hashes in them."""
    return re.sub(r"[0-9a-f]{16,}|\d+", "0", "/".join(Path(path).parts[-2:]))


def full_disk(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def broken_pipe(*_):
    raise BrokenPipeError(errno.EPIPE, "Broken pipe")


def bad_sector(n_before):
    if not n_before:
        raise OSError(errno.EIO, "Input/output error")


def kill(_):
    os.kill(os.getpid(), signal.SIGKILL)


WRITES = {"write", "fsync", "rename"}
ALIKE = 8  # of events that are alike but for the number of a file, these and the last one are tried


def to_try(events, elsewhere):
    """Return the numbers of the events that are tried, counted from 1."""
    found = defaultdict(list)
    for number, event in enumerate(events, 1):
        if event not in elsewhere:
            found[event].append(number)
    return sorted({n for alike in found.values() for n in (*alike[:ALIKE], alike[-1])})


def writes_of(raw, processed, **options):
    """Build, and return what was done to the disk."""
    with pytest.MonkeyPatch.context() as patch:
        disk = Disk(patch, WRITES)
        built(raw, processed, **options)
    return disk.events


@LAWS
def test_whatever_write_fails_going_on_gives_the_same_bytes(raw, tmp_path, options):
    """With all options, those writes are tried that a build by the defaults does not do."""
    seen = {}  # what an undisturbed build leaves in .work/ under each name

    def remembering(processed, folder, *args, **options):
        seen.update(hashes(folder))
        return real(processed, folder, *args, **options)

    real = run.commit
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "commit", remembering)
        events = writes_of(raw, tmp_path / "whole", **options)
    whole = standing(tmp_path / "whole")
    numbers = to_try(events, writes_of(raw, tmp_path / "default") if options else ())
    assert len(numbers) > (40 if options else 150)
    left_before = []  # what was left that a build has gone on from
    for at in numbers:
        out = tmp_path / "out"
        with pytest.MonkeyPatch.context() as patch:
            Disk(patch, WRITES, at, (full_disk, bad_sector)[at % 2])
            with pytest.raises(OSError, match=r"No space left|Input/output"):
                built(raw, out, **options)
            assert standing(out) in (None, whole)
            for folder in (out / ".work").glob("*/parts"):
                left = {f"parts/{name}": one for name, one in hashes(folder).items()}
                assert not [name for name in left if name.endswith(".tmp")]
                assert left.items() <= seen.items()  # a torn file never has a final name
            left = hashes(out), sorted(path for path in out.rglob("*") if path.is_dir())
            if left not in left_before:
                left_before.append(left)
                patch.undo()
                Disk(patch, WRITES)  # no waiting for the disk
                built(raw, out, **options)
                assert hashes(out) == whole, at
        shutil.rmtree(out, ignore_errors=True)


def killed(act):
    """Do `act` in a process of its own, which may be killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a fork of many threads: none is used
        child = os.fork()
    if not child:
        code = 1
        try:
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)


@LAWS
def test_wherever_an_update_is_killed_one_corpus_stands_or_none_and_going_on_ends_well(
    raw, tmp_path, options
):
    built(raw, tmp_path / "old", **options)
    old = standing(tmp_path / "old")
    (raw / "Validation" / "c.json").unlink()  # so that files of the old corpus have to go
    write(raw, Training__0=summary_document(summary_entry("c", ("A", "왔어?"), ("B", "방금"))))
    built(raw, tmp_path / "new", **options)
    new = standing(tmp_path / "new")
    assert old.keys() - new.keys()
    before = tmp_path / "before"  # it ends before any file of the corpus that stands is touched
    shutil.copytree(tmp_path / "old", before)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit, "make_ready", full_disk)
        with pytest.raises(OSError, match="No space"):
            built(raw, before, update=True, **options)
    assert standing(before) == old
    make_ready, states, at = commit.make_ready, [], 0
    while new not in states:
        at += 1
        out = tmp_path / "out"
        shutil.copytree(before, out)

        def act(at=at, out=out):
            def arm(*args, **options):
                Disk(pytest.MonkeyPatch(), {"rename", "unlink"}, at, kill)
                return make_ready(*args, **options)

            pytest.MonkeyPatch().setattr(commit, "make_ready", arm)
            built(raw, out, update=True, **options)

        killed(act)
        states.append(standing(out))
        assert states[-1] in (old, None, new)
        built(raw, out, update=True, **options)
        assert hashes(out) == new, at
        shutil.rmtree(out)
    assert len(states) > 20
    assert states == sorted(states, key=[old, None, new].index)  # it stays until the new is ready


@pytest.mark.parametrize("options", [{}, {"update": True}, {"fresh": True}])
def test_what_was_ready_when_a_build_was_killed_is_the_corpus(raw, tmp_path, options):
    built(raw, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit, "put_in_place", full_disk)
        with pytest.raises(OSError, match="No space"):
            built(raw, tmp_path / "out")
    assert standing(tmp_path / "out") is None
    with pytest.raises(CorpusError, match="no finished corpus"):
        corpus.load(tmp_path / "out")
    (tmp_path / "raw" / "notes.txt").write_text("this changes nothing")
    (tmp_path / "raw" / "notes.txt").unlink()
    built(raw, tmp_path / "out", **options)
    assert hashes(tmp_path / "out") == hashes(tmp_path / "whole")


def test_half_a_folder_of_work_is_not_taken_for_the_whole(raw, tmp_path):
    built(raw, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "commit", full_disk)
        with pytest.raises(OSError, match="No space"):
            built(raw, tmp_path / "out")
    [folder] = (tmp_path / "out" / ".work").glob("*/parts")
    folder = folder.parent
    (folder / "inputs.json").unlink()  # what is removed first
    (folder / "parts" / "000001.rows.arrow").unlink()
    built(raw, tmp_path / "out")
    assert hashes(tmp_path / "out") == hashes(tmp_path / "whole")


def flip(path, at):
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


@LAWS
def test_a_part_that_was_damaged_is_built_again(raw, tmp_path, options):
    built(raw, tmp_path / "whole", **options)
    half_built(raw, tmp_path / "half", **options)
    [results] = (tmp_path / "half" / ".work").glob("*/parts")
    names = sorted(path.name for path in results.iterdir())
    assert len(names) == 3 * (6 if options else 5)
    for kind in sorted({name.partition(".")[2] for name in names}):
        for damage in (lambda path: flip(path, -1), lambda path: flip(path, 8), Path.unlink):
            out = tmp_path / "out"
            shutil.copytree(tmp_path / "half", out)
            [results] = (out / ".work").glob("*/parts")
            for path in results.glob(f"*[0-9].{kind}"):  # of each item this one file alone
                damage(path) if path.stat().st_size else None
            built(raw, out, **options)
            assert hashes(out) == hashes(tmp_path / "whole"), kind
            shutil.rmtree(out)


def test_a_part_that_is_damaged_before_the_commit_is_one_sentence(raw, tmp_path, monkeypatch):
    real = run.commit

    def commits(processed, folder, *args, **options):
        flip(next(folder.glob("parts/*1.keys")), 0)
        return real(processed, folder, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(run, "commit", commits)
        told = (
            r"000001\.keys is not as it was written: the command that built it builds it again\.$"
        )
        with pytest.raises(CorpusError, match=told):
            built(raw, tmp_path / "out")
    built(raw, tmp_path / "out")
    built(raw, tmp_path / "whole")
    assert hashes(tmp_path / "out") == hashes(tmp_path / "whole")


def test_an_item_that_fails_at_first_is_tried_again(raw, tmp_path, monkeypatch):
    built(raw, tmp_path / "whole")
    real, calls = item_module.build_item, []

    def fails_twice(raw, work, item, *args, **options):
        calls.append(item.index)
        if calls.count(item.index) < 3:
            raise ZeroDivisionError
        return real(raw, work, item, *args, **options)

    monkeypatch.setattr(item_module, "build_item", fails_twice)
    built(raw, tmp_path / "out")
    assert hashes(tmp_path / "out") == hashes(tmp_path / "whole")


def test_an_item_that_fails_three_times_is_rejected_as_an_item(raw, tmp_path, monkeypatch):
    real, calls = item_module.build_item, []

    def fails(raw, work, item, *args, **options):
        calls.append(item.index)
        if item.documents[0].raw_file == "Training/a.json":
            real(raw, work, item, *args, **options)
            raise ZeroDivisionError("by zero")
        return real(raw, work, item, *args, **options)

    monkeypatch.setattr(item_module, "build_item", fails)
    manifest = built(raw, tmp_path / "out")
    assert [calls.count(index) for index in range(3)] == [3, 1, 1]
    assert manifest["broken"]["failed_item"] == 1
    assert manifest["dialogues"] == {"read": 2, "written": 2, "rejected": 0}
    [line] = [one for one in read_ledger(tmp_path / "out") if one["reason"] == "failed_item"]
    assert (line["stage"], line["raw_file"]) == ("file", "Training/a.json")
    assert "ZeroDivisionError: by zero" in line["detail"]
    assert set(corpus.load(tmp_path / "out")["dialogue_id"]) == {"b", "c"}


def test_an_item_that_takes_too_long_is_rejected_as_an_item(raw, tmp_path, monkeypatch):
    real, calls = item_module.build_item, []

    def hangs(raw, work, item, *args, **options):
        calls.append(item.index)
        if item.index == 1:
            time.sleep(600)
        return real(raw, work, item, *args, **options)

    def at_once(seconds):
        is_next = calls == [0] or 0 < calls.count(1) < 3
        return at_most(0.05 if is_next else seconds)

    monkeypatch.setattr(item_module, "build_item", hangs)
    monkeypatch.setattr(limit, "at_most", at_once)
    manifest = built(raw, tmp_path / "out", item_timeout=400)
    assert calls == [0, 1, 1, 1, 2]
    assert manifest["broken"] == {"failed_item": 1}
    [line] = [one for one in read_ledger(tmp_path / "out") if one["reason"] == "failed_item"]
    assert line["detail"].startswith("it took longer than --item-timeout, 400 s; 1 documents from")


def test_workers_that_cannot_start_are_a_wrong_call_and_no_lost_item(
    raw, tmp_path, monkeypatch, capfd
):
    monkeypatch.setattr(workers, "BYTES_PER_WORKER", 1)
    with monkeypatch.context() as patch:
        patch.setattr(workers, "_work", os._exit)  # a connection is no exit code
        with pytest.raises(CorpusError, match="Worker processes cannot be started"):
            built(raw, tmp_path / "out", workers=2)
    assert not multiprocessing.active_children()
    with monkeypatch.context() as patch:
        patch.setattr(multiprocessing.context.SpawnProcess, "start", broken_pipe)
        with pytest.raises(CorpusError, match="Worker processes cannot be started"):
            built(raw, tmp_path / "out", workers=2)
    capfd.readouterr()
    assert built(raw, tmp_path / "out")["broken"] == {}


@LAWS
def test_the_order_of_a_directory_cannot_show(raw, tmp_path, monkeypatch, options):
    built(raw, tmp_path / "whole", **options)
    draw, real = random.Random(1), Path.iterdir
    for k in range(3):
        shuffled = lambda path: iter(draw.sample(found := list(real(path)), len(found)))  # noqa: E731
        monkeypatch.setattr(Path, "iterdir", shuffled)
        built(raw, tmp_path / str(k), **options)
        assert hashes(tmp_path / str(k)) == hashes(tmp_path / "whole")


def test_two_builds_in_one_folder_are_one_too_many(raw, tmp_path):
    out = tmp_path / "out"
    with (
        locks.locked(out),
        pytest.raises(CorpusError, match=r"out is being built by another process\.$"),
    ):
        built(raw, out)
    built(raw, out)
    assert standing(out)


def half_built(raw, out, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "commit", full_disk)
        with pytest.raises(OSError, match="No space"):
            built(raw, out, **options)


@pytest.mark.parametrize("begin", [built, half_built])
def test_going_on_with_anything_else_is_refused_by_name(raw, tmp_path, monkeypatch, begin):
    out = tmp_path / "out"
    begin(raw, out)
    before = hashes(out)
    words = "holds half of another build" if begin is half_built else "holds another build"
    with pytest.raises(CorpusError, match=rf"{words} \(seed is 0 there and 1 here\).*--fresh"):
        built(raw, out, seed=1)
    with pytest.raises(CorpusError, match="max_tokens is 256 there and 99 here; seed is 0"):
        built(raw, out, seed=1, max_tokens=99, update=True)
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "version", lambda name: "99.0")
        with pytest.raises(CorpusError, match=r"pyarrow is [\d.]+ there and 99\.0 here"):
            built(raw, out)
    (raw / "Training" / "b.json").unlink()
    write(
        raw,
        Training__a=topic_document("a", *TALK),
        Training__y=topic_document("y", *TALK),
        Training__z=topic_document("z", *TALK),
    )
    told = (
        r"raw file Training/y\.json \(and 1 more\) is new, raw file Training/a\.json changed, "
        r"raw file Training/b\.json is gone\): add --update"
    )
    with pytest.raises(CorpusError, match=told):
        built(raw, out)
    assert hashes(out) == before


@pytest.mark.parametrize("begin", [built, half_built])
@pytest.mark.parametrize("how", [{"update": True}, {"fresh": True}])
def test_an_update_gives_the_bytes_of_a_fresh_build(raw, tmp_path, begin, how):
    begin(raw, tmp_path / "out")
    # a dialogue that comes first now: what was kept repeats it
    write(raw, Training__0=summary_document(summary_entry("first", *TALK)))
    with pytest.raises(CorpusError, match=r"raw file Training/0\.json is new\): add --update"):
        built(raw, tmp_path / "out")
    manifest = built(raw, tmp_path / "out", **how)
    assert "first" in set(corpus.load(tmp_path / "out")["dialogue_id"])
    assert built(raw, tmp_path / "new") == manifest
    assert hashes(tmp_path / "out") == hashes(tmp_path / "new")
    assert built(raw, tmp_path / "out", update=True) == manifest


def test_a_new_file_that_cannot_be_read_is_new_too(raw, tmp_path):
    out = tmp_path / "out"
    built(raw, out)
    (raw / "b.zip").write_bytes(b"<html>404</html>")
    with pytest.raises(CorpusError, match=r"raw file b\.zip is new\): add --update"):
        built(raw, out)
    assert built(raw, out, update=True)["broken"] == {"broken_archive": 1}
    (raw / "b.zip").write_bytes(b"<html>500</html>")
    with pytest.raises(CorpusError, match=r"raw file b\.zip changed\): add --update"):
        built(raw, out)
    (raw / "b.zip").unlink()
    (raw / ".DS_Store").write_bytes(b"Finder")
    (raw / "notes.txt").write_bytes(b"what is left alone is nobody's business")
    with pytest.raises(CorpusError, match=r"raw file b\.zip is gone\): add --update"):
        built(raw, out)
    built(raw, tmp_path / "new")
    built(raw, out, update=True)
    assert hashes(out) == hashes(tmp_path / "new")
    (raw / ".DS_Store").unlink()
    assert built(raw, out)["left_alone"] == {"hidden": 1, "raw_text": 1}


def test_a_build_begun_with_other_raw_files_is_no_part_of_an_update(raw, tmp_path):
    out = tmp_path / "out"
    built(raw, out)
    for k in range(2):
        write(raw, **{f"Training__0{k}": summary_document(summary_entry(f"new{k}", *TALK))})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(run, "commit", full_disk)
            with pytest.raises(OSError, match="No space"):
                built(raw, out, update=True)
        assert len(list((out / ".work").iterdir())) == 2  # the build, and its locks
    built(raw, out, update=True)
    built(raw, tmp_path / "new")
    assert hashes(out) == hashes(tmp_path / "new")


def test_files_of_somebody_else_among_the_shards_are_refused_at_once_and_survive(raw, tmp_path):
    out = tmp_path / "out"
    built(raw, out)
    (out / "train" / ".DS_Store").write_text("Finder")
    (out / "_notes").mkdir()
    others = ["_rejected/99.txt", "train/00000.csv", "train/notes.txt"]
    for name in others:
        (out / name).write_text("mine")
    told = (
        "out holds what no build wrote: _notes, _rejected/99.txt, train/00000.csv, "
        "train/notes.txt. A corpus stands in a folder of its own, or readers take other files for "
        "a part of it: move them away, or choose another folder."
    )
    with pytest.raises(CorpusError, match=re.escape(told) + "$"):
        built(raw, out, fresh=True, seed=1)
    for name in others:
        assert (out / name).read_text() == "mine"
        (out / name).unlink()
    (out / "_notes").rmdir()
    built(raw, out, fresh=True, seed=1)
    assert (out / "train" / ".DS_Store").read_text() == "Finder"


@pytest.mark.parametrize(
    "damage",
    [
        "{",
        "{}",
        "[]",
        "null",
        "",
        f'{{"corpus_version": "{corpus.__version__}"}}',
        '{"files": {}, "options": {}}',
    ],
)
def test_a_damaged_manifest_is_one_sentence_and_fresh_replaces_it(raw, tmp_path, damage):
    out, told = tmp_path / "out", r"_manifest\.json is damaged \(.*\): `build` with --fresh builds"
    built(raw, tmp_path / "whole")
    built(raw, out, test_share=0.5)
    (out / "_manifest.json").write_text(damage)
    for options in ({}, {"update": True}):
        with pytest.raises(CorpusError, match=told):
            built(raw, out, **options)
    for look in (corpus.load, card_text):
        with pytest.raises(CorpusError, match=told):
            look(out)
    built(raw, out, fresh=True)
    assert hashes(out) == hashes(tmp_path / "whole")


def test_a_manifest_of_another_version_is_one_sentence_and_fresh_replaces_it(raw, tmp_path):
    out, told = tmp_path / "out", r"written by version 9\.0 of this project, and this is \d"
    built(raw, out)
    before = hashes(out)
    (out / "_manifest.json").write_text(
        '{"corpus_version": "9.0", "files": {"x/9.arrow": "", "../raw": ""}}'
    )
    (out / "x").mkdir()
    (out / "x" / "9.arrow").write_text("of that version")
    for look in (lambda out: built(raw, out), corpus.load, card_text):
        with pytest.raises(CorpusError, match=told):
            look(out)
    built(raw, out, fresh=True)
    assert hashes(out) == before


def test_a_corpus_without_its_manifest_is_replaced_by_fresh_alone(raw, tmp_path):
    out = tmp_path / "out"
    built(raw, tmp_path / "whole")
    built(raw, out, test_share=0.5)
    left = built(raw, out, test_share=0.5)["files"]
    (out / "_manifest.json").unlink()
    told = rf"files of a build without its manifest \({', '.join(sorted(left))}\): add --fresh"
    with pytest.raises(CorpusError, match=told):
        built(raw, out)
    built(raw, out, fresh=True)
    assert hashes(out) == hashes(tmp_path / "whole")  # no file of the third split is left


def test_a_parquet_file_that_no_build_wrote_is_not_replaced_by_fresh(raw, tmp_path):
    mine = tmp_path / "out" / "train" / "00000.parquet"
    mine.parent.mkdir(parents=True)
    pq.write_table(pa.table({"x": [1]}), mine)
    before = mine.read_bytes()
    with pytest.raises(CorpusError, match=r"out holds what no build wrote: train/00000\.parquet\."):
        built(raw, tmp_path / "out", fresh=True)
    assert mine.read_bytes() == before


@pytest.mark.parametrize(
    "name", ["train/00000.parquet", "_report.html", "_rejected/00000.jsonl.gz"]
)
def test_a_corpus_that_lost_a_file_is_not_finished(raw, tmp_path, name):
    out = tmp_path / "out"
    built(raw, out)
    before = hashes(out)
    size = (out / name).stat().st_size
    for damage, told in (
        (lambda path: os.truncate(path, 9), f"{name} has 9 bytes and not {size:,}"),
        (Path.unlink, f"{name} is missing"),
    ):
        damage(out / name)
        for options in ({}, {"update": True}):
            with pytest.raises(CorpusError, match=f"but not whole: {told}; `build` with --fresh"):
                built(raw, out, **options)
        with pytest.raises(CorpusError, match=f"but not whole: {told}; `build` with --fresh"):
            commit_shares(out)
    built(raw, out, fresh=True)
    assert hashes(out) == before


def test_a_copy_of_a_shard_in_a_corpus_is_never_replaced_and_the_way_out_is_no_circle(
    raw, tmp_path
):
    out = tmp_path / "out"
    built(raw, out)
    (out / "train/00001.parquet").write_bytes((out / "train/00000.parquet").read_bytes())
    with pytest.raises(CorpusError, match=r"no build wrote: train/00001\.parquet\."):
        built(raw, out, fresh=True)


def test_a_build_none_of_whose_items_could_be_built_says_so(raw, tmp_path):
    with pytest.raises(CorpusError, match=r"no dialogue was read: .* items of the plan could not"):
        built(raw, tmp_path / "out", item_timeout=1e-6)


def test_the_sample_is_not_written_into_a_corpus(raw, tmp_path):
    built(raw, tmp_path / "out")
    with pytest.raises(CorpusError, match="out holds a corpus, which files of raw/ would spoil"):
        write_sample(tmp_path / "out")


def test_fresh_uses_nothing_that_another_build_left_and_goes_on_with_its_own(raw, tmp_path):
    out = tmp_path / "out"
    half_built(raw, out)
    [keys] = (out / ".work").glob("*/parts/000000.keys")
    old = keys.stat().st_ino
    half_built(raw, out)
    assert keys.stat().st_ino == old  # goes on
    half_built(raw, out, fresh=True)
    new = keys.stat().st_ino
    assert new != old
    half_built(raw, out, fresh=True)
    assert keys.stat().st_ino == new
    built(raw, out, fresh=True)
    built(raw, tmp_path / "whole")
    assert hashes(out) == hashes(tmp_path / "whole")


@pytest.mark.parametrize("name", ["inputs.json", "_tokenizer.json"])
def test_what_a_build_is_made_from_is_written_again_where_it_is_damaged(raw, tmp_path, name):
    half_built(raw, tmp_path / "half")
    built(raw, tmp_path / "whole")
    for damage in (lambda path: os.truncate(path, 3), lambda path: path.write_text("{}")):
        shutil.copytree(tmp_path / "half", tmp_path / "out")
        [path] = (tmp_path / "out" / ".work").glob(f"*/{name}")
        damage(path)
        built(raw, tmp_path / "out")
        assert hashes(tmp_path / "out") == hashes(tmp_path / "whole")
        shutil.rmtree(tmp_path / "out")


@pytest.mark.parametrize("how", ["lost file", "damaged manifest"])
def test_a_corpus_that_was_ready_and_is_damaged_is_no_dead_end(raw, tmp_path, how):
    out = tmp_path / "out"
    built(raw, tmp_path / "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commit, "put_in_place", full_disk)
        with pytest.raises(OSError, match="No space"):
            built(raw, out)
    ready = out / ".work" / "ready"
    if how == "lost file":
        (ready / "_report.html").unlink()
        with pytest.raises(CorpusError, match=r"ready/_report\.html is lost: add --fresh"):
            built(raw, out)
    else:
        os.truncate(ready / "_manifest.json", 99)
    built(raw, out, fresh=how == "lost file")
    assert hashes(out) == hashes(tmp_path / "whole")


def test_a_link_to_nowhere_is_named(raw, tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "gone")
    with pytest.raises(CorpusError, match=r"out is a link to .*gone, which is not there\.$"):
        built(raw, tmp_path / "out")


HANGS = 1800  # seconds: on a busy machine what is slow takes minutes, and what hangs takes for ever
CHILD = """
import signal, sys, time
import corpus.building.item, corpus.building.plan, corpus.building.workers
from corpus.__main__ import main

corpus.building.plan.ITEM_BYTES = corpus.building.plan.RANGES = corpus.building.plan.ZIP_RANGES = 1
corpus.building.workers.BYTES_PER_WORKER = 1
real = corpus.building.item.build_item

def build_item(raw, work, item, *args, **options):
    if item.index > 1:
        time.sleep(600)
    return real(raw, work, item, *args, **options)

corpus.building.item.build_item = build_item
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's `&`
    sys.exit(main())
"""


class Command:
    """The command line in processes of its own, as a session of which each member is known."""

    def __init__(self, raw, out, *words, hash_seed):
        script = out.with_name(f"{out.name}.py")  # nobody else is reading it
        script.write_text(CHILD)
        words = ("build", raw, out, "--tokenizer", "builtin", *words)
        self.out = out
        self.process = subprocess.Popen(
            [sys.executable, script, *map(str, words)],
            cwd=ROOT,
            env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def wait_for_an_item(self):
        deadline = time.monotonic() + HANGS
        while not list((self.out / ".work").glob("*/parts/*.json")):
            assert self.process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def end(self):
        """Wait for it, then for all processes that it started, and return what it told."""
        out, err = self.process.communicate(timeout=HANGS)
        deadline = time.monotonic() + HANGS
        while self.members() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not self.members()
        return self.process.returncode, out, err

    def members(self):
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid and fields[0] not in "ZX":
                found.append(path.parent.name)
        return found


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


@pytest.fixture
def many(raw):
    return write(
        raw,
        **{
            f"Training__m{k}": topic_document(f"m{k}", *TALK, ("1", f"{k}번"), ("2", "응"))
            for k in range(5)
        },
    )


@linux
def test_however_a_build_is_ended_its_workers_end_and_the_same_command_goes_on(many, tmp_path):
    ends = {
        "term": (lambda process: process.terminate(), 130),  # of the build alone
        "ctrl-c": (lambda process: os.killpg(process.pid, signal.SIGINT), 130),  # of all, at once
        "kill": (lambda process: process.kill(), -signal.SIGKILL),
    }
    begun = {
        name: Command(many, tmp_path / name, "--workers", "2", hash_seed=str(k))
        for k, name in enumerate(ends)
    }
    for name, (end, expected) in ends.items():
        begun[name].wait_for_an_item()
        end(begun[name].process)
        told = "" if name == "kill" else "\nStopped. The same command goes on from here.\n"
        assert begun[name].end() == (expected, "", told)
        assert standing(tmp_path / name) is None
    built(many, tmp_path / "whole")
    for name in ends:
        built(many, tmp_path / name)
        assert hashes(tmp_path / name) == hashes(tmp_path / "whole")


@LAWS
def test_a_worker_that_dies_costs_a_retry_and_an_item_that_always_kills_it_is_rejected(
    many, tmp_path, monkeypatch, busy_workers, options
):
    died = []
    give, build = workers._Worker.give, engines.build_or_tell

    def dies(worker, place, step):
        give(worker, place, step)
        if step.func is not build:  # a piece of the commit
            return
        item = step.args[2]
        if item.index == 1 or (item.index == 2 and 2 not in died):
            died.append(item.index)
            worker.process.kill()

    def gives_up(raw, work, item, *rest, **how):
        told = "its worker process died (exit code -9)"
        return told if item.index == 1 else build(raw, work, item, *rest, **how)

    monkeypatch.setattr(workers._Worker, "give", dies)
    manifest = built(many, tmp_path / "three", workers=3, **options)
    assert sorted(died) == [1, 1, 1, 2]
    assert manifest["broken"] == {"failed_item": 1}
    assert not multiprocessing.active_children()
    monkeypatch.setattr(engines, "build_or_tell", gives_up)
    built(many, tmp_path / "one", workers=1, **options)
    assert hashes(tmp_path / "three") == hashes(tmp_path / "one")


def test_a_folder_in_place_of_the_manifest_is_one_sentence_and_stays(raw, tmp_path, capsys):
    out = tmp_path / "out"
    (out / "_manifest.json").mkdir(parents=True)
    words = ("build", str(raw), str(out), "--tokenizer", "builtin")
    for call in (words, (*words, "--fresh"), ("show", str(out)), ("card", str(out))):
        assert main([*call]) == 2
        assert "is a folder and no manifest: take it away." in capsys.readouterr().err
    assert main(["verify", str(out)]) == 10
    assert "_manifest.json: is a folder" in capsys.readouterr().out
    assert (out / "_manifest.json").is_dir()
