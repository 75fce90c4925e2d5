import errno
import os
import subprocess
import sys
import tempfile

import pytest
from raw_trees import summary_document, summary_entry, topic_document, write

import corpus
from corpus.__main__ import VERBS, main
from corpus.building import item
from corpus.tokens.find import UnreachableTokenizerError
from corpus.views import check, estimate

BROKEN = b'{"data": [{"header": {"dialogueInfo": {"dialogueID": 3}}, "body": {"dialogue": []}}]}'
TALK = [("A", "안녕ㅋㅋㅋㅋ"), ("B", "응 안녕"), ("A", "#@이름#이는?"), ("B", "몰라")]


@pytest.fixture
def raw(tmp_path):
    return write(
        tmp_path / "raw",
        Training__a=summary_document(
            summary_entry("d1", *TALK), summary_entry("d2", *TALK, ("A", "ㅇㅇ"))
        ),
        Validation__b=summary_document(summary_entry("d3", ("A", "밥?"), ("B", "먹었어"))),
    )


@pytest.fixture
def processed(raw, tmp_path, capsys):
    assert main(["build", str(raw), str(tmp_path / "out"), "--tokenizer", "builtin"]) == 0
    capsys.readouterr()
    return tmp_path / "out"


def run(capsys, *words):
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


def test_a_build_closes_with_what_became_of_everything(raw, tmp_path, capsys):
    code, out, err = run(capsys, "build", raw, tmp_path / "out", "--tokenizer", "builtin")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["dialogues", "read", "3"] in lines
    assert ["ends_on_usr", "1", "33.33%"] in lines
    assert ["rows", "2"] in lines
    assert any(line[:2] == ["--usr-ending", "trim:"] for line in lines)


def test_a_build_of_nothing_but_broken_entries_closes_too(tmp_path, capsys):
    raw = write(tmp_path / "raw", Training__z=BROKEN)
    code, out, err = run(capsys, "build", raw, tmp_path / "out", "--tokenizer", "builtin")
    assert code == 2
    assert ["bad_shape", "1", "100.00%"] in [line.split() for line in out.splitlines()]
    assert ["utterances", "read", "0"] in [line.split() for line in out.splitlines()]
    assert "Warning" in err
    assert "No row was written: all of 1 dialogues were rejected, 1 as bad_shape" in err


def test_the_same_command_again_says_that_it_is_done(raw, processed, capsys):
    code, out, _ = run(capsys, "build", raw, processed, "--tokenizer", "builtin")
    assert code == 0
    assert "is this build already" in out


def test_strict_exits_with_1_if_something_was_broken(raw, tmp_path, capsys):
    write(raw, Training__z=BROKEN)
    words = ["build", raw, tmp_path / "out", "--tokenizer", "builtin"]
    code, _, err = run(capsys, *words)
    assert code == 0
    assert "Warning" in err
    assert "1 bad_shape" in err
    assert run(capsys, *words, "--strict")[0] == 1


