"""How durations are spread: a row for each model, all on one axis, with its percentiles."""

from collections.abc import Sequence
from dataclasses import dataclass

from .scale import Scale, measured
from .svg import WIDTH, area, chart, clip, line, series, text, x_axis

ROW = 50  # units from one model to the next
LEFT, RIGHT = 4, WIDTH - 8
COLUMNS = (WIDTH - 100, WIDTH - 52, WIDTH - 4)  # right ends of the three percentiles
LOG_FROM = 15  # times from the fastest to the slowest model
TAIL = 2.5  # times the slowest median that the axis reaches at most: a tail beyond would press all else together


@dataclass(frozen=True)
class Spread:
    """A model's durations in ms: percentiles, and how many fell between each two of `edges`."""

    name: str
    p50: float
    p90: float
    p99: float
    edges: Sequence[float]
    counts: Sequence[float]

    def __str__(self) -> str:
        return f"{self.name}: p50 {measured(self.p50)} ms, p90 {measured(self.p90)} ms, p99 {measured(self.p99)} ms"


def distributions(title: str, spreads: Sequence[Spread]) -> str:
    """Return the chart; percentiles that lie beyond its axis are only told as numbers."""
    x = _scale(spreads)
    bottom = 18 + ROW * len(spreads)
    head = [text(end, 10, name, "end", "soft") for end, name in zip(COLUMNS, ("p50", "p90", "p99"), strict=True)]
    rows = [series(i, _row(each, x, 18 + ROW * (i + 1))) for i, each in enumerate(spreads)]
    axis = x_axis(x, bottom + 3, "ms" + (", logarithmic" if x.log else ""))
    return chart(title, "; ".join(map(str, spreads)), bottom + 38, *head, *rows, axis)


def _scale(spreads: Sequence[Spread]) -> Scale:
    fastest, slowest = (choose(each.p50 for each in spreads) for choose in (min, max))
    high = min(1.05 * max(each.p99 for each in spreads), TAIL * slowest)
    log = slowest / fastest > LOG_FROM
    return Scale(fastest / 2 if log else 0, high, LEFT, RIGHT, log)


def _row(spread: Spread, x: Scale, base: float) -> str:
    percentiles, heights = (spread.p50, spread.p90, spread.p99), (26, 9, 9)
    written = [text(end, base - 31, measured(ms), "end") for end, ms in zip(COLUMNS, percentiles, strict=True)]
    marks = [
        line(x(ms), base, x(ms), base - tall, "own")
        for ms, tall in zip(percentiles, heights, strict=True)
        if ms < x.high
    ]
    name = text(LEFT, base - 31, clip(spread.name, COLUMNS[0] - 50), class_="own halo")
    return "".join([area(_outline(spread, x, base)), *marks, name, *written])


def _outline(spread: Spread, x: Scale, base: float) -> list[tuple[float, float]]:
    """Return the steps of the histogram, its highest 24 units high, as far as the axis reaches."""
    edges = [min(max(x(edge), LEFT), RIGHT) for edge in (max(edge, x.low) for edge in spread.edges)]
    bars = [
        (left, right, count / (right - left))  # per unit of the axis
        for left, right, count in zip(edges, edges[1:], spread.counts, strict=False)
        if right > left
    ]
    tallest = max((height for *_, height in bars), default=0) or 1
    points = [(edges[0], base)]
    for left, right, height in bars:
        points += [(left, base - 24 * height / tallest), (right, base - 24 * height / tallest)]
    return [*points, (points[-1][0], base)]
