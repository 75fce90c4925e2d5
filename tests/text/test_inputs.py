"""What people pass to `corpus.normalise`, and to the other functions in Python."""

from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from raw_trees import summary_document, summary_entry, topic_document, write

import corpus
from corpus.building.shares import build_share, commit_shares
from corpus.options import options_of
from corpus.records import CorpusError

TEXTS = ["첫째(웃음)!!", "둘째ㅋㅋㅋㅋ", "셋째 #@이름#아", "#@시스템#사진#"]
WRITTEN = ["첫째!", "둘째ㅋㅋ", "셋째 #@이름#아", None]


@pytest.mark.parametrize(
    "given",
    [
        TEXTS,
        tuple(TEXTS),
        (text for text in TEXTS),
        iter(TEXTS),
        dict.fromkeys(TEXTS).keys(),
        pd.Series(TEXTS),
        pd.Series(TEXTS, index=[2, 0, 1, 0]),
        pd.Series(TEXTS, dtype="string"),
        pd.Index(TEXTS),
        np.array(TEXTS),
        np.array(TEXTS, dtype=object),
        pa.array(TEXTS),
        pa.chunked_array([TEXTS[:1], TEXTS[1:]]),
        pl.Series(TEXTS),
    ],
    ids=lambda given: type(given).__name__,
)
def test_any_row_of_texts_gives_what_its_list_gives(given):
    assert corpus.normalise(given) == WRITTEN


def test_a_series_keeps_its_order_whatever_its_index_is():
    series = pd.Series(TEXTS)
    assert corpus.normalise(series.iloc[[0, 2, 1]]) == [WRITTEN[0], WRITTEN[2], WRITTEN[1]]
    assert corpus.normalise(series.iloc[::-1]) == WRITTEN[::-1]
    assert corpus.normalise(series[series.str.contains("째")]) == WRITTEN[:3]


@pytest.mark.parametrize(
    "missing", [None, float("nan"), np.nan, pd.NA, pd.NaT, pa.scalar(None, pa.string())]
)
def test_what_is_missing_stays_missing_and_moves_nothing(missing):
    assert corpus.normalise([missing, "안녕ㅋㅋㅋ", missing, missing, "응"]) == [
        None,
        "안녕ㅋㅋ",
        None,
        None,
        "응",
    ]
    assert corpus.normalise([missing]) == [None]
    assert corpus.normalise([]) == []


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("안녕", "not the str '안녕'."),
        ("안녕" * 40, "not a str."),
        (b"x", "not the bytes b'x'."),
        (None, "not a NoneType."),
        (5, "not the int 5."),
        ({"a": "b"}, "not a dict."),
        (pd.DataFrame({"안녕": ["응"]}), "not a DataFrame."),
        (np.array("안녕"), "not a ndarray."),
        (["안녕", 5], "number 1 is the int 5."),
        (["안녕", ["응"]], "number 1 is a list."),
        ([b"x"], "number 0 is the bytes b'x'."),
    ],
)
def test_what_is_no_row_of_texts_is_refused_in_a_sentence(given, told):
    with pytest.raises(CorpusError) as error:
        corpus.normalise(given)
    assert str(error.value).startswith("normalise takes texts, one of each utterance, as a list")
    assert str(error.value).endswith(told)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"rules": ["default"]}, "there are no rules"),
        ({"source": None}, "there is no source None"),
        ({"source": []}, "there is no source"),
        ({"personal": True}, "personal can be"),
    ],
)
def test_normalise_names_a_wrong_option(options, told):
    with pytest.raises(CorpusError, match=told):
        corpus.normalise(["안녕"], **options)


FOLDERS = (None, "", 5, b"raw", "a\0b", ["raw"])


@pytest.mark.parametrize("folder", FOLDERS, ids=repr)
def test_what_is_no_path_is_refused_in_a_sentence(tmp_path, folder):
    calls = [
        lambda: corpus.build(folder, tmp_path / "out", tokenizer="builtin"),
        lambda: corpus.build(tmp_path, folder, tokenizer="builtin"),
        lambda: build_share(folder, tmp_path / "out", "1/1", tokenizer="builtin"),
        lambda: commit_shares(folder),
        lambda: corpus.load(folder),
    ]
    for call in calls:
        with pytest.raises(CorpusError, match=r"is no path of a folder\.$"):
            call()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"seed": None}, "seed is None; it is a whole number"),
        ({"seed": "a"}, "seed is 'a'; it is"),
        ({"seed": 1.5}, "seed is 1.5; it is"),
        ({"seed": [1]}, r"seed is \[1\]; it is"),
        ({"seed": 2**63}, "seed is 9223372036854775808; it is"),
        ({"max_tokens": float("nan")}, "max_tokens is nan"),
        ({"test_share": float("nan")}, "test_share is nan"),
        ({"test_share": None}, "test_share is None"),
        ({"dedup": None}, "dedup can be"),
        ({"rules": []}, "rules can be"),
        ({"sources": 5}, "sources can be .*, not 5"),
        ({"sources": None}, "sources can be .*, not None"),
        ({"workers": "2"}, "workers is '2'"),
        ({"workers": None}, "workers is None"),
        ({"item_timeout": 0}, "item_timeout is 0; it is a number of seconds"),
        ({"item_timeout": float("nan")}, "item_timeout is nan"),
        ({"item_timeout": "10"}, "item_timeout is '10'"),
        ({"engine": None}, "engine can be"),
        ({"tokenizer": None}, "tokenizer is None; it is a hub name, a path"),
        ({"tokenizer": ""}, "tokenizer is ''; it is"),
        ({"tokenizer": Path("nowhere.json")}, "there is no such file"),
    ],
    ids=repr,
)
def test_build_names_a_wrong_option(tmp_path, options, told):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.json").write_bytes(topic_document("a", ("1", "안녕"), ("2", "응")))
    with pytest.raises(CorpusError, match=told):
        corpus.build(tmp_path / "raw", tmp_path / "out", **{"tokenizer": "builtin"} | options)
    assert not (tmp_path / "out").exists()


def test_build_takes_the_whole_numbers_of_numpy(tmp_path):
    options = options_of(seed=np.int64(3), max_tokens=np.int32(99), test_share=np.float32(0.5))
    assert [type(options[name]) for name in ("seed", "max_tokens", "test_share")] == [
        int,
        int,
        float,
    ]


@pytest.mark.parametrize("split", ["Train", "valid", 1, ["train"], Path("train")])
def test_load_names_a_wrong_split(tmp_path, corpus_of_two, split):
    with pytest.raises(CorpusError, match="split can be train, validation, test, not"):
        corpus.load(corpus_of_two, split=split)


def test_load_names_a_shard_that_cannot_be_read(corpus_of_two):
    [shard] = corpus_of_two.glob("train/*.parquet")
    shard.write_bytes(b"x" * shard.stat().st_size)
    for _ in range(2):
        with pytest.raises(CorpusError, match=r"cannot be read \(.*verify .*says what is wrong"):
            corpus.load(corpus_of_two)
        shard.unlink(missing_ok=True)


@pytest.fixture
def corpus_of_two(tmp_path):
    entries = [summary_entry(str(k), ("A", f"{k} 뭐해"), ("B", "밥 먹어")) for k in range(2)]
    write(tmp_path / "raw", Training__a=summary_document(*entries))
    corpus.build(str(tmp_path / "raw"), str(tmp_path / "out"), tokenizer="builtin")
    return tmp_path / "out"
