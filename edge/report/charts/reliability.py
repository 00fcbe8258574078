"""How far models' confidence can be believed: how often they are right, by how sure they are."""

from collections.abc import Sequence

from ...stats.confidence import CalibrationBin
from ..markup import tag, words
from .scale import Scale, percent
from .svg import WIDTH, chart, dot, legend, line, polyline, series, text, x_axis, y_axis

LEFT, RIGHT, SIDE = 50, WIDTH - 14, 214  # the plot's edges and height
SMALLEST, LARGEST = 1.5, 8.0  # radius of a dot


def reliability(title: str, models: Sequence[tuple[str, Sequence[CalibrationBin]]]) -> str:
    """Return the chart of models, each a name and its bins; the area of a dot is its share of the images."""
    named, top = legend([name for name, _ in models], lambda i, x, y: series(i, dot(x, y, models[i][0], i == 0)))
    top += 26
    x, y = Scale(0, 1, LEFT, RIGHT), Scale(0, 1, top + SIDE, top)
    return chart(
        title,
        " ".join(f"{name}: {'; '.join(map(_told, bins))}." for name, bins in models),
        top + SIDE + 36,
        named,
        text(0, top - 10, "answered rightly", class_="soft"),
        y_axis(y, LEFT, RIGHT, percent),
        x_axis(x, top + SIDE, "confidence of the answer", percent),
        line(x(0), y(0), x(1), y(1), "dashed"),
        text(LEFT + 8, top + 16, "too modest", class_="soft"),
        text(RIGHT - 6, top + SIDE - 8, "too sure", "end", "soft"),
        *reversed([series(i, _curve(bins, x, y, hollow=i == 0)) for i, (_, bins) in enumerate(models)]),
    )


def _curve(bins: Sequence[CalibrationBin], x: Scale, y: Scale, hollow: bool) -> str:
    most = max(each.n for each in bins)
    places = [(x(each.confidence), y(each.accuracy)) for each in bins]
    dots = [_dot(*place, each, most, hollow) for place, each in zip(places, bins, strict=True)]
    return "".join([polyline(places), *dots])


def _dot(x: float, y: float, each: CalibrationBin, most: int, hollow: bool) -> str:
    radius = max(SMALLEST, LARGEST * (each.n / most) ** 0.5)
    told = tag("title", words(_told(each)))
    return tag("circle", told, cx=x, cy=y, r=radius, class_="hollow" if hollow else "full")


def _told(each: CalibrationBin) -> str:
    return f"{each.confidence:.1%} sure, {each.accuracy:.1%} right ({each.n:,} images)"
