"""Names that raw files give are listed up to a number; the others are counted."""

import pytest
from raw_trees import summary_document, summary_entry, write

import corpus
from corpus.counts import LISTED, most_of
from corpus.verify.checks import verify


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A corpus of 2,000 different tags that nobody knows, and one that stands there often."""
    top = tmp_path_factory.mktemp("tags")
    entries = [
        summary_entry(
            f"d{k}",
            *(("A", f"#@모름{chr(0xAC00 + k * 20 + n)}# #@흔함#") for n in range(20)),
            ("B", "응"),
        )
        for k in range(100)
    ]
    write(top / "raw", Training__a=summary_document(*entries))
    manifest = corpus.build(top / "raw", top / "out", tokenizer="builtin")
    return top, manifest


def test_a_manifest_lists_the_tags_that_count_most(built):
    _, manifest = built
    assert len(manifest["tags"]) == LISTED
    assert manifest["tags"]["#@흔함#"] == 2000
    assert manifest["other_tags"] == {"names": 2001 - LISTED, "sum": 2001 - LISTED}
    assert manifest["utterances"]["dropped"] == {"unknown_tag": 2000}


def test_the_page_lists_them_too_and_says_how_many_more_there_are(built):
    top, _ = built
    page = (top / "out" / "_report.html").read_text()
    assert page.count("#@모름") < 3 * LISTED
    assert len(page) < 400_000
    assert f"And {2001 - LISTED:,} more tags, {2001 - LISTED:,} times in all." in page


def test_such_a_corpus_is_proved_by_its_raw_files(built):
    top, _ = built
    assert list(verify(top / "out", raw=top / "raw").lines()) == []


def test_equals_are_listed_by_name():
    assert most_of(dict.fromkeys("cab", 1), 2) == ({"a": 1, "b": 1}, {"names": 1, "sum": 1})
    assert most_of({}, 2) == ({}, {"names": 0, "sum": 0})
