"""Charts in small pieces: text, lines, dots, axes. Lengths are in units of a chart, `WIDTH` of them across."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from ..markup import tag, value_text, words
from ..model_names import shortened
from .scale import Scale, number

WIDTH = 360  # a phone's width in pixels: there a letter is as large as it says
LETTER = 6.3  # units, a generous average at the charts' font size
COLOURS = 5  # that the series after the first have by turns


def chart(title: str, description: str, height: float, *parts: str) -> str:
    """Return a whole chart; title and description tell what it shows to whoever can't see it."""
    told = [tag("title", words(title)), tag("desc", words(description))]
    box = f"0 0 {WIDTH} {value_text(height)}"
    return tag("svg", *told, *parts, viewBox=box, role="img", aria_label=title)


def series(index: int, *children: str) -> str:
    """Return a group in the colour of the series `index`: the first has its own, the others theirs by turns."""
    return tag("g", *children, class_=f"s{index and (index - 1) % COLOURS + 1}")


def text(x: float, y: float, shown: str, anchor: str = "start", class_: str = "") -> str:
    """Return words that stand at, end at or lie around (x, y): anchor "start", "end" or "middle"."""
    return tag("text", words(shown), x=x, y=y, text_anchor=anchor, class_=class_ or "ink")


def line(x1: float, y1: float, x2: float, y2: float, class_: str = "grid") -> str:
    """Return a straight line, "grid" and "axis" thin, "own" in the colour around it."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def polyline(points: Iterable[tuple[float, float]], class_: str = "own") -> str:
    """Return a line through points."""
    return tag("polyline", points=_places(points), class_=f"{class_} open")


def area(points: Iterable[tuple[float, float]]) -> str:
    """Return the area within points, lightly filled with the colour around it."""
    return tag("polygon", points=_places(points), class_="area")


def box(x: float, y: float, width: float, height: float, hint: str, strength: float = 1) -> str:
    """Return a rectangle filled with the colour around it, `strength` 0 to 1 of it."""
    told = tag("title", words(hint))
    return tag("rect", told, x=x, y=y, width=width, height=height, class_="full", opacity=strength)


def dot(x: float, y: float, hint: str, hollow: bool = False) -> str:
    """Return a dot in the colour around it, with a hint to show when it is pointed at."""
    return tag("circle", tag("title", words(hint)), cx=x, cy=y, r=3.5, class_="hollow" if hollow else "full")


def x_axis(scale: Scale, y: float, meaning: str, form: Callable[[float], str] = number) -> str:
    """Return a horizontal axis with ticks below it and what it means, with its unit, below these."""
    ticks = [line(scale(value), y, scale(value), y + 4, "axis") for value in scale.ticks()]
    labels = [text(scale(value), y + 16, form(value), "middle", "soft") for value in scale.ticks()]
    axis = line(scale.start, y, scale.end, y, "axis")
    return "".join([axis, *ticks, *labels, text(scale.end, y + 31, meaning, "end", "soft")])


def y_axis(scale: Scale, left: float, right: float, form: Callable[[float], str] = number) -> str:
    """Return horizontal grid lines with their values at the left."""
    grid = [line(left, scale(value), right, scale(value)) for value in scale.ticks()]
    labels = [text(left - 6, scale(value) + 4, form(value), "end", "soft") for value in scale.ticks()]
    return "".join([*grid, *labels])


def legend(names: Sequence[str], mark: Callable[[int, float, float], str]) -> tuple[str, float]:
    """Return names behind marks, in lines, and the height they take; `mark` draws that of a name around (x, y)."""
    shown, x, y = [], 5.0, 6.0
    for i, name in enumerate(names):
        name = clip(name, WIDTH - 20)
        width = len(name) * LETTER + 26
        if x > 5 and x + width > WIDTH:
            x, y = 5.0, y + 16
        shown.append(mark(i, x, y) + text(x + 10, y + 4, name))
        x += width
    return "".join(shown), y + 10


def clip(name: str, width: float) -> str:
    """Return a name that fits into `width` units, its middle left out if need be: both ends tell models apart."""
    return shortened(name, max(4, int(width / LETTER)))


def apart(places: Sequence[float], gap: float, end: float) -> list[float]:
    """Return places with `gap` between any two and none beyond `end`, in their order, near where they were."""
    order = sorted(range(len(places)), key=places.__getitem__)
    moved = list(places)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + gap)
    back = max((sum(moved) - sum(places)) / len(places), max(moved) - end)
    return [place - back for place in moved]


def _places(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{value_text(x)},{value_text(y)}" for x, y in points)
