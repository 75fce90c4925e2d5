"""`curve.svg`: the training loss and the three validation losses over the steps."""

import math
from collections.abc import Sequence
from pathlib import Path

from corpus.training.files import write_text
from corpus.training.log import Entry

_WIDTH, _HEIGHT = 820, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 170, 24, 44  # margins
_POINTS = 150  # of the training curve: more steps are averaged
_TICK_SIZES = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 100, 1e9)
_TICKS = 7
_ROOM = 1.0  # nats shown above the worst validation loss; a first training loss of 11 hides all

# Colours that are told apart with any eyes (Okabe and Ito), on white and on black.
_CURVES = {
    "train": ("#8a8a8a", "train ({labels})"),
    "all": ("#0072b2", "validation, all tokens"),
    "sys": ("#d55e00", "validation, &lt;sys&gt;"),
    "last_sys": ("#009e73", "validation, last &lt;sys&gt;"),
}
_STYLE = """
svg{background:#fff;font:12px system-ui,sans-serif}text{fill:#333}.grid{stroke:#ddd}
polyline{fill:none;stroke-width:2}
@media(prefers-color-scheme:dark){svg{background:#16181d}text{fill:#ccc}.grid{stroke:#333}}
"""

Points = list[tuple[float, float]]


def write_curve(path: Path, entries: Sequence[Entry], *, labels: str, total: int) -> None:
    """Draw what the log holds; the steps that are to come are left empty."""
    curves = {"train": _averaged([(e["step"], e["loss"]) for e in entries if "loss" in e])}
    for name in ("all", "sys", "last_sys"):
        curves[name] = [(e["step"], e["validation"][name]) for e in entries if "validation" in e]
    judged = [value for name in ("all", "sys", "last_sys") for _, value in curves[name]]
    seen = [value for points in curves.values() for _, value in points]
    ticks = _ticks(min(seen, default=0.0), max(judged) + _ROOM if judged else max(seen, default=1))

    def place(step: float, value: float) -> tuple[float, float]:
        across = step / total * (_WIDTH - _LEFT - _RIGHT)
        up = (value - ticks[0]) / (ticks[-1] - ticks[0]) * (_HEIGHT - _TOP - _BOTTOM)
        return round(_LEFT + across, 1), round(max(_HEIGHT - _BOTTOM - up, _TOP), 1)

    parts = [_grid(place(0, tick)[1], f"{tick:g}") for tick in ticks]
    for number in range(5):
        step = total * number // 4
        x, y = place(step, ticks[0])
        parts.append(f'<text x="{x}" y="{y + 18}" text-anchor="middle">{step:,}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">step</text>')
    parts.append(f'<text x="8" y="{_TOP - 8}">nats per token</text>')
    for number, (name, (colour, legend)) in enumerate(_CURVES.items()):
        points = [place(*point) for point in curves[name]]
        value = f" {curves[name][-1][1]:.3f}" if points else ""
        text = legend.format(labels=labels) + value
        parts.append(_curve(points, colour, dots=name != "train"))
        parts.append(_legend(_TOP + 12 + 20 * number, text, colour))
    write_text(
        path,
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">'
        f"<title>Losses over the steps</title><style>{_STYLE}</style>\n"
        + "\n".join(parts)
        + "\n</svg>\n",
    )


def _averaged(points: Points) -> Points:
    """Average neighbours until at most `_POINTS` are left."""
    size = -(-len(points) // _POINTS) or 1
    groups = [points[start : start + size] for start in range(0, len(points), size)]
    return [(group[-1][0], math.fsum(v for _, v in group) / len(group)) for group in groups]


def _ticks(low: float, high: float) -> list[float]:
    """Return at most ten round values, the first at most `low`, the last at least `high`."""
    step = next(size for size in _TICK_SIZES if (high - low) / size <= _TICKS)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(number * step, 2) for number in range(first, max(last, first + 1) + 1)]


def _grid(y: float, text: str) -> str:
    line = f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
    return line + f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{text}</text>'


def _curve(points: Points, colour: str, *, dots: bool) -> str:
    line = " ".join(f"{x},{y}" for x, y in points)
    marks = [f'<circle cx="{x}" cy="{y}" r="3.5" fill="{colour}"/>' for x, y in points if dots]
    return f'<polyline points="{line}" stroke="{colour}"/>' + "".join(marks)


def _legend(y: float, text: str, colour: str) -> str:
    x = _WIDTH - _RIGHT + 10
    line = f'<line x1="{x}" x2="{x + 14}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}"'
    return f'{line} stroke-width="3"/><text x="{x + 20}" y="{y}">{text}</text>'
