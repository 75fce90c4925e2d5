"""Mutations of a corpus: each is found, named and told by the exit code of its class."""

import gzip
import json
import random
import shutil
from hashlib import sha256

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

from corpus.__main__ import main
from corpus.building import decide, run
from corpus.output import rows, shards
from corpus.output.files import json_bytes
from corpus.output.manifest import corpus_hash
from corpus.output.rows import COLUMNS
from corpus.output.shards import ContentDigest
from corpus.tokens.encoder import Encoder
from corpus.verify import shards as verified
from corpus.verify.checks import verify
from corpus.verify.findings import CLASSES, SHOWN

TRAIN, SECOND, HELD_OUT = (
    f"{name}.parquet" for name in ("train/00000", "train/00001", "validation/00000")
)
LEDGER, MANIFEST, TOKENIZER = "_rejected/00000.jsonl.gz", "_manifest.json", "_tokenizer.json"
UTTERANCES = "_rejected/utterances-00000.jsonl.gz"
LONG = [("A", "가나다라마바사 " * 9), ("B", "아자차카타파하 " * 9)] * 3


def talk(k):
    return [
        ("A", f"안녕 {k} ㅋㅋㅋㅋ"),
        ("A", "#@시스템#사진#"),
        ("B", "#@이름#이는 잘 있어?"),
        ("A", "응"),
        ("B", "다행"),
    ]


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Five rows of train in two shards, two of validation, and some that are no rows."""
    entries = [summary_entry(f"d{k}", *talk(k)) for k in range(4)]
    return write(
        tmp_path_factory.mktemp("verify") / "raw",
        Training__a=summary_document(
            *entries,
            summary_entry("long", *LONG),
            summary_entry("d0", *talk(0)),
            summary_entry("ends", *talk(9), ("A", "가자")),
            {"header": {"dialogueInfo": {"dialogueID": 3}}, "body": {"dialogue": []}},
        ),
        Validation__b=sns_document(summary_entry("e0", ("A", "밥?"), ("B", "먹었어"))),
        Validation__c=topic_document("d0", ("1", "**야 뭐해"), ("2", "놀아 키키키")),
        unknown=b'{"name": "no dialogue"}',
    )


@pytest.fixture(autouse=True)
def small_shards(monkeypatch):
    monkeypatch.setattr(shards, "ROW_GROUP_ROWS", 2)
    for module in (decide, verified):
        monkeypatch.setattr(module, "SHARD_ROWS", 4)


@pytest.fixture(scope="module")
def built(raw, tmp_path_factory):
    """The corpus as a build leaves it; not to be touched."""
    folder = tmp_path_factory.mktemp("built") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "ROW_GROUP_ROWS", 2)
        patch.setattr(decide, "SHARD_ROWS", 4)
        run.build(raw, folder, tokenizer="builtin", max_tokens=400)
    return folder


@pytest.fixture
def processed(built, tmp_path):
    return shutil.copytree(built, tmp_path / "out")


def test_with_every_option_on_nothing_is_wrong_either(raw, tmp_path):
    run.build(raw, tmp_path / "out", tokenizer="builtin", **EVERYTHING)
    assert verify(tmp_path / "out", raw=raw).counts == {}


def test_dialogues_that_go_for_each_reason_of_the_commit_are_found_again(tmp_path):
    entries = [summary_entry(f"d{k}", *talk(k)) for k in range(4)]
    near = [("A", "나는 어제 산에 가서 밤을 많이 주웠어"), ("B", "나도 같이 가서 밤을 주울래")]
    raw = write(
        tmp_path / "raw",
        Training__a=summary_document(
            *entries,
            summary_entry("d0", *talk(0)),
            summary_entry("d1", ("A", "다른"), ("B", "이야기")),
            summary_entry("n0", *near),
            summary_entry("n1", *near[:1], ("B", "나도 같이 가서 밤을 주울래요")),
            summary_entry("n2", *near[:1], ("B", "나도 같이 가서 밤을 주울래!")),
        ),
        Validation__b=summary_document(
            summary_entry("n3", *near[:1], ("B", "나도 같이 가서 밤을 주울래?"))
        ),
    )
    reasons = set()
    for options in ({}, {"dedup": "near"}, {"dedup": "near", "test_share": 0.9}):
        manifest = run.build(raw, tmp_path / "out", tokenizer="builtin", fresh=True, **options)
        assert list(verify(tmp_path / "out", raw=raw).lines()) == []
        reasons |= manifest["reasons"].keys()
    assert reasons >= {"duplicate", "other_version", "near_validation"}


def edit_rows(change, path=TRAIN):
    """A mutation: `change` alters a list of rows, which becomes the shard."""

    def mutate(processed):
        table = pq.read_table(processed / path, partitioning=None)
        content = table.to_pylist()
        change(content)
        pq.write_table(pa.Table.from_pylist(content, table.schema), processed / path)

    return mutate


def edit_row(row=0, path=TRAIN, **columns):
    return edit_rows(lambda content: content[row].update(columns), path)


def say(text, *, path=TRAIN, with_ids=True):
    """A mutation: somebody says `text`, and all columns of the row are made to fit."""

    def mutate(processed):
        encoder = Encoder((processed / TOKENIZER).read_bytes())

        def change(content):
            row = content[0]
            row["messages"][2]["content"] = text
            turns = [message["content"] for message in row["messages"]]
            row["conversation"] = rows.conversation(turns)
            if with_ids:
                ids, starts = [], []
                for place, of_turn in enumerate(encoder.encode(turns)):
                    starts.append(len(ids))
                    role = encoder.sys_id if place % 2 else encoder.usr_id
                    ids += [role, *memoryview(of_turn).cast("i")]
                row |= {"token_ids": ids, "turn_starts": starts, "n_tokens": len(ids)}

        edit_rows(change, path)(processed)

    return mutate


def edit_manifest(change):
    """A mutation: `change` alters the manifest, which does not fit its own hash any more."""

    def mutate(processed):
        manifest = json.loads((processed / MANIFEST).read_bytes())
        change(manifest)
        (processed / MANIFEST).write_bytes(json_bytes(manifest))

    return mutate


def flip(name, where=0.5):
    def mutate(processed):
        content = bytearray((processed / name).read_bytes())
        content[int(where * len(content))] ^= 0x15
        (processed / name).write_bytes(content)

    return mutate


def edit_ledger(change, name=LEDGER):
    def mutate(processed):
        lines = gzip.decompress((processed / name).read_bytes()).splitlines(keepends=True)
        change(lines)
        (processed / name).write_bytes(gzip.compress(b"".join(lines)))

    return mutate


def truncate(processed):
    content = (processed / TRAIN).read_bytes()
    (processed / TRAIN).write_bytes(content[: len(content) // 2])


def swap(one, other):
    def mutate(processed):
        (processed / one).rename(processed / "aside")
        (processed / other).rename(processed / one)
        (processed / "aside").rename(processed / other)

    return mutate


def with_columns(change):
    """A mutation: `change` makes another table of a shard's."""

    def mutate(processed):
        table = change(pq.read_table(processed / TRAIN, partitioning=None))
        pq.write_table(table, processed / TRAIN)

    return mutate


