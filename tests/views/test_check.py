"""What `check` does with documents that take too long, and with those that are read in one go."""

import json
import re
import signal
import time

import pytest
from raw_trees import summary_entry, write

from corpus.__main__ import main
from corpus.building import item
from corpus.reading import decode
from corpus.views import check


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

    for module in (check, item):
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
    monkeypatch.setattr(check, "SAMPLED_BYTES", 200_000)
    told = checked(capsys, tmp_path)
    rows = int(re.search(r"rows +([0-9,]+)", told)[1].replace(",", ""))
    assert 0.8 * n < rows < 1.25 * n