@pytest.mark.parametrize("verb", ["show", "card"])
def test_a_folder_without_a_corpus_is_told_in_one_sentence(tmp_path, capsys, verb):
    code, out, err = run(capsys, verb, tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("corpus: ")
    assert err.count("\n") == 1
    assert "holds no finished corpus" in err


@pytest.mark.parametrize("verb", ["build", "check"])
def test_a_missing_folder_is_told_before_anything_else(tmp_path, capsys, verb):
    rest = [tmp_path / "out"] if verb == "build" else []
    code, _, err = run(capsys, verb, tmp_path / "nowhere", *rest)
    assert code == 2
    assert "nowhere" in err
    assert not (tmp_path / "out").exists()


def test_a_wrong_option_is_no_traceback(raw, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["build", str(raw), str(tmp_path), "--overlong", "cut"])
    assert stop.value.code == 2
    assert "invalid choice: 'cut'" in capsys.readouterr().err


def test_a_full_disk_is_one_sentence_and_the_build_goes_on_later(
    raw, tmp_path, capsys, monkeypatch
):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    words = ["build", raw, tmp_path / "out", "--tokenizer", "builtin"]
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        code, _, err = run(capsys, *words)
    assert code == 2
    assert err == (
        "corpus: the disk is full. Make room; the same command then goes on from here.\n"
    )
    assert run(capsys, *words)[0] == 0


def test_ctrl_c_is_one_sentence(raw, tmp_path, capsys, monkeypatch):
    def stop(*args, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(item, "build_item", stop)
        code, _, err = run(capsys, "build", raw, tmp_path / "out", "--tokenizer", "builtin")
    assert code == 130
    assert "goes on from here" in err
    assert run(capsys, "build", raw, tmp_path / "out", "--tokenizer", "builtin")[0] == 0


def test_ctrl_c_of_a_verb_that_keeps_nothing_promises_nothing(raw, capsys, monkeypatch):
    def stop(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "find_documents", stop)
    code, _, err = run(capsys, "check", raw, "--tokenizer", "builtin")
    assert (code, err) == (130, "\nStopped.\n")


def test_show_prints_dialogues_as_people_read_them(processed, capsys):
    code, out, _ = run(capsys, "show", processed, "-n", "5")
    assert code == 0
    assert "  <usr> 안녕ㅋㅋ\n  <sys> 응 안녕\n" in out
    assert "2 rows in" in out


def test_show_finds_a_dialogue_that_was_written(processed, capsys):
    code, out, _ = run(capsys, "show", processed, "--id", "d3")
    assert code == 0
    assert "  <usr> 밥?\n  <sys> 먹었어\n" in out


def test_show_says_why_a_dialogue_was_rejected(processed, capsys):
    code, out, _ = run(capsys, "show", processed, "--id", "d2")
    assert code == 0
    assert "rejected as ends_on_usr" in out
    assert "A  '안녕ㅋㅋㅋㅋ'" in out


def test_show_with_raw_tells_every_step(raw, processed, capsys):
    code, out, _ = run(capsys, "show", processed, "--id", "d1", "--raw", raw)
    assert code == 0
    assert "jamo_run             '안녕ㅋㅋ'" in out
    row = corpus.load(processed, split="train").iloc[0]
    assert row["conversation"] in out
    assert f"{row['n_tokens']} tokens" in out
    code, out, _ = run(capsys, "show", processed, "--id", "d2", "--raw", raw)
    assert out.rstrip().endswith("rejected as ends_on_usr")


def test_show_lists_what_was_rejected_for_a_reason(processed, capsys):
    code, out, _ = run(capsys, "show", processed, "--reason", "ends_on_usr")
    assert code == 0
    assert out.startswith("1 rejected as ends_on_usr\nd2 ")


def test_show_lists_files_that_cannot_be_read(raw, tmp_path, capsys):
    write(raw, unknown=b"{}")
    (raw / "broken.zip").write_bytes(b"PK\x03\x04")
    run(capsys, "build", raw, tmp_path / "out", "--tokenizer", "builtin")
    for reason, file in (("unknown_json", "unknown.json"), ("broken_archive", "broken.zip")):
        code, out, err = run(capsys, "show", tmp_path / "out", "--reason", reason)
        assert (code, err) == (0, "")
        assert f"  {file} at 0, 0 bytes" in out.splitlines()


def test_show_with_raw_says_of_an_unreadable_dialogue_why_it_is_one(raw, tmp_path, capsys):
    broken = summary_document(summary_entry("d4", *TALK)).replace("여행".encode(), b"\xff")
    write(raw, Training__c=broken)
    run(capsys, "build", raw, tmp_path / "out", "--tokenizer", "builtin")
    code, out, err = run(capsys, "show", tmp_path / "out", "--id", "d4", "--raw", raw)
    assert (code, err) == (0, "")
    assert "d4 · summary · rejected as bad_json" in out
    assert r'"topic": "\xff"' in out


def test_show_names_the_reasons_there_are(processed, capsys):
    code, _, err = run(capsys, "show", processed, "--reason", "boredom")
    assert code == 2
    assert "reasons: ends_on_usr" in err
    assert run(capsys, "show", processed, "--id", "nobody")[0] == 2


def test_check_says_what_is_there_and_builds_nothing(raw, tmp_path, capsys):
    write(raw, Training__z=BROKEN, other=b'{"a": 1}')
    (raw / "notes.txt").write_text("nothing")
    before = sorted(tmp_path.rglob("*"))
    code, out, _ = run(capsys, "check", raw, "--tokenizer", "builtin")
    assert code == 0
    lines = [line.split() for line in out.splitlines()]
    assert ["summary", "train", "2"] in lines
    assert ["summary", "validation", "1"] in lines
    assert ["1", "bad_shape"] in lines
    assert ["1", "unknown_json"] in lines
    assert ["rows", "2"] in lines
    assert sorted(tmp_path.rglob("*")) == before


def test_the_estimate_is_near_the_truth_whatever_the_sources(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(estimate, "LEAST_BYTES", 40_000)
    chats = [summary_entry(f"d{k}", *TALK, ("A", f"{k}")) for k in range(100)]  # no row
    talks = [(("1", f"{k}"), ("2", "응")) for k in range(100)]
    topics = {f"T_{k}": topic_document(f"T_{k}", *talk) for k, talk in enumerate(talks)}
    raw = write(tmp_path / "raw", Training__a=summary_document(*chats), **topics)
    _, out, _ = run(capsys, "check", raw, "--tokenizer", "builtin")
    assert "from a sample of 100%" not in out
    estimated = dict(line.split()[:2] for line in out.splitlines() if line.startswith("  "))
    assert 80 <= int(estimated["rows"]) <= 120


def test_the_card_forbids_redistribution_and_loads_as_a_card(processed, capsys):
    code, out, _ = run(capsys, "card", processed)
    assert code == 0
    assert "license: other" in out
    assert "Do not redistribute" in out
    info = pytest.importorskip("datasets.info")
    cards = pytest.importorskip("huggingface_hub")
    data = cards.DatasetCard(out).data
    [described] = info.DatasetInfosDict.from_dataset_card_data(data).values()
    frame = corpus.load(processed)
    assert list(described.features) == list(frame.columns)
    assert sum(split.num_examples for split in described.splits.values()) == len(frame)


def test_every_verb_has_help(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit) as stop:
            main([verb, "--help"])
        assert stop.value.code == 0
        assert verb in capsys.readouterr().out


def test_importing_the_package_and_asking_for_help_load_no_library():
    code = (
        "import sys, corpus\n"
        "from corpus.__main__ import VERBS, parser_of\n"
        "parser_of(*VERBS).format_help()\n"
        "slow = {'pyarrow', 'pandas', 'numpy', 'torch', 'tokenizers'}\n"
        "print(*sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_no_command_imports_pandas(raw, tmp_path):
    out = tmp_path / "out"
    for words in (["build", raw, out, "--tokenizer", "builtin"], ["verify", out], ["show", out]):
        command = [sys.executable, "-v", "-m", "corpus", *map(str, words)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        assert "import 'pyarrow'" in told
        assert "import 'pandas" not in told


def test_a_build_of_a_source_that_is_not_there_is_refused(raw, tmp_path, capsys):
    words = ["build", raw, tmp_path / "out", "--tokenizer", "builtin", "--sources", "sns"]
    code, _, err = run(capsys, *words)
    assert code == 2
    assert "no dialogue of the chosen sources (sns)" in err
    assert not (tmp_path / "out" / "train").exists()


def test_the_sources_may_be_corrected_after_a_call_that_found_none(raw, tmp_path, capsys):
    words = ["build", raw, tmp_path / "out", "--tokenizer", "builtin", "--sources"]
    assert run(capsys, *words, "topic")[0] == 2
    assert run(capsys, *words, "summary")[0] == 0


def test_a_file_is_no_folder_for_a_sample(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    code, _, err = run(capsys, "sample", tmp_path / "file")
    assert (code, err) == (2, f"corpus: {tmp_path / 'file'} is not a folder.\n")


def test_a_document_of_fewer_dialogues_than_it_declares_is_a_warning(tmp_path, capsys):
    document = summary_document(summary_entry("d1", *TALK), declared=2)
    raw = write(tmp_path / "raw", Training__a=document)
    code, _, err = run(capsys, "build", raw, tmp_path / "out", "--tokenizer", "builtin", "--strict")
    assert code == 0
    assert "numberOfItems of Training/a.json says 2, 1 were found" in err


@pytest.mark.parametrize("damage", [b"PAR1", None])
@pytest.mark.parametrize("words", [[], ["--id", "d1"], ["--reason", "ends_on_usr"]])
def test_show_says_that_a_corpus_is_damaged(processed, capsys, damage, words):
    for path in (processed / "train/00000.parquet", processed / "_rejected/00000.jsonl.gz"):
        path.unlink()
        if damage:
            path.write_bytes(damage)
    code, _, err = run(capsys, "show", processed, *words)
    assert code == 2
    assert "`python -m corpus verify" in err
    assert err.count("\n") == 1


def test_show_finds_a_rejected_dialogue_where_no_dialogue_was_written(tmp_path, capsys):
    raw = write(
        tmp_path / "raw", Training__a=summary_document(summary_entry("d1", *TALK, ("A", "응")))
    )
    run(capsys, "build", raw, tmp_path / "out", "--tokenizer", "builtin")
    code, out, _ = run(capsys, "show", tmp_path / "out", "--id", "d1")
    assert code == 0
    assert "d1 · summary · rejected as ends_on_usr" in out


def test_what_other_choices_keep_ends_with_all_of_them_together(processed, capsys):
    lines = [line for line in run(capsys, "card", processed)[1].splitlines() if "  --" in line]
    assert [line.count("--") for line in lines] == [1, 1, 1, 1, 3]
    assert [line for line in lines if "turns of different people are joined" in line] == [lines[3]]


def test_show_lists_by_id_or_by_reason_and_not_by_both(processed, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["show", str(processed), "--id", "d1", "--reason", "ends_on_usr"])
    assert stop.value.code == 2
    assert "not allowed with argument --id" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build", "RAW", "RAW"], "is given for both"),
        (["build", "RAW", "OUT", "--workers", "0"], "workers is 0"),
        (["show", "PROCESSED", "-n", "0"], "-n is 0"),
        (["show", "PROCESSED", "--raw", "RAW"], "name it with --id"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(raw, processed, tmp_path, capsys, words, message):
    places = {"RAW": raw, "OUT": tmp_path / "new", "PROCESSED": processed}
    code, _, err = run(capsys, *(places.get(word, word) for word in words))
    assert code == 2
    assert message in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["build", "RAW", "OUT", "--seed", str(2**64)], "seed is 18446744073709551616; it is"),
        (["build", "RAW", "OUT", "--max-tokens", str(2**64)], "max_tokens is 18446744073709551616"),
        (["build", "RAW", "OUT", "--shard", ""], "--shard can be 1/8, 2/8, ... 8/8"),
        (["build", "RAW", "OUT", "--item-timeout", "0"], "item_timeout is 0.0; it is a number of"),
        (["build", "RAW", "OUT", "--item-timeout", "nan"], "item_timeout is nan; it is a number"),
        *(
            ([*words, "--workers", "0"], "workers is 0; one is needed at least.")
            for words in (
                ["build", "RAW", "OUT"],
                ["check", "RAW"],
                ["verify", "PROCESSED"],
                ["commit", "PROCESSED"],
            )
        ),
        (["build", "RAW", "OUT", "--tokenizer", ""], "tokenizer is ''; it is a hub name, a path"),
        (["build", "", "OUT"], "'' is no path of a folder"),
        (["build", "RAW", ""], "'' is no path of a folder"),
        (["show", "PROCESSED", "--id", ""], "no dialogue '' was read into"),
        (["show", "PROCESSED", "--reason", ""], "was rejected as ''; reasons: ends_on_usr"),
        (["show", ""], "'' is no path of a folder"),
        (["verify", ""], "'' is no path of a folder"),
        (["commit", ""], "'' is no path of a folder"),
        (["card", ""], "'' is no path of a folder"),
        (["check", ""], "'' is no path of a folder"),
    ],
    ids=lambda words: " ".join(words) if isinstance(words, list) else None,
)
def test_a_value_that_cannot_be_is_one_sentence(raw, processed, tmp_path, capsys, words, told):
    places = {"RAW": raw, "OUT": tmp_path / "new", "PROCESSED": processed}
    code, out, err = run(capsys, *(places.get(word, word) for word in words))
    assert (code, out) == (2, "")
    assert told in err
    assert err.startswith("corpus: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_check_without_a_network_tells_what_it_found_and_ends_well(raw, capsys, monkeypatch):
    def unreachable(name):
        raise UnreachableTokenizerError(f"The tokenizer {name} cannot be had.")

    monkeypatch.setattr(check, "find_tokenizer", unreachable)
    code, out, err = run(capsys, "check", raw)
    assert (code, err) == (0, "")
    assert ["summary", "train", "2"] in [line.split() for line in out.splitlines()]
    assert out.splitlines()[-1] == (
        "What a build would give is not estimated. The tokenizer skt/kogpt2-base-v2 cannot be had."
    )


def test_check_with_a_tokenizer_that_is_not_there_is_a_wrong_call(raw, capsys):
    code, _, err = run(capsys, "check", raw, "--tokenizer", "nowhere.json")
    assert code == 2
    assert "there is no such file or folder" in err


def test_a_folder_whose_name_is_not_utf8_is_like_any_other(raw, processed, tmp_path, capsys):
    odd = tmp_path / os.fsdecode(b"\xff\xfe")
    processed.rename(odd)
    assert run(capsys, "build", raw, odd, "--tokenizer", "builtin")[0] == 0
    for words in (["show"], ["show", "--id", "d1"], ["show", "--id", "d2", "--raw", raw]):
        code, _, err = run(capsys, words[0], odd, *words[1:])
        assert (code, err) == (0, "")
    assert run(capsys, "show", odd)[1].count(r"\udcff\udcfe") == 2
    assert run(capsys, "card", odd)[0] == 0
    assert run(capsys, "verify", odd, "--raw", raw)[0] == 0
    assert len(corpus.load(odd)) == 2


def test_verify_names_the_folder_for_temporary_files_when_it_is_full(
    raw, processed, capsys, monkeypatch, tmp_path
):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(item, "build_item", full)
    code, _, err = run(capsys, "verify", processed, "--raw", raw)
    assert code == 2
    assert err == (
        f"corpus: the folder for temporary files, {tempfile.gettempdir()}, is full: make room "
        "there, or let TMPDIR name another one.\n"
    )