def reseal(processed, *, with_counts=True):
    """Make the manifest's hashes those of the files, as if a build had written them so."""
    manifest = json.loads((processed / MANIFEST).read_bytes())
    del manifest["manifest_sha256"]
    files = manifest["files"]
    for name in files:
        files[name] = sha256((processed / name).read_bytes()).hexdigest()
        manifest["file_bytes"][name] = (processed / name).stat().st_size
    manifest["tokenizer"]["sha256"] = files[TOKENIZER]
    manifest["corpus_hash"] = corpus_hash(files)
    for shard in manifest["shards"]:
        table = pq.read_table(processed / shard["path"], partitioning=None)
        digest = ContentDigest()
        digest.update(table)
        shard |= {
            "bytes": (processed / shard["path"]).stat().st_size,
            "sha256": files[shard["path"]],
            "content_sha256": digest.hexdigest(),
        }
        if with_counts:
            tokens = sum(map(len, table["token_ids"].to_pylist()))
            manifest["tokens"][shard["split"]] += tokens - shard["tokens"]
            manifest["sources"]["summary"]["tokens"] += tokens - shard["tokens"]
            manifest["report"]["topics"]["여행"]["tokens"] += tokens - shard["tokens"]
            shard["tokens"] = tokens
    manifest["manifest_sha256"] = sha256(json_bytes(manifest)).hexdigest()
    (processed / MANIFEST).write_bytes(json_bytes(manifest))


