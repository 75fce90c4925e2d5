"""Every detail of the ledger, and every remark, is said in Korean, too."""

import ast
import re
from pathlib import Path

import msgspec
import pytest

from corpus.report.details import OTHER_WORDS, in_korean
from corpus.report.remarks import drawn_lines, remark_lines, size_lines

CORPUS = Path(__file__).parents[2] / "corpus"
# Calls that put something on the record, and which of their arguments says why.
TOLD = {
    "_reject": 2,
    "_reject_place": 2,
    "_report": 1,
    "file_problem": 2,
    "UnreadableError": 1,
    "EntryError": 1,
    "reject": 3,
}


def written(node):
    """Return a detail as it may be, with something in place of what is filled in; None if open."""
    if isinstance(node, ast.Constant):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = [
        part.value if isinstance(part, ast.Constant) else filled_in(part) for part in node.values
    ]
    return "".join(parts)


def filled_in(part):
    """Return what may stand in a gap of a detail."""
    form = ast.unparse(part.format_spec) if part.format_spec else ""
    return "12.3%" if "%" in form else "1,234" if form else "12"


def details():
    """Yield every detail that is written in the code, of calls, of `Why` pairs and by its name."""
    for path in sorted(CORPUS.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                place = TOLD.get(name)
                given = node.args[place] if place and len(node.args) > place else None
                if name == "_reject" and given is not None and written(given) is None:
                    given = None
            elif (
                isinstance(node, ast.Tuple)
                and len(node.elts) == 2
                and isinstance(node.elts[0], ast.Constant)
                and re.fullmatch("[a-z]+(_[a-z]+)+|encrypted", str(node.elts[0].value))
                and "reading" in path.parts
            ):
                given = node.elts[1]
            elif (isinstance(node, ast.keyword) and node.arg == "detail") or (
                isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "detail"
            ):
                given = node.value
            else:
                given = None
            text = written(given) if given is not None else None
            if not isinstance(text, str) or " " not in text:
                continue
            # what begins or ends with another detail is told with that one
            if not text.endswith(": 12") and not re.match("12(; | 12 in )", text):
                yield text


def test_every_detail_in_the_code_has_korean_words():
    found = sorted(set(details()))
    assert len(found) > 15
    for detail in found:
        korean = in_korean(detail)
        assert re.search("[가-힣]", korean), detail
        assert not korean.startswith(OTHER_WORDS), detail


class _Line(msgspec.Struct):
    id: str
    speaker: dict[str, str]


@pytest.mark.parametrize(
    "raw",
    [b'{"id": 3, "speaker": {}}', b'{"speaker": {}}', b"{", b'{"id": nope}', b'{"id": "\xff"}'],
)
def test_what_the_parser_says_most_often_has_korean_words(raw):
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)) as raised:
        msgspec.json.decode(raw, type=_Line)
    korean = in_korean(str(raised.value))
    assert re.search("[가-힣]", korean)
    assert not korean.startswith(OTHER_WORDS), str(raised.value)


def test_where_it_is_stays_in_the_korean_detail():
    told = in_korean("Object missing required field `lines` - at `$.info[0].annotations`")
    assert "lines" in told
    assert "$.info[0].annotations" in told


def test_other_words_of_a_program_are_quoted():
    assert in_korean("the disk is on fire") == f"{OTHER_WORDS}the disk is on fire"


def test_every_remark_has_korean_words():
    manifest = {
        "drawn": {"sns": 1200},
        "report": {"turns": {"sns/train": {"2": 1}, "sns/validation": {"2": 3}}},
        "reasons": {"other_version": 4},
        "newer": {"라벨링데이터_250929_add": 3},
    }
    remarks = [*drawn_lines({"topic": 1}), *size_lines({"topic/validation": 2})]
    remarks += remark_lines(manifest)
    remarks += remark_lines(manifest | {"newer": {}})
    for remark in remarks:
        assert not in_korean(remark).startswith(OTHER_WORDS), remark
