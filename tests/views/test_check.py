"""`check` says the same by any number of workers; documents that take long, or kill a worker."""

import json
import re
import signal
import time

import pytest
from killed_workers import dying
from raw_trees import summary_document, summary_entry, topic_document, write

from corpus.__main__ import main
from corpus.building import item, plan
from corpus.reading import decode
from corpus.views import estimate, look


def document(n, *, first="header"):
    """A document of `n` entries whose first key is this one."""
    entries = [summary_entry(f"d{k}", ("A", f"{k} 안녕"), ("B", "응")) for k in range(n)]
    if first != "header":
        entries = [{first: k} | one for k, one in enumerate(entries)]
    return json.dumps({"data": entries}, ensure_ascii=False).encode()


def checked(capsys, raw, *more):
    assert main(["check", str(raw), "--tokenizer", "builtin", *more]) == 0
    return capsys.readouterr().out


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an alarm")
def test_a_document_that_takes_too_long_is_named_and_the_others_are_read(
    tmp_path, capsys, monkeypatch
):
    write(tmp_path, Training__a=document(3), Training__b=document(30), Training__c=document(2))
    real = decode.decode_document

    def slow(stream, document, **how):
        if document.raw_file.endswith("b.json"):
            time.sleep(60)
        yield from real(stream, document, **how)

    for module in (look, item):
        monkeypatch.setattr(module, "decode_document", slow)
    told = checked(capsys, tmp_path, "--item-timeout", "0.5")
    late = "it took longer than --item-timeout, 0.5 s"
    assert "1 failed_item" in told
    assert f"Training/b.json at 0: {late}; the rest of it was not looked at" in told
    assert f"problem of the text: failed_item: Training/a.json: {late}" in told
    assert re.search(r"summary +train +5\n", told)


def test_the_limit_of_check_is_a_number_of_seconds(tmp_path, capsys):
    assert main(["check", str(tmp_path), "--item-timeout", "0"]) == 2
    assert "item_timeout is 0.0" in capsys.readouterr().err


@pytest.mark.parametrize("first", ["header", "id"])
def test_the_estimate_is_right_whatever_entries_begin_with(first, tmp_path, capsys, monkeypatch):
    n = 4_000
    write(tmp_path, Training__a=document(n, first=first))
    monkeypatch.setattr("corpus.building.plan.ITEM_BYTES", 100_000)
    monkeypatch.setattr(estimate, "LEAST_BYTES", 200_000)
    told = checked(capsys, tmp_path)
    rows = int(re.search(r"rows +([0-9,]+)", told)[1].replace(",", ""))
    assert 0.8 * n < rows < 1.25 * n


@pytest.fixture
def raw(tmp_path, monkeypatch, busy_workers):
    """Problems of one kind in more documents than are named, some of them cut into ranges."""
    for name in ("ITEM_BYTES", "RANGES"):
        monkeypatch.setattr(plan, name, 4_000)
    monkeypatch.setattr(estimate, "LEAST_BYTES", 4_000)
    entries = [summary_entry(f"d{k}", ("A", f"{k} 안녕"), ("B", "응")) for k in range(40)]
    whole = {f"Training__s{k}": summary_document(*entries, declared=50 + k) for k in range(5)}
    broken = {
        f"Training__b{k}": one.replace(b'"participantID": "A"', b'"participantID": []')
        for k, one in enumerate(whole.values())
    }
    small = {
        f"Training__t{k}": topic_document(f"t{k}", ("1", "밥?"), ("2", "응")) for k in range(9)
    }
    return write(tmp_path / "raw", **whole, **broken, **small, other=b'{"name": "no dialogue"}')


def but_for_time(told):
    return [line for line in told.splitlines() if not line.startswith("  time ")]


@pytest.mark.parametrize("n", [2, 3])
def test_any_number_of_workers_says_the_same(raw, capsys, n):
    told = checked(capsys, raw, "--workers", "1")
    assert "10 wrong_count\n" in told
    assert "200 bad_shape\n" in told
    assert re.search(r"summary +train +200\n", told)
    assert but_for_time(checked(capsys, raw, "--workers", str(n))) == but_for_time(told)


def is_look(step):
    return step.func is look.look_at and "Training/s2.json" in str(step.args)


def test_a_worker_that_is_killed_changes_nothing(raw, capsys):
    told = checked(capsys, raw, "--workers", "1")
    with dying(is_look, most=2) as died:
        again = checked(capsys, raw, "--workers", "2")
    assert len(died) == 2
    assert but_for_time(again) == but_for_time(told)


def test_what_kills_its_worker_each_time_is_named_and_the_others_are_read(raw, capsys):
    with dying(is_look):
        told = checked(capsys, raw, "--workers", "2")
    assert "failed_item\n    Training/s2.json at 0: its worker process died" in told
    assert "9 wrong_count\n" in told
    assert re.search(r"summary +train +160\n", told)


def test_what_cannot_be_looked_at_is_named_and_the_others_are_read(raw, capsys, monkeypatch):
    real = decode.decode_document

    def fails(stream, document, **how):
        if document.raw_file.endswith("s2.json"):
            raise RuntimeError("a mistake of ours")
        yield from real(stream, document, **how)

    for module in (look, item):
        monkeypatch.setattr(module, "decode_document", fails)
    told = checked(capsys, raw, "--workers", "1")
    assert "Training/s2.json at 0: RuntimeError: a mistake of ours; the rest of it" in told
    assert "9 wrong_count\n" in told
    assert re.search(r"summary +train +160\n", told)