def remove_first(content):
    del content[0]


def raise_count(*keys):
    def change(manifest):
        *inner, last = keys
        for key in inner:
            manifest = manifest[key]
        manifest[last] += 1

    return edit_manifest(change)


def test_a_corpus_as_it_was_built_is_sound(built, raw):
    assert list(verify(built, raw=raw).lines()) == []


@pytest.mark.parametrize(
    "options",
    [
        {"overlong": "split", "max_tokens": 60},
        {"overlong": "drop", "max_tokens": 60},
        {"multi_party": "fold", "usr_ending": "trim"},
        {"rules": "chathuman"},
        {"sources": ["sns"]},
    ],
)
def test_a_corpus_of_other_options_is_sound(raw, tmp_path, options):
    run.build(raw, tmp_path / "out", tokenizer="builtin", **options)
    assert list(verify(tmp_path / "out", raw=raw).lines()) == []


# Each mutation as it happens to a file: the class that decides, and what has to be said.
MUTATIONS = {
    "a flipped byte of a shard": (flip(TRAIN, 0.2), "files", TRAIN),
    "a flipped byte of a footer": (flip(TRAIN, 0.99), "files", TRAIN),
    "a flipped byte of the ledger": (flip(LEDGER), "files", LEDGER),
    "a flipped byte of the tokenizer": (flip(TOKENIZER), "files", TOKENIZER),
    "a flipped byte of the manifest": (flip(MANIFEST, 0), "files", MANIFEST),
    "a truncated shard": (truncate, "files", f"{TRAIN}: cannot be read"),
    "a truncated ledger": (
        lambda folder: (folder / LEDGER).write_bytes((folder / LEDGER).read_bytes()[:-20]),
        "files",
        f"{LEDGER} behind line",
    ),
    "a shard that is gone": (lambda folder: (folder / SECOND).unlink(), "files", SECOND),
    "a ledger that is gone": (lambda folder: (folder / LEDGER).unlink(), "files", LEDGER),
    "a flipped byte of the utterances": (flip(UTTERANCES), "files", f"{UTTERANCES} behind line"),
    "utterances that are gone": (
        lambda folder: (folder / UTTERANCES).unlink(),
        "files",
        f"{UTTERANCES}: No such file",
    ),
    "a tokenizer that is gone": (lambda folder: (folder / TOKENIZER).unlink(), "files", TOKENIZER),
    "a foreign file": (
        lambda folder: (folder / "train" / "README.md").write_text("mine"),
        "files",
        "train/README.md: was not written by a build",
    ),
    "a foreign shard of macOS": (
        lambda folder: (folder / "train" / "._00000.parquet").write_text("x"),
        "files",
        "train/._00000.parquet: was not written by a build",
    ),
    "another size of a file": (
        raise_count("file_bytes", "_report.html"),
        "files",
        f"{MANIFEST}: has another size of _report.html than its",
    ),
    "a manifest that is no JSON": (
        lambda folder: (folder / MANIFEST).write_text("{"),
        "files",
        f"{MANIFEST}: is no JSON",
    ),
    "a manifest without shards": (
        edit_manifest(lambda manifest: manifest.pop("shards")),
        "files",
        f"{MANIFEST}: shards is missing",
    ),
    "a number that nothing else tells": (raise_count("rules", "jamo_run"), "files", MANIFEST),
    "the same rows in other bytes": (
        with_columns(lambda table: table),
        "files",
        "its bytes are not those that were written, its rows are",
    ),
    "a topic of another name": (
        edit_row(topic="다른"),
        "files",
        "its bytes are not those that were written, nor are its rows",
    ),
    "another size of a shard": (raise_count("shards", 0, "bytes"), "files", f"{TRAIN}: has "),
    "another hash of a shard": (
        edit_manifest(lambda manifest: manifest["shards"][0].update(sha256="0")),
        "files",
        f"has two hashes of {TRAIN}",
    ),
    "another hash of the corpus": (
        edit_manifest(lambda manifest: manifest.update(corpus_hash="0")),
        "files",
        "corpus_hash is not that of the files",
    ),
    "another tokenizer": (
        edit_manifest(lambda manifest: manifest["tokenizer"].update(sha256="0")),
        "schema",
        f"{TRAIN}: its tokenizer_sha256",
    ),
    "another raw text in the ledger": (
        edit_ledger(lambda lines: lines.append(lines.pop().replace("다행".encode(), b"ok"))),
        "files",
        "its raw text is not that of its raw_sha256",
    ),
    "a column that is gone": (
        with_columns(lambda table: table.drop_columns("topic")),
        "schema",
        f"{TRAIN}: topic is missing",
    ),
    "a column too many": (
        with_columns(lambda table: table.append_column("x", table["part"])),
        "schema",
        f"{TRAIN}: x is no column",
    ),
    "a column of another type": (
        with_columns(lambda table: table.set_column(1, "part", table["part"].cast(pa.int64()))),
        "schema",
        f"{TRAIN}: part is int64, not int32 not null",
    ),
    "a shard of other options": (
        edit_manifest(lambda manifest: manifest["options"].update(seed=1)),
        "schema",
        f"{TRAIN}: its options_sha256",
    ),
    "a row that was dropped": (edit_rows(remove_first), "counts", f"{TRAIN}: 3 rows; "),
    "a line of the ledger that was dropped": (
        edit_ledger(remove_first),
        "counts",
        "lines of the ledger, summary/bad_shape: it says 1; counted 0",
    ),
    "a reason of the ledger that was changed": (
        edit_ledger(lambda lines: lines.append(lines.pop().replace(b'"duplicate"', b'"no_text"'))),
        "counts",
        "lines of the ledger, summary/no_text: it says 0; counted 1",
    ),
    "an utterance that was dropped from the ledger": (
        edit_ledger(remove_first, UTTERANCES),
        "counts",
        "lines of utterances left out, system_tag: it says 6; counted 5",
    ),
    "an utterance without a reason": (
        edit_ledger(
            lambda lines: lines.append(lines.pop().replace(b'"reason"', b'"x"')), UTTERANCES
        ),
        "files",
        f"{UTTERANCES} behind line 6: cannot be read: 'reason'",
    ),
    "another number of rows": (raise_count("rows", "train"), "counts", "rows of train"),
    "another number of dialogues": (raise_count("dialogues", "read"), "counts", "dialogues read"),
    "another number of tokens": (
        raise_count("sources", "sns", "tokens"),
        "counts",
        "tokens of sns",
    ),
    "another number of cut utterances": (
        raise_count("report", "utterances", "cut"),
        "counts",
        "report.utterances",
    ),
    "another length of a dialogue": (
        edit_manifest(lambda manifest: manifest["report"]["uncapped_tokens"].update({"8": 99})),
        "counts",
        "report.uncapped_tokens",
    ),
    "another number of unknown characters": (raise_count("unk_tokens"), "counts", "unk_tokens"),
    "shards in another order": (
        edit_manifest(lambda manifest: manifest["shards"].reverse()),
        "rows",
        "its shards are not numbered",
    ),
    "swapped shards": (swap(TRAIN, SECOND), "rows", f"{SECOND} row 0 (d0): stands in raw/ before"),
    "shards of another split": (
        swap(SECOND, HELD_OUT),
        "rows",
        f"{HELD_OUT} row 0 (long): split is not validation",
    ),
    "an edited role": (
        edit_rows(lambda content: content[1]["messages"][1].update(role="user")),
        "rows",
        f"{TRAIN} row 1 (d1): roles do not alternate",
    ),
    "an edited token id": (
        edit_rows(lambda content: content[3]["token_ids"].__setitem__(1, 900)),
        "tokens",
        f"{TRAIN} row 3 (d3): token_ids are not its text's",
    ),
    "a tag": (say("#@이름#"), "residue", f"{TRAIN} row 0 (d0): its text holds a tag"),
    "a mask": (say("**아"), "residue", f"{TRAIN} row 0 (d0): its text holds a mask"),
    "a control token": (say("<usr>"), "residue", f"{TRAIN} row 0 (d0): its text holds a control"),
    "an angle bracket": (say("> 응"), "residue", "its text holds an angle bracket"),
    "a placeholder": (say("\ue000 응"), "residue", "its text holds a private-use character"),
    "a control character": (say("응\x07"), "residue", "its text holds a control character"),
    "a zero-width character": (say("응\u200b"), "residue", "its text holds a control character"),
    "a run of jamo": (say("ㅋㅋㅋ"), "residue", "its text holds one sign three times"),
    "a run of dots": (say("응..."), "residue", "its text holds one sign three times"),
}


