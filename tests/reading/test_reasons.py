"""Every reason why something in raw/ is not read has its words: in the README and on the page."""

import ast
import re
from itertools import chain
from pathlib import Path

from corpus.reading.quirks import ASSUMED, RATES
from corpus.report import words

READING = Path(__file__).parents[2] / "corpus/reading"
README = (READING / "README.md").read_text(encoding="utf-8")
TELLING = {
    *("_reject", "_reject_place", "_report", "file_problem", "rejected_entry"),
    *("UnreadableError", "EntryError"),
}
A_REASON = re.compile(r"[a-z]+(?:_[a-z]+)*")
NO_REASONS = {"file", "decode", "raw_text"}


def reasons_in(tree):
    """Yield what is given as a reason to whatever puts something on the record."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = node.args[:3] if name in TELLING else []
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2:  # a `Why`
            given = node.elts[:1] if isinstance(node.elts[1], (ast.JoinedStr, ast.Constant)) else []
        else:
            given = []
        for one in given:
            if isinstance(one, ast.Constant) and isinstance(one.value, str):
                yield one.value


def reasons_of_reading():
    sources = (path.read_text(encoding="utf-8") for path in READING.rglob("*.py"))
    found = set(chain.from_iterable(reasons_in(ast.parse(source)) for source in sources))
    return {
        one for one in found if (A_REASON.fullmatch(one) and "_" in one) or one in words.REASONS
    }


def table(title):
    """Return the first column of the table below a heading that begins so."""
    _, _, after = README.partition(f"| {title} |")
    rows, _, _ = after.partition("\n\n")
    return set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (.*?) \|", rows, re.MULTILINE))))


def test_the_readme_lists_the_reasons_that_reading_gives():
    found = reasons_of_reading() - NO_REASONS
    assert len(found) > 20
    assert table("reason") == found | {"failed_item"}


def test_the_page_has_words_for_each_of_them():
    assert table("reason") <= set(words.REASONS)
    assert table("problem") == set(words.PROBLEMS)


def test_the_readme_lists_the_quirks_with_their_rates():
    assert table("quirk") == set(RATES)
    for quirk, rate in RATES.items():
        row = next(line for line in README.splitlines() if f"`{quirk}`" in line)
        told = f"{100 * rate:.2g} %" if rate else "none"
        assert f"| {told}{', assumed' if quirk in ASSUMED else ''} |" in row
