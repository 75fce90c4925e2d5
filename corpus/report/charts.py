"""Geometry of the pictures; `corpus.report.drawing` draws them as SVG."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil, floor, log10

# A histogram, in units that are pixels on a phone.
WIDTH, HEIGHT = 360, 210
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 22, 40
MOST_BARS = 48
TICKS = 4

# A flow: what is read on the left, where it ended on the right, labels beside it.
FLOW_HEIGHT = 400  # of all that is read
GAP = 14
# Heights that a label needs on a phone: a name and what it means, with more words, with advice.
SHORT, LABEL, LONG = 70, 92, 160


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram."""

    x: float
    y: float
    width: float
    height: float
    label: str
    n: int
    is_over: bool  # the limit


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Histogram:
    """A histogram with its axes; `cap` is where the limit stands, if it is in the picture."""

    bars: Sequence[Bar]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    cap: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Ribbon:
    """One stream of a flow: its shape, where it ends and where its label stands."""

    path: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Flow:
    """All streams of a flow, in a picture 100 wide that is stretched to where it has room."""

    ribbons: Sequence[Ribbon]
    height: float


def histogram(
    counter: Mapping[str, int],
    *,
    step: int,
    cap: int | None = None,
    beside: Sequence[Mapping[str, int]] = (),
) -> Histogram:
    """Lay out a histogram.

    Args:
        counter: things by the lower end of their bin, in multiples of `step`.
        step: width of a bin in the counter; bins are joined where there are too many.
        cap: a limit to be marked: what exceeds it is drawn apart, and not far beyond it.
        beside: what is drawn beside it: all then have the same scales, and heights are percent.

    A bin of more than one value does not hold its lower end, and holds its upper one, as a limit
    does.
    """
    highest = max(map(int, chain(counter, *beside)), default=0) + step
    end = min(max(highest, cap), 2 * cap) if cap else highest
    bin_width = step * ceil(end / step / MOST_BARS)
    n_bins = max(1, ceil(end / bin_width))
    counts = _binned(counter, bin_width, n_bins)
    is_open = highest > n_bins * bin_width
    room, depth = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    unit = sum(counts) / 100 if beside and any(counts) else 1
    shares = [_most_percent(_binned(one, bin_width, n_bins)) for one in (counter, *beside)]
    scale = _round_up(max(shares) if beside else max(counts))
    per_bin = room / n_bins
    bars = []
    for place, n in enumerate(counts):
        low, high = place * bin_width, (place + 1) * bin_width
        height = depth * n / unit / scale
        label = f"{low:,}" if bin_width == 1 else f"{low + 1:,}–{high:,}"
        if place == n_bins - 1 and is_open:
            label = f"{low + 1:,}+"
        is_over = cap is not None and low >= cap
        x = LEFT + place * per_bin
        bars.append(
            Bar(
                _r(x + 0.5),
                _r(TOP + depth - height),
                _r(per_bin - 1),
                _r(height),
                label,
                n,
                is_over,
            )
        )
    total = n_bins * bin_width
    return Histogram(
        bars=bars,
        x_ticks=[
            Tick(_r(LEFT + room * value / total + (per_bin / 2 if bin_width == 1 else 0)), label)
            for value, label in _x_labels(total, bin_width, is_open=is_open)
        ],
        y_ticks=[
            Tick(_r(TOP + depth * (1 - k / 2)), f"{scale * k // 2:,}{'%' if beside else ''}")
            for k in range(3)
            if scale > 1
        ]
        or [Tick(TOP, "1")],
        cap=_r(LEFT + room * cap / total) if cap and cap <= total else None,
        n=sum(counts),
    )


def _binned(counter: Mapping[str, int], bin_width: int, n_bins: int) -> list[int]:
    counts = [0] * n_bins
    for value, n in counter.items():
        counts[min(int(value) // bin_width, n_bins - 1)] += n
    return counts


def _most_percent(counts: Sequence[int]) -> int:
    return ceil(100 * max(counts) / (sum(counts) or 1))


def flow(parts: Sequence[tuple[int, int]]) -> Flow:
    """Lay out a flow from a whole into streams, each given as size and height of its label."""
    total = sum(n for n, _ in parts) or 1
    ribbons = []
    start = end = 0.0
    for n, label in parts:
        height = FLOW_HEIGHT * n / total
        path = (
            f"M0 {_r(start)}C50 {_r(start)} 50 {_r(end)} 100 {_r(end)}V{_r(end + height)}"
            f"C50 {_r(end + height)} 50 {_r(start + height)} 0 {_r(start + height)}Z"
        )
        ribbons.append(Ribbon(path, _r(end), max(_r(height), 1.5)))
        start += height
        end += max(height, label) + GAP
    return Flow(ribbons, _r(max(FLOW_HEIGHT, end)))


def _x_labels(total: int, bin_width: int, *, is_open: bool) -> list[tuple[int, str]]:
    step = _round_up(max(1, total // TICKS))
    found = [(value, f"{value:,}") for value in range(0, total + (bin_width > 1), step)]
    if is_open and found[-1][0] >= total - bin_width:
        found[-1] = (found[-1][0], found[-1][1] + "+")
    return found


def _round_up(n: int) -> int:
    """Return the next round number (1, 2, 4, 5 or 8 and zeros) that is not smaller.

    >>> [_round_up(n) for n in (0, 1, 3, 9, 41, 1200)]
    [1, 1, 4, 10, 50, 2000]
    """
    power = 10 ** floor(log10(max(n, 1)))
    return next(int(k * power) for k in (1, 2, 4, 5, 8, 10) if k * power >= n)


def _r(value: float) -> float:
    return round(value, 1)
