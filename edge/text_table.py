"""Tables of text, for terminals and log files."""

from collections.abc import Container, Sequence


def text_table(header: Sequence[str], rows: Sequence[Sequence[str]], left: Container[int] = (0,)) -> list[str]:
    """Return lines of aligned columns: those whose places are in `left` to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for row in (header, *rows):
        cells = zip(row, widths, strict=True)
        aligned = [f"{cell:{'<' if place in left else '>'}{width}}" for place, (cell, width) in enumerate(cells)]
        lines.append("  ".join(aligned).rstrip())
    return lines
