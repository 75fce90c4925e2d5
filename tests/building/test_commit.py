"""The commit is cut into pieces; wherever and however often they begin, the bytes are the same."""

from collections import Counter

import pytest
from killed_workers import dying
from raw_trees import summary_document, summary_entry, topic_document, write
from small_builds import TALK, built, hashes

from corpus.building import (
    commit,
    commit_steps,
    decide,
    near_steps,
    steps,
    writing,
)
from corpus.building.shares import build_share, commit_shares
from corpus.dedup import near_bands, near_search
from corpus.reading import looks
from corpus.records import CorpusError


def talk(k):
    return [*TALK, ("1", f"{k}번 버스"), ("2", f"{k}번은 안 와")]


@pytest.fixture(autouse=True)
def many_pieces(small_items, monkeypatch):
    """Each document is an item, a shard has three rows, a ledger file one member."""
    monkeypatch.setattr(decide, "SHARD_ROWS", 3)
    monkeypatch.setattr(commit_steps, "LEDGER_BYTES", 1)
    monkeypatch.setattr(commit_steps, "BATCH", 2)


@pytest.fixture
def raw(tmp_path):
    """Rows of both splits in one document and in several, five duplicates, a broken entry."""
    entries = [summary_entry(f"s{k}", *talk(k)) for k in range(7)]
    return write(
        tmp_path / "raw",
        Training__a=summary_document(*entries, summary_entry("alone", ("A", "안녕"), ("A", "?"))),
        Training__b=summary_document(*(summary_entry(f"r{k}", *talk(k)) for k in range(5))),
        **{f"Training__t{k}": topic_document(f"t{k}", *talk(10 + k)) for k in range(4)},
        **{f"Validation__v{k}": topic_document(f"v{k}", *talk(20 + k)) for k in range(4)},
        broken=b'{"name": "no dialogue"}',
    )


@pytest.fixture
def whole(raw, tmp_path):
    """The files of a build by one worker, by their hashes."""
    told = built(raw, tmp_path / "whole")
    assert [(one["path"], one["rows"]) for one in told["shards"]] == [
        *((f"train/0000{k}.parquet", n) for k, n in enumerate((3, 3, 3, 2))),
        *((f"validation/0000{k}.parquet", n) for k, n in enumerate((3, 1))),
    ]
    assert told["reasons"]["duplicate"] == 5
    assert len(list((tmp_path / "whole" / "_rejected").iterdir())) == 5
    return hashes(tmp_path / "whole")


@pytest.mark.parametrize("n", [2, 3])
def test_any_number_of_workers_writes_the_same_bytes(raw, tmp_path, whole, n, busy_workers):
    built(raw, tmp_path / "out", workers=n)
    assert hashes(tmp_path / "out") == whole


def test_shards_are_committed_by_workers_too(raw, tmp_path, whole, busy_workers):
    for one in ("2/3", "1/3", "3/3"):
        build_share(raw, tmp_path / "out", one, tokenizer="builtin")
    commit_shares(tmp_path / "out", workers=3)
    assert hashes(tmp_path / "out") == whole


def test_a_piece_that_is_written_is_not_written_again(raw, tmp_path, whole, monkeypatch):
    made, real = [], writing.Writing.made

    def counts(self, name, *rest):
        made.append(name)
        told = real(self, name, *rest)
        if len(made) % 4 == 0:
            raise KeyboardInterrupt
        return told

    monkeypatch.setattr(writing.Writing, "made", counts)
    n_stops = 0
    while not (tmp_path / "out" / "_manifest.json").exists():
        try:
            built(raw, tmp_path / "out")
        except KeyboardInterrupt:
            n_stops += 1
            assert not (tmp_path / "out" / "train").exists()
    assert n_stops == 3
    assert len(made) == len(set(made)) == 14  # six shards, three batches, five ledger files
    assert hashes(tmp_path / "out") == whole


def damaged_content(folder):
    path = folder / "out" / "train" / "00001.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"?")


