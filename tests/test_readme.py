"""README says what the code does: its table of rules, its tree, its columns and its options."""

import re
from pathlib import Path

import pytest
from tree import ROOMS, with_tree

from corpus.__main__ import _parser
from corpus.output.rows import COLUMNS
from corpus.text.normalisation import RULES
from corpus.text.respell import respell_rules
from corpus.text.tags import shown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CODE = (ROOT / "corpus/README.md").read_text()
VERBS = _parser()._subparsers._group_actions[0].choices


def cell(text):
    """A text as a table shows it: nothing invisible, and no bar that would end the cell."""
    visible = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return "`" + visible.replace("|", r"\|") + "`" if visible else "nothing"


def rules_table(rules):
    lines = ["| rule | before | after | why |", "|---|---|---|---|"]
    for rule in rules:
        before, after = rule.example
        lines.append(f"| {rule.name} | {cell(before)} | {cell(shown(after))} | {rule.why} |")
    return "\n".join(lines)


def test_the_table_of_rules_is_the_rules():
    assert rules_table(RULES) in README
    assert rules_table(respell_rules(frozenset("걔걍쫌짘봣"))) in README


def test_every_column_is_described():
    for name in COLUMNS.names:
        assert f"`{name}`" in README


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_a_verb_is_described(verb):
    options = README.partition("## Options of build")[2].partition("## A build that")[0]
    about = "\n".join(line for line in options.splitlines() if f"`{verb} " in line)
    for action in VERBS[verb]._actions:
        for option in action.option_strings:
            if option not in ("-h", "--help"):
                where = options if verb == "build" else about
                assert re.search(rf"[` ]{option}[` ]", where), option


def test_the_tree_is_the_tree_on_disk():
    assert with_tree(CODE) == CODE, "python tests/tree.py writes it again"
    folders = {path.parent.name for path in (ROOT / "corpus").glob("*/__init__.py")}
    assert folders <= set(ROOMS)


@pytest.mark.parametrize("path", re.findall(r"\]\(([\w/.]+)\)", README))
def test_links_lead_somewhere(path):
    assert (ROOT / path).exists()
