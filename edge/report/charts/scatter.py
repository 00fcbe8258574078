"""Accuracy against latency: each model a dot with its intervals, and the line of those that none beats in both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from .scale import Scale, measured, percent, rounded_out
from .svg import LETTER, WIDTH, chart, clip, dot, line, polyline, series, text, x_axis, y_axis

HEIGHT, LEFT, TOP, BOTTOM, RIGHT = 276, 50, 26, 240, WIDTH - 8  # the plot's edges
LONGEST = 150  # units of a model's name
LOG_FROM = 15  # times from the fastest to the slowest, where a linear axis would press the fast ones together

Place: TypeAlias = tuple[float, float]
Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Point:
    """A model: latency in ms and accuracy from 0 to 1, each with its 95 % interval (low, high)."""

    name: str
    latency: float
    latency_interval: tuple[float, float]
    accuracy: float
    accuracy_interval: tuple[float, float]

    def __str__(self) -> str:
        return f"{self.name}: {measured(self.latency)} ms, {self.accuracy:.2%} right"


def scatter(title: str, points: Sequence[Point]) -> str:
    """Return the chart; the first point is the one that the others are compared with."""
    x, y = _scales(points)
    places = [(x(point.latency), y(point.accuracy)) for point in points]
    stairs = _stairs(pareto(points), x, y)
    return chart(
        title,
        "; ".join(map(str, points)),
        HEIGHT,
        y_axis(y, LEFT, RIGHT, percent),
        x_axis(x, BOTTOM, "ms" + (", logarithmic" if x.log else "")),
        text(0, 10, "answered rightly", class_="soft"),
        polyline(stairs, "dashed"),
        *(series(i, _cross(point, x, y), dot(*places[i], str(point), i == 0)) for i, point in enumerate(points)),
        *_names(points, places, list(_dots_and_intervals(points, x, y))),
    )


def pareto(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other is both faster and more accurate than, fastest first."""
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.latency, -point.accuracy)):
        if not best or point.accuracy > best[-1].accuracy:
            best.append(point)
    return best


def _scales(points: Sequence[Point]) -> tuple[Scale, Scale]:
    slow = max(point.latency_interval[1] for point in points)
    fast = min(point.latency_interval[0] for point in points)
    worst = min(point.accuracy_interval[0] for point in points)
    best = max(point.accuracy_interval[1] for point in points)
    log = slow / fast > LOG_FROM
    low, high = (fast / 1.3, slow * 1.3) if log else (0.0, rounded_out(0, slow * 1.05)[1])
    return Scale(low, high, LEFT, RIGHT, log), Scale(*rounded_out(worst, best), BOTTOM, TOP)


def _stairs(best: Sequence[Point], x: Scale, y: Scale) -> list[Place]:
    """Return the border of what is reached: level from each model to the next one, and up to it."""
    places = [(x(best[0].latency), y(best[0].accuracy))]
    for point in best[1:]:
        places += [(x(point.latency), places[-1][1]), (x(point.latency), y(point.accuracy))]
    return [*places, (RIGHT, places[-1][1])]


def _dots_and_intervals(points: Sequence[Point], x: Scale, y: Scale) -> Iterator[Box]:
    for point in points:
        here_x, here_y, (low, high) = x(point.latency), y(point.accuracy), point.accuracy_interval
        yield here_x - 5, here_y - 5, here_x + 5, here_y + 5
        yield here_x - 1, y(high), here_x + 1, y(low)


def _cross(point: Point, x: Scale, y: Scale) -> str:
    here_x, here_y = x(point.latency), y(point.accuracy)
    (left, right), (low, high) = point.latency_interval, point.accuracy_interval
    return line(x(left), here_y, x(right), here_y, "own faint") + line(here_x, y(low), here_x, y(high), "own faint")


def _names(points: Sequence[Point], places: Sequence[Place], obstacles: Sequence[Box]) -> list[str]:
    """Return each name beside its dot, where it hides nothing if there is such a place, with a line to it from afar."""
    taken, shown = [*obstacles], []
    for i, (point, (x, y)) in enumerate(zip(points, places, strict=True)):
        name = clip(point.name, LONGEST)
        width = len(name) * LETTER
        starts = (x + 8, x - 8 - width, x - width / 2)
        free = [
            (start, base)
            for base in (y - 6, y + 15, *(y + side * far for far in range(30, HEIGHT, 14) for side in (-1, 1)))
            for start in starts
            if LEFT <= start <= RIGHT - width and TOP <= base < BOTTOM and not _hits(_box(start, base, width), taken)
        ]
        start, base = free[0] if free else (min(x + 8, RIGHT - width), y - 6)
        taken.append(_box(start, base, width))
        middle = min(max(x, start), start + width)
        leader = line(x, y, middle, base + (3 if base < y else -10), "own thin") if abs(base - y) > 20 else ""
        shown.append(series(i, leader, text(start, base, name, class_="own halo")))
    return shown


def _box(start: float, base: float, width: float) -> Box:
    return start, base - 10, start + width, base + 3


def _hits(box: Box, others: Sequence[Box]) -> bool:
    left, top, right, bottom = box
    return any(left < end and start < right and top < low and high < bottom for start, high, end, low in others)