def lost_sample(folder):
    (folder / "commit" / "train-00001.sample.arrow").unlink()


def damaged_record(folder):
    path = folder / "commit" / "train-00001.json"
    path.write_bytes(path.read_bytes().replace(b'"rows": 3', b'"rows": 4', 1))


def other_parts(folder):
    """As if the parts had been other ones when the shard was written."""
    path = folder / "commit" / "train-00001.json"
    told = writing.read_sealed(path) | {"state": "of others"}
    path.write_bytes(writing.sealed(told))


@pytest.mark.parametrize("damage", [damaged_content, lost_sample, damaged_record, other_parts])
def test_a_piece_that_is_not_as_it_was_written_is_written_again(
    raw, tmp_path, whole, monkeypatch, damage
):
    with monkeypatch.context() as patch:
        patch.setattr(commit, "corpus_hash", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            built(raw, tmp_path / "out")
    [folder] = (path.parent for path in (tmp_path / "out").glob(".work/*/parts"))
    damage(folder)
    (folder / "out" / "train" / "00009.parquet").write_bytes(b"of a commit that decided otherwise")
    (folder / "commit" / "train-00002.json.half.tmp").write_bytes(b"of one that was killed")
    made, real = [], writing.Writing.made

    def counts(self, name, *rest):
        made.append(name)
        return real(self, name, *rest)

    monkeypatch.setattr(writing.Writing, "made", counts)
    built(raw, tmp_path / "out")
    assert made == ["train-00001"]
    assert hashes(tmp_path / "out") == whole


def test_a_worker_that_dies_in_the_commit_costs_a_retry(raw, tmp_path, whole, busy_workers):
    with dying(lambda step: step.func is steps.write_shard, most=2) as died:
        built(raw, tmp_path / "out", workers=2)
    assert len(died) == 2
    assert hashes(tmp_path / "out") == whole


def test_a_piece_that_always_kills_its_worker_ends_the_build_and_the_next_one_goes_on(
    raw, tmp_path, whole, busy_workers
):
    def is_second_shard(step):
        return step.func is steps.write_shard and step.args[1].number == 1

    with (
        dying(is_second_shard),
        pytest.raises(CorpusError, match=r"could not be written in 3 tries .*exit code -9"),
    ):
        built(raw, tmp_path / "out", workers=2)
    assert not (tmp_path / "out" / "_manifest.json").exists()
    built(raw, tmp_path / "out", workers=2)
    assert hashes(tmp_path / "out") == whole


@pytest.mark.parametrize("dedup", ["exact", "near", "off"])
def test_shards_are_cut_anywhere_in_a_dialogue_of_several_rows(raw, tmp_path, monkeypatch, dedup):
    import corpus

    options = {"overlong": "split", "max_tokens": 20, "dedup": dedup, "test_share": 0.3}
    cut = built(raw, tmp_path / "cut", **options)
    monkeypatch.setattr(decide, "SHARD_ROWS", 50_000)
    plain = built(raw, tmp_path / "plain", **options)
    assert len(cut["shards"]) > len(plain["shards"]) or dedup == "near"  # few rows are left
    same = ("rows", "tokens", "report", "sources", "other_choices", "reasons")
    assert [cut[name] for name in same] == [plain[name] for name in same]
    frames = [corpus.load(tmp_path / name).to_dict("records") for name in ("cut", "plain")]
    assert str(frames[0]) == str(frames[1])


@pytest.fixture
def alike(tmp_path, monkeypatch):
    """Ten talks, each there three times, a word changed; the steps of the search are small."""
    for module, name, value in (
        (near_steps, "PARTS", 2),
        (near_steps, "MOST_BANDS", 20),
        (near_steps, "ROWS", 4),
        (near_steps, "OTHERS", 8),
        (near_search, "BLOCKS", (6, 12)),
    ):
        monkeypatch.setattr(module, name, value)
    said = [
        [("AB"[n % 2], f"{k * 7 + n}번 버스가 {chr(0xAC00 + 97 * k + n)} 왔어") for n in range(8)]
        for k in range(10)
    ]
    documents = {
        f"Training__d{k}{n}": summary_document(
            summary_entry(f"d{k}{n}", *one[:-1], ("B", f"{one[-1][1]} {'가나다'[n]}"))
        )
        for k, one in enumerate(said)
        for n in range(3)
    }
    return write(tmp_path / "alike", **documents)


def near_of(raw, out, **options):
    told = built(raw, out, dedup="near", **options)
    assert told["reasons"] == {"near_duplicate": 20}
    return hashes(out)


def test_near_duplicates_are_the_same_for_any_number_of_workers_and_deaths(
    alike, tmp_path, busy_workers
):
    one = near_of(alike, tmp_path / "one")
    given = Counter()

    def is_one_of_two(step):
        given[step.func] += 1
        return step.func in of_search and given[step.func] <= 2

    of_search = (near_steps.near_files, near_bands.sort_bands, near_bands.near_pairs)
    for n in (2, 3):
        given.clear()
        with dying(is_one_of_two):
            assert near_of(alike, tmp_path / str(n), workers=n) == one
        assert min(given[step] for step in of_search) > 2


def test_a_search_that_was_cut_short_begins_again_and_one_that_is_done_does_not(
    alike, tmp_path, monkeypatch
):
    whole = near_of(alike, tmp_path / "whole")
    stopped, real = [], near_bands.near_pairs

    def stops(*args, **options):
        stopped.append(args)
        if len(stopped) == 2:
            raise KeyboardInterrupt
        return real(*args, **options)

    monkeypatch.setattr(near_steps, "near_pairs", stops)
    with pytest.raises(KeyboardInterrupt):
        near_of(alike, tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(commit, "corpus_hash", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            near_of(alike, tmp_path / "out")
    n_compared = len(stopped)
    [folder] = (tmp_path / "out").glob(".work/*/commit")
    assert not (folder / "near").exists()  # its index is gone as soon as it is not needed
    assert near_of(alike, tmp_path / "out") == whole
    assert len(stopped) == n_compared > 2


def test_a_search_whose_result_is_damaged_is_made_again(alike, tmp_path, monkeypatch):
    whole = near_of(alike, tmp_path / "whole")
    with monkeypatch.context() as patch:
        patch.setattr(commit, "corpus_hash", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            near_of(alike, tmp_path / "out")
    [path] = (tmp_path / "out").glob(".work/*/commit/near-duplicates.npz")
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    assert near_of(alike, tmp_path / "out") == whole


def test_a_signature_that_is_damaged_in_the_commit_stops_it_and_is_made_again(
    alike, tmp_path, monkeypatch
):
    whole = near_of(alike, tmp_path / "whole")
    real = near_steps.near_files

    def damages(results, folder):
        content = bytearray(results[0].near.read_bytes())
        content[50] ^= 1
        results[0].near.write_bytes(content)
        return real(results, folder)

    with monkeypatch.context() as patch:
        patch.setattr(near_steps, "near_files", damages)
        with pytest.raises(CorpusError, match="is not as it was written"):
            near_of(alike, tmp_path / "out")
    assert near_of(alike, tmp_path / "out") == whole


def test_files_are_looked_at_by_workers_of_which_some_die(
    raw, tmp_path, whole, monkeypatch, busy_workers
):
    monkeypatch.setattr(looks, "FILES", 2)
    with dying(lambda step: step.func is looks.look_at, most=2) as died:
        built(raw, tmp_path / "out", workers=2)
    assert len(died) == 2
    assert hashes(tmp_path / "out") == whole


def test_a_file_that_always_kills_who_looks_at_it_ends_the_build_in_a_sentence(
    raw, tmp_path, busy_workers
):
    with (
        dying(lambda step: step.func is looks.look_at),
        pytest.raises(CorpusError, match=r"could not be looked at in 3 tries .*exit code -9"),
    ):
        built(raw, tmp_path / "out", workers=2)
