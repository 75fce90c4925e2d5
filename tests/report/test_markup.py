"""Text cannot become markup: forms are constants, and one module alone makes HTML of text."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.report.markup import html, joined

REPORT = Path(__file__).parents[2] / "corpus" / "report"
MODULES = [path for path in sorted(REPORT.rglob("*.py")) if path.name != "markup.py"]


def calls_in(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node


def test_the_page_is_made_of_forms():
    assert sum(call.func.id == "html" for path in MODULES for call in calls_in(path)) > 50


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_form_is_a_constant_and_no_other_module_makes_html(path):
    for call in calls_in(path):
        assert call.func.id not in {"Html", "Markup", "escape"}, f"{path.name}:{call.lineno}"
        if call.func.id == "html":
            assert isinstance(call.args[0], ast.Constant), f"{path.name}:{call.lineno}"


@given(st.text(alphabet="<>&'\"{}a가", max_size=20))
def test_text_is_escaped_once_wherever_it_stands(text):
    wanted = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    wanted = wanted.replace("'", "&#39;").replace('"', "&#34;")
    assert html("<b>{}</b>", text) == f"<b>{wanted}</b>"
    assert html("{}", html('<i title="{}"></i>', text)) == f'<i title="{wanted}"></i>'
    assert joined([html("{}", text)] * 2, text) == wanted * 3
