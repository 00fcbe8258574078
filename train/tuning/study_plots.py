"""Optuna's pictures of a study."""

import warnings
from collections.abc import Callable
from typing import Any

import matplotlib
import numpy as np
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from optuna.visualization import matplotlib as views

from ..report.plot_style import picture
from .study import PICTURES

PLOTS: dict[str, Callable[..., Any]] = dict(
    zip(PICTURES, (views.plot_optimization_history, views.plot_param_importances, views.plot_slice), strict=True)
)


@picture
def draw(plot: Callable[..., Any], study: optuna.Study) -> Figure:
    """Draw one of `PLOTS` of a study with two trials or more."""
    matplotlib.use("agg")  # opens no window
    matplotlib.rcParams["text.parse_math"] = True  # for the numbers of logarithmic axes
    from matplotlib import pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of functions that may change, of studies that say little yet
        drawn = plot(study, target_name="validation accuracy")
    axes: Axes = np.ravel(drawn)[0]  # of one, or of several beside each other
    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    pyplot.close(figure)  # pyplot forgets it
    return figure
