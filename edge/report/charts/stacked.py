"""What a time is made of: a bar for each model, its parts one after the other."""

from collections.abc import Mapping, Sequence

from .scale import Scale, measured
from .svg import LETTER, WIDTH, box, chart, clip, legend, series, text, x_axis

ROW, BAR = 40, 15  # units
RIGHT = WIDTH - 46  # the longest bar's end; its total is written behind it


def stacked(title: str, unit: str, bars: Sequence[tuple[str, Mapping[str, float]]]) -> str:
    """Return the chart; each bar is a name and its parts in `unit`, the same parts for all."""
    totals = [sum(parts.values()) for _, parts in bars]
    x = Scale(0, max(totals) or 1, 0, RIGHT)
    named, top = legend(list(bars[0][1]), _square)
    top += 14
    rows = [_row(name, parts, unit, x, top + ROW * i) for i, (name, parts) in enumerate(bars)]
    bottom = top + ROW * len(bars) - 4
    told = "; ".join(f"{name}: {_told(parts, unit)}" for name, parts in bars)
    return chart(title, told, bottom + 34, named, *rows, x_axis(x, bottom, unit))


def _told(parts: Mapping[str, float], unit: str) -> str:
    return ", ".join(f"{part} {measured(value)} {unit}" for part, value in parts.items())


def _square(part: int, x: float, y: float) -> str:
    return series(part + 1, box(x - 5, y - 5, 10, 10, ""))


def _row(name: str, parts: Mapping[str, float], unit: str, x: Scale, y: float) -> str:
    shown, start = [text(0, y, clip(name, WIDTH))], 0.0
    for i, (part, value) in enumerate(parts.items()):
        left, right, words = x(start), x(start + value), measured(value)
        shown.append(series(i + 1, box(left, y + 5, max(0, right - left - 1), BAR, f"{part}: {words} {unit}")))
        if right - left > len(words) * LETTER + 8:
            shown.append(text((left + right) / 2, y + 16.5, words, "middle", "over"))
        start += value
    return "".join([*shown, text(x(start) + 5, y + 16.5, measured(start))])
