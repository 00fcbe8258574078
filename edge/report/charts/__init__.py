"""Charts as SVG, each a function of plain numbers."""

__all__ = [
    "curves",
    "distributions",
    "dots",
    "heatmap",
    "lines",
    "reliability",
    "scale",
    "scatter",
    "stacked",
    "thumbnails",
]
