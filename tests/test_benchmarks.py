"""What the benchmarks reach into is still there: they are not run by the tests."""

import importlib
import sys
from pathlib import Path

import pytest
from effort import IS_THOROUGH

from corpus.building import process

BENCHMARKS = Path(__file__).parent / "benchmarks"


@pytest.fixture
def benchmark_named(monkeypatch):
    """Import one without the change that it makes to its process."""
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    monkeypatch.setattr(process, "tune_process", lambda: None)
    return importlib.import_module


def test_the_stages_of_a_build_are_there(benchmark_named):
    stages = benchmark_named("build_stages").STAGES
    for functions in stages.values():
        for home, name in functions:
            assert callable(getattr(home, name)), name


def test_each_stage_of_a_build_takes_its_time(benchmark_named, tmp_path):
    from corpus.building import run
    from corpus.sample.write import write_sample

    write_sample(tmp_path / "raw", dialogues=200)
    benchmark = benchmark_named("build_stages")
    with benchmark.timed(benchmark.STAGES, benchmark.BUILD) as spent:
        run.build(tmp_path / "raw", tmp_path / "out", tokenizer="builtin")
    assert set(spent) == set(benchmark.STAGES)


def test_what_is_done_for_the_report_is_there(benchmark_named):
    for _, home, name, instead in benchmark_named("report_cost").parts():
        assert callable(getattr(home, name)), name
        assert callable(instead)


def test_the_libraries_have_something_to_do(benchmark_named, tmp_path):
    from corpus import build
    from corpus.sample.write import write_sample
    from corpus.tokens.find import find_tokenizer

    raw, processed = tmp_path / "raw", tmp_path / "processed"
    write_sample(raw, dialogues=200)
    build(raw, processed, tokenizer="builtin")
    floor = benchmark_named("library_floor")
    parts = floor.parts_of(raw, processed, find_tokenizer("builtin").json, tmp_path)
    for part in parts.values():
        part()
    assert (tmp_path / "shard").stat().st_size


@pytest.mark.skipif(not IS_THOROUGH, reason="with THOROUGH=1: it starts programs that load torch")
def test_both_sides_of_a_reply_are_there(benchmark_named, tmp_path, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    benchmark = benchmark_named("chat_vs_generate")
    from transformers import GPT2Config, GPT2LMHeadModel

    small = benchmark.SHAPE | {"vocab_size": 600, "n_embd": 8, "n_layer": 1, "n_head": 1}
    monkeypatch.setattr(benchmark, "SHAPE", small)
    monkeypatch.setattr(benchmark, "TURNS", 2)
    GPT2LMHeadModel(GPT2Config(**small)).save_pretrained(tmp_path)
    names = [name for name, *_ in benchmark.compare(benchmark.Sides(tmp_path), 1)]
    assert names == list(benchmark.TARGETS)