@pytest.mark.parametrize(("mutate", "kind", "told"), MUTATIONS.values(), ids=MUTATIONS)
def test_a_mutation_is_found_and_named(processed, mutate, kind, told, capsys):
    mutate(processed)
    assert main(["verify", str(processed)]) == CLASSES[kind][0]
    out = capsys.readouterr().out
    assert f"{kind} ({CLASSES[kind][0]}): " in out
    assert told in out


# What a faulty build would leave: all hashes fit, and only the law that is broken tells it.
FAULTS = {
    "there is no such source": (edit_row(source="news"), "rows", "there is no such source"),
    "a shard is not full": (
        raise_count("shards", 0, "rows"),
        "rows",
        f"{TRAIN}: only the last shard has not 4 rows",
    ),
    "n_turns is odd": (edit_row(n_turns=3), "rows", "n_turns is not even"),
    "n_turns is not the messages'": (edit_row(n_turns=6), "rows", "number of messages"),
    "n_tokens is another": (edit_row(n_tokens=7), "rows", "n_tokens is not the number"),
    "more was cut than nothing": (edit_row(n_turns_cut=-1), "rows", "n_turns_cut is below 0"),
    "turn_starts are shifted": (
        edit_rows(lambda content: content[0]["turn_starts"].__setitem__(1, 1)),
        "rows",
        "turn_starts do not lead to <usr>, <sys>",
    ),
    "turn_starts lead nowhere": (
        edit_rows(lambda content: content[0]["turn_starts"].__setitem__(3, 999)),
        "rows",
        "turn_starts do not rise",
    ),
    "a turn start is missing": (
        edit_rows(lambda content: content[0]["turn_starts"].pop()),
        "rows",
        "number of turn_starts",
    ),
    "conversation says something else": (
        edit_row(conversation="<usr>안녕<sys>응"),
        "rows",
        "conversation is not its messages",
    ),
    "nobody says anything": (say(""), "rows", "a message is empty"),
    "an id is in use": (edit_row(1, dialogue_id="d0"), "rows", "row 1 (d0): its dialogue_id is in"),
    "an id is in use in another split": (
        edit_row(path=HELD_OUT, dialogue_id="d0"),
        "rows",
        f"{HELD_OUT} row 0 (d0): its dialogue_id is in use already",
    ),
    "a part without a first": (edit_row(2, part=1), "rows", "row 2 (d2): is no part that follows"),
    "rows are not in their order": (edit_row(1, raw_file="0"), "rows", "stands in raw/ before"),
    "a row has no place": (edit_row(raw_offset=-1), "rows", "raw_offset is below 0"),
    "a value is missing": (
        edit_rows(lambda content: content[0]["messages"][0].update(content=None)),
        "rows",
        "row 0 (d0): messages lacks a value",
    ),
    "ids of another text": (say("음", with_ids=False), "tokens", "token_ids are not its text's"),
}


