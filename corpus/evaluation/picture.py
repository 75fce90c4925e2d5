"""The picture of an evaluation: a line for each column, with floor, ceiling and all rows on it."""

from collections.abc import Sequence
from html import escape

from corpus.evaluation.replies import PERSON, STRANGER
from corpus.evaluation.results import Result, Row
from corpus.evaluation.words import COLUMNS, Column, row_name

_WIDTH, _LEFT, _RIGHT, _TOP, _LINE = 1010, 190, 300, 54, 46
_SPREAD = 5  # between two rows on one line, so that none hides another
# Colours that are told apart with any eyes (Okabe and Ito), on white and on black.
_COLOURS = ("#d55e00", "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#a6761d")
_PEOPLE = "#8a8a8a"
_STYLE = """
svg{background:#fff;font:13px system-ui,sans-serif}text{fill:#333}.axis{stroke:#ddd}
.small{font-size:11px;fill:#666}
@media(prefers-color-scheme:dark){svg{background:#16181d}text{fill:#ccc}.axis{stroke:#333}
.small{fill:#999}}
"""


def picture(result: Result) -> str:
    """Return the picture as SVG."""
    people = [result.row(PERSON), result.row(STRANGER)]
    others = [row for row in result.rows if row not in people]
    colours = {row.name: _COLOURS[k % len(_COLOURS)] for k, row in enumerate(others)}
    height = _TOP + _LINE * len(COLUMNS) + 10
    title = f"{escape(result.model)}: 검증 대화 {result.n}개에 대한 대답"
    parts = [f'<text x="16" y="26" font-size="17">{title}</text>']
    for number, column in enumerate(COLUMNS):
        parts += _line(column, _TOP + _LINE * number + 24, people, others, colours)
    legend = [(row_name(row.name), row.name, colours[row.name]) for row in others]
    x = _WIDTH - _RIGHT + 72
    parts.append(f'<path d="M{x - 3} {_TOP + 8}v16h6v-16z" fill="{_PEOPLE}"/>')
    parts.append(f'<text x="{x + 14}" y="{_TOP + 20}">사람 · 천장 (person)</text>')
    parts.append(f'<path d="M{x} {_TOP + 34}v16" stroke="{_PEOPLE}" stroke-width="2"/>')
    parts.append(f'<text x="{x + 14}" y="{_TOP + 46}">엉뚱한 대답 · 바닥 (stranger)</text>')
    for number, (name, key, colour) in enumerate(legend):
        y = _TOP + 68 + 24 * number
        told = escape(name if name == key else f"{name} ({key})")
        parts.append(f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"/>')
        parts.append(f'<text x="{x + 14}" y="{y + 5}">{told}</text>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">'
        f"<title>{escape(result.model)}</title><style>{_STYLE}</style>\n"
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _line(
    column: Column, y: float, people: Sequence[Row], others: Sequence[Row], colours: dict[str, str]
) -> list[str]:
    """Draw one column; its line ends at the highest value, but at 100 % where all are near it."""
    values = [
        value for row in (*people, *others) if (value := row.numbers.values[column.key]) is not None
    ]
    if column.key == "chrf":  # a person's is 100 by definition, and would hide the rest
        values = [
            value for row in (people[1], *others) if (value := row.numbers.values[column.key])
        ]
    end = _round_up(max(values, default=0.0), column)
    room = _WIDTH - _LEFT - _RIGHT

    def place(value: float) -> float:
        return round(_LEFT + room * min(value / end, 1.0), 1)

    told = text_of(end, column)
    at_its_left = f'x="{_LEFT - 14}" text-anchor="end"'
    parts = [
        f'<text {at_its_left} y="{y - 1}">{column.name}</text>',
        f'<text {at_its_left} y="{y + 13}" class="small">{column.short}</text>',
        f'<path class="axis" d="M{_LEFT} {y}h{room}"/>',
        f'<text class="small" x="{_WIDTH - _RIGHT + 6}" y="{y + 4}">{told}</text>',
    ]
    ceiling, floor = (row.numbers.values[column.key] for row in people)
    if floor is not None:
        parts.append(f'<path d="M{place(floor)} {y - 13}v26" stroke="{_PEOPLE}" stroke-width="2"/>')
    if ceiling is not None and ceiling <= end:
        parts.append(f'<path d="M{place(ceiling) - 3} {y - 10}v20h6v-20z" fill="{_PEOPLE}"/>')
    middle = (len(others) - 1) / 2
    for number, row in enumerate(others):
        value = row.numbers.values[column.key]
        if value is not None:
            at = y + _SPREAD * (number - middle)
            told = f"{row_name(row.name)}: {text_of(value, column)}"
            parts.append(
                f'<circle cx="{place(value)}" cy="{round(at, 1)}" r="4.5" '
                f'fill="{colours[row.name]}"><title>{escape(told)}</title></circle>'
            )
    return parts


def text_of(value: float, column: Column) -> str:
    """Return a number as it is written: a share as a percentage."""
    if column.unit == "share":
        return (
            f"{100 * value:.1f}%".replace(".0%", "%") if value in (0, 1) else f"{100 * value:.1f}%"
        )
    return f"{value:.3f}" if column.unit == "ratio" else f"{value:.1f}"


def _round_up(value: float, column: Column) -> float:
    """Return where a line ends: at a round number, of shares at 10 % at least."""
    steps = (0.1, 0.2, 0.5, 1.0) if column.unit in ("share", "ratio") else (5, 10, 20, 50, 100)
    return next((step for step in steps if value <= step), max(value, steps[-1]))
