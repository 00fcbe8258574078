"""Something measured again and again: a line for each series, named where it ends."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .scale import Scale, number, rounded_out
from .svg import LETTER, WIDTH, apart, chart, clip, dot, line, polyline, series, text, y_axis

LEFT, TOP, BOTTOM = 50, 24, 190
LONGEST = 148  # units that a name has at most
FEW = 12  # points up to which each is a dot


@dataclass(frozen=True)
class Line:
    """A series: its colour by `index`, and values by place."""

    name: str
    index: int
    points: Sequence[tuple[float, float]]


def lines(
    title: str,
    shown: Sequence[Line],
    x_words: str,
    y_words: str,
    form: Callable[[float], str] = number,
    from_zero: bool = True,
    reach: float = -math.inf,
    by_doubling: bool = False,
    parts: Sequence[tuple[str, float]] = (),
) -> str:
    """Return the chart; `x_words` and `y_words` say what is measured, with units.

    The vertical axis goes up to `reach` at least, so that charts can share a scale; `by_doubling` is for 1, 2, 4, ...
    `parts` names stretches of the horizontal axis, each with where it ends.
    """
    places = sorted({place for each in shown for place, _ in each.points})
    values = [value for each in shown for _, value in each.points]
    right = WIDTH - 12 - min(LONGEST, LETTER * max(len(each.name) for each in shown))
    x = Scale(places[0], max(places[-1], places[0] * 1.001), LEFT, right, by_doubling)
    y = Scale(*rounded_out(0 if from_zero else min(values), max(reach, *values)), BOTTOM, TOP)
    ends = apart([y(each.points[-1][1]) for each in shown], 13, BOTTOM)
    return chart(
        title,
        "; ".join(f"{each.name}: {', '.join(form(value) for _, value in each.points)} {y_words}" for each in shown),
        BOTTOM + 36,
        text(0, 10, y_words, class_="soft"),
        y_axis(y, LEFT, right, form),
        _named_places(x, places if by_doubling else _whole(x), x_words),
        *_borders(x, parts),
        *(series(each.index, _drawn(each, x, y, form)) for each in shown),
        *(_name(each, x, y, end) for each, end in zip(shown, ends, strict=True)),
    )


def _whole(x: Scale) -> list[float]:
    """Return the ends of an axis of whole numbers and the round values between them."""
    between = [value for value in x.ticks() if value == int(value)]
    gap = (x.high - x.low) / 8
    return [x.low, *(value for value in between if x.low + gap < value < x.high - gap), int(x.high)]


def _named_places(x: Scale, places: Sequence[float], words: str) -> str:
    axis = [line(LEFT, BOTTOM, x.end, BOTTOM, "axis"), text(x.end, BOTTOM + 31, words, "end", "soft")]
    ticks = [line(x(place), BOTTOM, x(place), BOTTOM + 4, "axis") for place in places]
    labels = [text(x(place), BOTTOM + 16, number(place), "middle", "soft") for place in places]
    return "".join([*axis, *ticks, *labels])


def _borders(x: Scale, parts: Sequence[tuple[str, float]]) -> list[str]:
    """Return a dashed line between any two parts, with the name of each above its middle."""
    drawn, start = [], x.low
    for name, end in parts:
        end = min(end, x.high)
        middle, width = (x(start) + x(end)) / 2, x(end) - x(start)
        drawn.append(text(middle, TOP - 2, clip(name, max(width, LETTER * 4)), "middle", "soft"))
        if end < x.high:
            drawn.append(line(x(end), TOP, x(end), BOTTOM, "dashed"))
        start = end
    return drawn


def _drawn(each: Line, x: Scale, y: Scale, form: Callable[[float], str]) -> str:
    drawn = polyline((x(place), y(value)) for place, value in each.points)
    if len(each.points) > FEW:
        return drawn
    return drawn + "".join(
        dot(x(place), y(value), f"{each.name}, {number(place)}: {form(value)}", each.index == 0)
        for place, value in each.points
    )


def _name(each: Line, x: Scale, y: Scale, end: float) -> str:
    """Return the name behind the line's end, at the height `end`."""
    place, value = each.points[-1]
    joint = line(x(place) + 5, y(value), x.end + 9, end, "own thin") if abs(end - y(value)) > 4 else ""
    return series(each.index, joint, text(x.end + 11, end + 4, clip(each.name, LONGEST), class_="own"))
