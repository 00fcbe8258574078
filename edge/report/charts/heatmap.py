"""Confusion matrices, and what has changed from one to another."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ..markup import tag
from .svg import LETTER, WIDTH, box, chart, clip, series, text

Counts: TypeAlias = Sequence[Sequence[int]]
"""Images by true class (row) and answer (column)."""
Paint: TypeAlias = Callable[[int, int], tuple[int, float, str]]
"""The series, strength (0 to 1) and words of a cell (row, column)."""

MOST = 100  # classes; of more no cell could be seen
NAMED = 30  # classes up to which rows and columns have names
COUNTED = 12  # classes up to which cells have numbers
DARK = 0.6  # strength from which words on a cell are in the ground's colour


def confusion(title: str, labels: Sequence[str], counts: Counts, rows: str = "is") -> str:
    """Draw a matrix: the darker a cell, the more of its row, by the root, which makes mistakes visible.

    `rows` says what a row stands for.
    """
    sums = [sum(row) or 1 for row in counts]

    def paint(row: int, column: int) -> tuple[int, float, str]:
        return 1, (counts[row][column] / sums[row]) ** 0.5, str(counts[row][column])

    return _matrix(title, labels, counts, paint, rows)


def changes(title: str, labels: Sequence[str], before: Counts, after: Counts) -> str:
    """Draw what a matrix has more or less of than the one before: blue where it is better, orange where worse."""
    moved = [[new - old for old, new in zip(*rows, strict=True)] for rows in zip(before, after, strict=True)]
    most = max((abs(count) for row in moved for count in row), default=0) or 1

    def paint(row: int, column: int) -> tuple[int, float, str]:
        count = moved[row][column]
        return 1 if (count > 0) == (row == column) else 2, 0.2 + 0.8 * abs(count) / most, f"{count:+}"

    return _matrix(title, labels, moved, paint)


def _matrix(title: str, labels: Sequence[str], cells: Counts, paint: Paint, rows: str = "is") -> str:
    n = len(labels)
    left, top = (72.0, 58.0) if n <= NAMED else (16.0, 20.0)
    side = (WIDTH - left - 10) / n
    filled = [(row, column) for row in range(n) for column in range(n) if cells[row][column]]
    drawn = [_cell(labels, at, paint(*at), left, top, side) for at in filled]
    frame = tag("rect", x=left, y=top, width=side * n, height=side * n, class_="grid open")
    told = f"{n} classes, {len(filled)} cells are not 0"
    return chart(title, told, top + side * n + 4, frame, _names(labels, left, top, side, rows), *drawn)


def _cell(
    labels: Sequence[str], at: tuple[int, int], look: tuple[int, float, str], left: float, top: float, side: float
) -> str:
    (row, column), (index, strength, words) = at, look
    x, y = left + side * column, top + side * row
    hint = f"{labels[row]} answered as {labels[column]}: {words}" if len(labels) <= NAMED else ""
    drawn = series(index, box(x + 0.5, y + 0.5, side - 1, side - 1, hint, strength))
    if len(labels) > COUNTED or len(words) * LETTER > side:
        return drawn
    return drawn + text(x + side / 2, y + side / 2 + 4, words, "middle", "over" if strength > DARK else "ink")


def _names(labels: Sequence[str], left: float, top: float, side: float, rows: str) -> str:
    """Return the names of rows and of columns, these turned."""
    sides = text(0, top - 6, rows, class_="soft") + text(0, 10, "answered as", class_="soft")
    if len(labels) > NAMED:
        return sides
    middles = [side * (i + 0.5) for i in range(len(labels))]
    named = [text(left - 6, top + y + 4, clip(label, left), "end") for label, y in zip(labels, middles, strict=True)]
    columns = [
        tag("g", text(0, 0, clip(label, top + 8)), transform=f"translate({left + x + 1:.1f} {top - 5:.1f}) rotate(-50)")
        for label, x in zip(labels, middles, strict=True)
    ]
    return "".join([sides, *named, *columns])
