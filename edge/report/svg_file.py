"""A chart as an SVG file of its own, in light or dark, for a page that is not ours."""

from collections.abc import Mapping

from .markup import tag
from .page_style import CHART, variables

WIDTH = 480  # pixels


def picture(chart: str, palette: Mapping[str, str]) -> str:
    """Return a chart, as `svg.chart` makes it, with its own colours in it."""
    own = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" style="{variables(palette)}"'
    head, body = chart.split(">", 1)
    return f"{head.replace('<svg', own, 1)}>{tag('style', CHART)}{body}\n"
