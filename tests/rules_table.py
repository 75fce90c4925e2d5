"""The tables in corpus/text/README.md; `python tests/rules_table.py` writes them again."""

import re
from pathlib import Path

from corpus.report.words import DROPPED
from corpus.text.respell import respell_rules
from corpus.text.rules import RULES
from corpus.text.tags import shown

PAGE = Path(__file__).parent.parent / "corpus/text/README.md"
HEAD = "| rule | before | after | why |\n|---|---|---|---|"
REASONS_HEAD = "| reason | what was dropped |\n|---|---|"
TABLES = (RULES, respell_rules(frozenset("걔걍쫌짘봣")))


def cell(text):
    """A text as a table shows it: nothing invisible, and no bar that would end the cell."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return "`" + visible.replace("|", r"\|") + "`" if visible else "nothing"


def table_of(rules):
    """Return the table of some rules in Markdown."""
    lines = [HEAD]
    for rule in rules:
        before, after = rule.example
        lines.append(f"| {rule.name} | {cell(before)} | {cell(shown(after))} | {rule.why} |")
    return "\n".join(lines)


def with_tables(page):
    """Return the page with its tables as the rules are."""
    tables = iter(map(table_of, TABLES))
    page = re.sub(re.escape(HEAD) + r"(?:\n\|.*)*", lambda _: next(tables), page)
    reasons = [f"| `{name}` | {words.en} |" for name, words in DROPPED.items()]
    listed = "\n".join([REASONS_HEAD, *reasons])
    return re.sub(re.escape(REASONS_HEAD) + r"(?:\n\|.*)*", lambda _: listed, page)


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text()))