@pytest.mark.parametrize(("mutate", "kind", "told"), FAULTS.values(), ids=FAULTS)
def test_a_fault_that_no_hash_tells_is_found(processed, mutate, kind, told):
    mutate(processed)
    reseal(processed)
    findings = verify(processed)
    assert kind in set(findings.counts)
    assert "files" not in set(findings.counts)
    assert any(told in line for line in findings.lines())


def test_a_row_over_the_limit_is_found(built, tmp_path, raw):
    run.build(raw, tmp_path / "out", tokenizer="builtin", max_tokens=60, overlong="split")
    say("가나다라마바사 " * 30)(tmp_path / "out")
    reseal(tmp_path / "out")
    told = "n_tokens + 2 is over max_tokens, 60"
    assert any(told in line for line in verify(tmp_path / "out").lines())


def test_what_chathuman_leaves_in_a_text_is_no_residue_there(raw, tmp_path):
    run.build(raw, tmp_path / "out", tokenizer="builtin", rules="chathuman")
    for text, is_residue in ((">_<", False), ("<unused7>", True)):
        say(text)(tmp_path / "out")
        reseal(tmp_path / "out")
        assert ("residue" in set(verify(tmp_path / "out").counts)) == is_residue


def test_a_shard_that_pandas_wrote_is_still_read(processed):
    """Its schema is another, but that hides nothing that is wrong in its rows."""
    import pandas as pd

    frame = pd.read_parquet(processed / TRAIN)
    frame.loc[0, "conversation"] += "#@이름#"
    frame.to_parquet(processed / TRAIN)
    assert {"schema", "rows"} <= set(verify(processed).counts)


