"""Values of classes side by side: a row for each class, a dot for each model."""

from collections.abc import Mapping, Sequence

from .scale import Scale, percent, rounded_out
from .svg import WIDTH, chart, clip, dot, legend, line, series, text

ROW = 17  # units
LEFT, RIGHT = 92, WIDTH - 14
NARROWEST = 0.02  # span of the axis, where values are alike


def dots(title: str, rows: Mapping[str, Sequence[float]], names: Sequence[str]) -> str:
    """Return the chart: by class the shares, 0 to 1, of the models `names`, the first one hollow."""
    values = [value for row in rows.values() for value in row]
    x = Scale(*rounded_out(min(*values, max(values) - NARROWEST), max(values)), LEFT, RIGHT)
    named, top = legend(names, lambda i, x, y: _dot(i, x, y, names[i]))
    top += 26
    bottom = top + ROW * len(rows)
    ticks = [line(x(value), top - 6, x(value), bottom) for value in x.ticks()]
    labels = [text(x(value), top - 10, percent(value), "middle", "soft") for value in x.ticks()]
    drawn = [_row(label, row, names, x, top + ROW * (i + 0.5)) for i, (label, row) in enumerate(rows.items())]
    told = "; ".join(f"{label}: {', '.join(f'{value:.2%}' for value in row)}" for label, row in rows.items())
    return chart(title, told, bottom + 2, named, *ticks, *labels, *drawn)


def _row(label: str, values: Sequence[float], names: Sequence[str], x: Scale, y: float) -> str:
    span = line(x(min(values)), y, x(max(values)), y, "axis")
    backwards = reversed(list(enumerate(values)))  # so that the first model's, which is hollow, lies on top
    marks = [_dot(i, x(value), y, f"{label}, {names[i]}: {value:.2%}") for i, value in backwards]
    return "".join([text(LEFT - 10, y + 4, clip(label, LEFT - 12), "end"), span, *marks])


def _dot(index: int, x: float, y: float, hint: str) -> str:
    return series(index, dot(x, y, hint, hollow=index == 0))
