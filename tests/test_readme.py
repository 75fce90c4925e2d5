"""README says what the code does: its table of rules, its tree, its columns and its options."""

import re
from pathlib import Path

import pytest
from raw_trees import summary_document, summary_entry, write
from rules_table import TABLES, table_of, with_tables
from tree import ROOMS, with_tree

from corpus import build, load
from corpus.__main__ import VERBS, parser_of
from corpus.output.rows import COLUMNS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
CODE = (ROOT / "corpus/README.md").read_text()
BUILDING = (ROOT / "corpus/building/README.md").read_text()
VIEWS = (ROOT / "corpus/views/README.md").read_text()
TEXT = (ROOT / "corpus/text/README.md").read_text()
PAGES = [
    ROOT / "README.md",
    *(ROOT / "corpus").rglob("README.md"),
    ROOT / "tests/benchmarks/README.md",
]
PARSERS = parser_of(*VERBS)._subparsers._group_actions[0].choices


def test_the_table_of_rules_is_the_rules():
    assert with_tables(TEXT) == TEXT, "python tests/rules_table.py writes it again"
    assert all(table_of(rules) in TEXT for rules in TABLES)


def test_every_column_is_described():
    for name in COLUMNS.names:
        assert f"`{name}`" in README


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_of_a_verb_is_described(verb):
    options = BUILDING.partition("## Options of build")[2].partition("## A build that")[0]
    about = "\n".join(line for line in VIEWS.splitlines() if f"`{verb} " in line)
    folder = {"eval": "evaluation"}.get(verb, verb)  # `eval` is a word of Python
    page = ROOT / "corpus" / folder / "README.md"  # its table, if the verb has a folder
    of_verb = page.read_text() if page.exists() else ""
    where = options if verb == "build" else about + of_verb
    for action in PARSERS[verb]._actions:
        for option in action.option_strings:
            if option not in ("-h", "--help"):
                assert re.search(rf"[` ]{option}[` ]", where), option


def test_the_tree_is_the_tree_on_disk():
    assert with_tree(CODE) == CODE, "python tests/tree.py writes it again"
    folders = {path.parent.name for path in (ROOT / "corpus").glob("*/__init__.py")}
    assert folders <= set(ROOMS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    for path in re.findall(r'(?:\]\(|img src=")(?!http|#)([^)"#]+)', page.read_text()):
        assert (page.parent / path).exists(), path


def test_every_folder_of_the_code_is_named():
    for folder in (ROOT / "corpus").iterdir():
        if (folder / "__init__.py").exists():
            assert f"corpus/{folder.name}/" in README


def test_a_newcomer_finishes_the_page():
    assert len(README.splitlines()) <= 220


def test_the_dialogue_on_the_page_is_what_a_build_makes_of_it(tmp_path):
    table = README.partition("| in raw/ | in processed/ |")[2].partition("\n\n")[0]
    raw = re.findall(r"^\| (P\d+) (.*?) \|", table, re.MULTILINE)
    said = [(speaker, text) for speaker, cell in raw for text in re.findall("`(.*?)`", cell)]
    write(tmp_path / "raw", a=summary_document(summary_entry("readme", *said)))
    build(tmp_path / "raw", tmp_path / "out", tokenizer="builtin")
    [row] = load(tmp_path / "out").to_dict("records")
    turns = re.findall(r"`(<usr>|<sys>)` (.*?) \|", table)
    assert row["conversation"] == "".join(role + text for role, text in turns)