def test_a_flipped_byte_anywhere_is_found_and_never_a_traceback(processed):
    draw = random.Random(0)
    for name in (TRAIN, HELD_OUT, LEDGER, MANIFEST):
        content = (processed / name).read_bytes()
        for _ in range(12):
            flipped = bytearray(content)
            flipped[draw.randrange(len(content))] ^= draw.randrange(1, 256)
            (processed / name).write_bytes(flipped)
            assert verify(processed).exit_code
        (processed / name).write_bytes(content)
    assert not verify(processed).exit_code


def test_a_shard_that_cannot_be_read_is_not_counted_against_the_manifest(processed):
    truncate(processed)
    assert set(verify(processed).counts) == {"files"}


def test_of_many_findings_the_first_are_told_and_the_others_counted(processed):
    for k in range(30):
        (processed / f"{k:02}.parquet").write_bytes(b"")
    findings = verify(processed)
    lines = list(findings.lines())
    assert len(lines) == SHOWN + 2
    assert lines[-1] == f"  and {30 - SHOWN} more"


def test_hidden_files_are_not_foreign(processed):
    (processed / ".gitignore").write_text("*")
    (processed / ".work").mkdir()
    (processed / ".work" / "x").write_text("")
    assert verify(processed).exit_code == 0


def test_raw_files_that_changed_are_named(processed, raw, tmp_path):
    other = shutil.copytree(raw, tmp_path / "raw")
    content = (other / "Training" / "a.json").read_bytes()
    (other / "Training" / "a.json").write_bytes(content.replace("안녕 2".encode(), b"hello 2"))
    (other / "Validation" / "b.json").unlink()
    write(other, new=summary_document(summary_entry("n", *talk(5))))
    findings = verify(processed, raw=other)
    lines = "\n".join(findings.lines())
    assert findings.exit_code == CLASSES["raw"][0]
    assert set(findings.counts) == {"raw"}
    assert "Training/a.json: is not the file that the corpus was built from" in lines
    assert "Validation/b.json: is gone" in lines
    assert "new.json: was not there" in lines
    assert f"{TRAIN} row 2 (d2): its raw dialogue gives another row" in lines


