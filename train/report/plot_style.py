"""The one look of all pictures: colours for the colour-blind and for gray print, one font, the same bytes again."""

import io
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import matplotlib
from matplotlib.figure import Figure

from .fonts import FAMILY, drawable

INK, SOFT, LINE = "#1a1a1a", "#6e6e6e", "#dddddd"
# Five of the colours of Okabe and Ito (2008, jfly.uni-koeln.de/color), which the colour-blind tell apart.
BLUE, ORANGE, GREEN, PURPLE, SKY = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9"
HEAT = "Blues"  # from white to dark, evenly in gray too

STYLE: dict[Any, Any] = {  # of matplotlib's settings
    "axes.edgecolor": SOFT,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": SOFT,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "font.family": [FAMILY],
    "font.size": 9,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.6,
    "savefig.bbox": "tight",
    "savefig.dpi": 150,
    "text.color": INK,
    "text.parse_math": False,  # a class may be called "$"
    "xtick.color": SOFT,
    "xtick.labelsize": 8.5,
    "ytick.color": SOFT,
    "ytick.labelsize": 8.5,
}

Arguments = ParamSpec("Arguments")


def picture(draw: Callable[Arguments, Figure]) -> Callable[Arguments, bytes]:
    """Make a function that draws a figure one that returns it as PNG, in this style whatever the user's own is."""

    @wraps(draw)
    def drawn(*args: Arguments.args, **kwargs: Arguments.kwargs) -> bytes:
        buffer = io.BytesIO()
        with matplotlib.rc_context():
            matplotlib.rcdefaults()
            matplotlib.rcParams.update(STYLE)
            draw(*args, **kwargs).savefig(buffer, format="png", metadata={"Software": None})  # no version in it
        return buffer.getvalue()

    return drawn


def short(name: str, longest: int) -> str:
    """Return a name of at most `longest` characters, its end cut off if need be, in letters that can be drawn."""
    name = drawable(name)
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
