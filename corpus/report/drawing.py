"""What all sections of the page draw with: both languages, numbers, bars, histograms."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from corpus.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Histogram
from corpus.report.markup import NONE, Html, html, joined
from corpus.report.words import Words

LEAVES_NOTHING = 99.2  # of 100: a mark at the right end would not be seen


class Axes(NamedTuple):
    """What the axes of a histogram count."""

    x: Words
    y: Words


TOKENS = Words("토큰", "tokens")
TURNS = Words("턴", "turns")
DIALOGUES = Words("대화", "dialogues")
ROWS = Words("행", "rows")


def t(korean: object, english: object) -> Html:
    """Say something in two languages, one behind the other."""
    return html(
        '<span class="ko" lang="ko">{}</span> <span class="en" lang="en">{}</span>',
        korean,
        english,
    )


def say(korean: object, english: object) -> Html:
    """Say a sentence: the two languages below each other."""
    return html(
        '<span class="say ko" lang="ko">{}</span> <span class="say en" lang="en">{}</span>',
        korean,
        english,
    )


def note(korean: object, english: object) -> Html:
    """Say a sentence in a paragraph of its own, in small letters."""
    return html('<p class="note">{}</p>\n', say(korean, english))


def said(name: str, table: Mapping[Any, Words]) -> Html:
    """Say what a table knows of a name: nothing, maybe."""
    words = table.get(name)
    return say(*words) if words else NONE


def advice(option: str | None, gain: int | None, *, keeps: Words | None = None) -> Html:
    """Say what keeps a loss, and how many rows that would be more."""
    if not option:
        return NONE
    more = NONE if gain is None else html(" {} {}", f"{gain:+,}", t("행", "rows"))
    words = keeps or Words("살리려면", "to keep")
    return html(' <span class="advice">{} <code>{}</code>{}</span>', t(*words), option, more)


def title(korean: str, english: str) -> Html:
    """Head a part of a section."""
    return html("<h3>{}</h3>\n", t(korean, english))


def heading(number: int, name: str, korean: str, english: str) -> Html:
    """Head a section."""
    return html('<h2 id="{}"><span class="no">{}</span>{}</h2>\n', name, number, t(korean, english))


def count(n: int) -> str:
    """Return a number as people read it."""
    return f"{n:,}"


def counts(counter: Iterable[tuple[str, int]], *, mono: bool = True) -> Html:
    """List names with their numbers in one line."""
    return joined(
        (html("{} {}", code(name) if mono else name, count(n)) for name, n in counter), ", "
    )


def code(name: str) -> Html:
    """Return a name as the program writes it."""
    return html('<span class="mono">{}</span>', name)


def share(n: float, of: float) -> str:
    """Return a share in percent."""
    return f"{n / of:.1%}" if of else "–"


def fine_share(n: float, of: float) -> str:
    """Return a share in percent that may be small."""
    return f"{n / of:.2%}" if of else "–"


def part(n: float, of: float) -> float:
    """Return how long a bar is, of 100."""
    return round(100 * n / of, 2) if of else 0


def bar(length: float, kind: str = "keep", *, mark: float | None = None, label: str = "") -> Html:
    """Draw a bar.

    Args:
        length: of 100.
        kind: which colour.
        mark: where a line stands across it, of 100.
        label: what it says; its length without one.
    """
    return html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}<rect class="track" width="100" height="10"/>'
        '<rect class="{}" width="{}" height="10"/>{}</svg>',
        label or f"{length} %",
        html("<title>{}</title>", label) if label else NONE,
        kind,
        min(length, 100),
        NONE
        if mark is None
        else html(
            '<rect class="mark" x="{}" y="-1" width=".8" height="12"/>', min(mark, LEAVES_NOTHING)
        ),
    )


def histogram(h: Histogram, axes: Axes, kind: str = "keep", *, at_cap: Html = NONE) -> Html:
    """Draw a histogram.

    Args:
        h: as it is laid out.
        axes: what they count.
        kind: which colour.
        at_cap: what stands beside the line of the limit.
    """
    floor, end = HEIGHT - BOTTOM, WIDTH - RIGHT
    return html(
        '<svg viewBox="0 0 {} {}" role="img" aria-label="{}">\n{}{}{}\n{}{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        f"{axes.x.ko} · {axes.x.en}",
        joined(
            html(
                '{}<text class="end" x="{}" y="{}">{}</text>\n',
                _line("axis", LEFT, end, tick.at, tick.at),
                LEFT - 6,
                tick.at + 4,
                tick.label,
            )
            for tick in h.y_ticks
        ),
        joined(
            html(
                '<rect class="{}" x="{}" y="{}" width="{}" height="{}">'
                "<title>{}: {}</title></rect>\n",
                "lose" if one.is_over else kind,
                one.x,
                one.y,
                one.width,
                one.height,
                one.label,
                count(one.n),
            )
            for one in h.bars
            if one.n
        ),
        _line("axis", LEFT, end, floor, floor),
        joined(
            html('<text class="middle" x="{}" y="{}">{}</text>\n', tick.at, floor + 14, tick.label)
            for tick in h.x_ticks
        ),
        html('<text x="0" y="11">{}</text>\n', _inside(axes.y)),
        html('<text class="end" x="{}" y="{}">{}</text>\n', end, HEIGHT - 8, _inside(axes.x)),
        NONE
        if h.cap is None
        else html("{}{}\n", _line("cap", h.cap, h.cap, TOP - 6, floor), at_cap),
    )


def _line(kind: str, x1: float, x2: float, y1: float, y2: float) -> Html:
    return html('<line class="{}" x1="{}" x2="{}" y1="{}" y2="{}"/>', kind, x1, x2, y1, y2)


def _inside(words: Words) -> Html:
    """Say something in two languages in a picture."""
    return html('<tspan class="ko">{}</tspan> <tspan class="en">{}</tspan>', *words)
