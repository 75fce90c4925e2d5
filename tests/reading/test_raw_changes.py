"""Files of raw/ that change while they are read stop a build, and nothing of them is committed."""

import io
import os
from pathlib import Path

import pytest
from raw_trees import summary_document, summary_entry, topic_document, write

import corpus
from corpus.building import run
from corpus.reading import streams
from corpus.reading.decode import decode_document, sniff
from corpus.reading.documents import check_unchanged, find_documents, open_document
from corpus.records import CorpusError, RawChangedError


@pytest.fixture
def raw(tmp_path):
    entries = [summary_entry(f"d{k}", ("A", f"{k}시에 만나"), ("B", "그래")) for k in range(20)]
    files = {
        f"Training__K_{k}": topic_document(f"K_{k}", ("1", f"{k}번"), ("2", "응")) for k in range(5)
    }
    return write(tmp_path / "raw", Training__a=summary_document(*entries), **files)


def keeping_times(change):
    """Let a file have its old times after a change, as a copying program does."""

    def changed(path):
        status = path.stat()
        change(path)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    return changed


CHANGES = {
    "gone": lambda path: path.unlink(),
    "cut": keeping_times(lambda path: path.write_bytes(path.read_bytes()[:-9])),
    "longer": keeping_times(lambda path: path.write_bytes(path.read_bytes() + b" ")),
    "replaced": lambda path: path.write_bytes(path.read_bytes().replace(b"A", b"C")),
    "a folder now": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("name", ["Training/a.json", "Training/K_3.json"])
def test_a_file_that_changes_after_its_hash_was_taken_stops_the_build(
    raw, tmp_path, monkeypatch, change, name
):
    whole = corpus.build(raw, tmp_path / "whole", tokenizer="builtin")
    aside = (raw / name).read_bytes()
    status = (raw / name).stat()
    plan = run.make_plan

    def changing(documents):
        change(raw / name)
        return plan(documents)

    with monkeypatch.context() as patch:
        patch.setattr(run, "make_plan", changing)
        with pytest.raises(RawChangedError, match=f"{name} (is gone|has another|could be read)"):
            corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert not (tmp_path / "out/_manifest.json").exists()
    if (raw / name).is_dir():
        (raw / name).rmdir()
    (raw / name).write_bytes(aside)
    os.utime(raw / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    again = corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert again["corpus_hash"] == whole["corpus_hash"]


def test_a_file_that_changes_once_its_item_is_built_stops_the_commit(raw, tmp_path, monkeypatch):
    build = run.build_items

    def changing(*args, **kwargs):
        counts = build(*args, **kwargs)
        (raw / "Training/K_1.json").unlink()
        return counts

    monkeypatch.setattr(run, "build_items", changing)
    with pytest.raises(RawChangedError, match=r"K_1\.json is gone"):
        corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert not (tmp_path / "out/_manifest.json").exists()


def test_a_folder_that_is_away_for_a_moment_costs_no_dialogue(raw, tmp_path, monkeypatch):
    whole = corpus.build(raw, tmp_path / "whole", tokenizer="builtin")
    plan = run.make_plan

    def away(documents):
        raw.rename(tmp_path / "away")
        return plan(documents)

    with monkeypatch.context() as patch:
        patch.setattr(run, "make_plan", away)
        with pytest.raises(CorpusError, match="the same command again when the file is back"):
            corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    (tmp_path / "away").rename(raw)
    again = corpus.build(raw, tmp_path / "out", tokenizer="builtin")
    assert again["corpus_hash"] == whole["corpus_hash"]
    assert again["dialogues"]["read"] == 25


@pytest.mark.parametrize(
    ("listed", "gone"),
    [("", "Training"), ("Training", "Training/K_1.json"), ("Training", ""), ("", "")],
)
def test_what_goes_away_while_raw_is_listed_is_no_rejection(listed, gone, raw, monkeypatch):
    names_in = Path.iterdir

    def listing(folder):
        names = [*names_in(folder)]
        if folder == raw / listed:
            (raw / gone).rename(raw.parent / "away")
        return iter(names)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", listing)
        with pytest.raises(RawChangedError, match=r"is gone: raw/ must stay as it is"):
            find_documents(raw, sniff=sniff)
    (raw.parent / "away").rename(raw / gone)
    (raw / "Training/link.json").symlink_to(raw / "nowhere.json")
    told = [(one.raw_file, one.reason) for one in find_documents(raw, sniff=sniff).rejected]
    assert told == [("Training/link.json", "unreadable")]


def test_a_folder_that_goes_away_before_it_is_listed_is_no_rejection(raw, monkeypatch):
    names_in = Path.iterdir

    def listing(folder):
        if folder == raw / "Training":
            folder.rename(raw.parent / "away")
        return names_in(folder)

    monkeypatch.setattr(Path, "iterdir", listing)
    with pytest.raises(RawChangedError, match=r"Training is gone: raw/ must stay as it is"):
        find_documents(raw, sniff=sniff)


class Failing(io.FileIO):
    """A file of a disk that fails once it was asked to."""

    is_bad = False

    def fileno(self):
        if Failing.is_bad and self.name.name == "a.json":
            raise OSError(5, "Input/output error")
        return super().fileno()


def dialogues_of(raw, found):
    return [
        one.dialogue_id
        for document in found.documents
        for some in decode_document(open_document(raw, document), document)
        for one in some.dialogues
    ]


def test_a_disk_that_begins_to_fail_stops_the_build(raw, monkeypatch):
    monkeypatch.setattr(streams.io, "FileIO", Failing)
    found = find_documents(raw, sniff=sniff)
    monkeypatch.setattr(Failing, "is_bad", True)
    with pytest.raises(RawChangedError, match=r"could be read before and now cannot \(Input"):
        dialogues_of(raw, found)


def test_what_could_not_be_hashed_is_rejected_and_the_rest_is_read(raw, monkeypatch):
    monkeypatch.setattr(streams.io, "FileIO", Failing)
    monkeypatch.setattr(Failing, "is_bad", True)
    found = find_documents(raw, sniff=sniff)
    assert [one.reason for one in found.rejected] == ["unreadable"]
    assert [one.sha256 for one in found.files if one.path.endswith("a.json")] == ["unreadable"]
    check_unchanged(raw, found.documents)
    assert len(dialogues_of(raw, found)) == 5