@pytest.mark.parametrize(
    ("mutate", "told"),
    [
        (say("이건 아무도 말하지 않았다"), "row 0 (d0): its raw dialogue gives another row"),
        (edit_row(topic="다른"), "row 0 (d0): its raw dialogue gives another row"),
        (edit_row(raw_offset=1), "row 0 (d0): no raw dialogue gives a row"),
        (edit_row(path=HELD_OUT, raw_file="Validation/a"), "(e0): no raw dialogue gives a row"),
    ],
)
def test_a_row_that_only_the_raw_files_prove_wrong_is_found(processed, raw, mutate, told):
    mutate(processed)
    reseal(processed)
    assert verify(processed).exit_code == 0
    findings = verify(processed, raw=raw)
    assert findings.exit_code == CLASSES["raw"][0]
    assert any(told in line for line in findings.lines())


def test_a_damaged_shard_is_not_held_against_the_raw_files(processed, raw):
    truncate(processed)
    assert set(verify(processed, raw=raw).counts) == {"files"}


def test_a_number_that_only_the_raw_files_prove_wrong_is_found(processed, raw):
    raise_count("rules", "jamo_run")(processed)
    reseal(processed)
    assert verify(processed).exit_code == 0
    findings = verify(processed, raw=raw)
    assert set(findings.counts) == {"raw"}
    assert any("rules jamo_run: it says" in line for line in findings.lines())


def test_without_a_corpus_or_without_raw_files_it_is_a_wrong_call(processed, tmp_path, capsys):
    assert main(["verify", str(tmp_path)]) == 2
    assert main(["verify", str(processed), "--raw", str(tmp_path / "nowhere")]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert ["no finished corpus" in errors[0], "nowhere" in errors[1]] == [True, True]


def test_every_class_has_an_exit_code_of_its_own_and_help_tells_it(capsys):
    codes = [code for code, _ in CLASSES.values()]
    assert len({0, 1, 2, 130, *codes}) == len(codes) + 4
    with pytest.raises(SystemExit):
        main(["verify", "--help"])
    out = capsys.readouterr().out
    for kind, (code, _) in CLASSES.items():
        assert f"{code}  {kind}: " in out


def test_the_content_digest_depends_on_the_values_alone(built, tmp_path):
    digests = set()
    table = pq.read_table(built / TRAIN, partitioning=None)
    for size in (1, 3, 100):
        pq.write_table(table, tmp_path / "x.parquet", row_group_size=size, compression="gzip")
        again = pq.read_table(tmp_path / "x.parquet")
        digest = ContentDigest()
        for start in range(0, len(again), size):
            digest.update(again.slice(start, size))
        digests.add(digest.hexdigest())
    [manifest] = [json.loads((built / MANIFEST).read_bytes())]
    assert digests == {manifest["shards"][0]["content_sha256"]}


@pytest.mark.parametrize("column", COLUMNS.names)
def test_the_content_digest_depends_on_every_column(built, column):
    table = pq.read_table(built / TRAIN, partitioning=None)
    turned = table[column].combine_chunks().take(pa.array([1, 0, 2, 3]))
    first, second, whole = ContentDigest(), ContentDigest(), table[column].to_pylist()
    if whole[0] == whole[1]:
        turned = table[column].combine_chunks().take(pa.array([0, 1, 2]))
        table_of_other = table.slice(0, 3)
    else:
        place = table.column_names.index(column)
        table_of_other = table.set_column(place, table.schema.field(column), turned)
    first.update(table)
    second.update(table_of_other)
    assert first.hexdigest() != second.hexdigest()


def test_the_content_digest_knows_where_a_text_ends():
    digests = set()
    for ids in (["ab", "c"], ["a", "bc"], ["abc", ""]):
        digest = ContentDigest()
        digest.update(pa.table({"dialogue_id": ids}))
        digests.add(digest.hexdigest())
    assert len(digests) == 3
