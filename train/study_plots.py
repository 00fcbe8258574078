"""Optuna's pictures of a study."""

import warnings
from collections.abc import Callable

import matplotlib
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from optuna.exceptions import ExperimentalWarning
from optuna.visualization import matplotlib as views

from .style import picture

PLOTS: dict[str, Callable[..., Axes]] = {
    "history.png": views.plot_optimization_history,
    "importances.png": views.plot_param_importances,
    "parallel.png": views.plot_parallel_coordinate,
}


@picture
def draw(plot: Callable[..., Axes], study: optuna.Study) -> Figure:
    """Draw one of `PLOTS` of a study's accuracies."""
    matplotlib.use("agg")  # opens no window
    from matplotlib import pyplot

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of names and looks, which may change
        figure = plot(study, target_name="validation accuracy").get_figure()
    assert isinstance(figure, Figure)
    pyplot.close(figure)  # which stays a figure, but of nobody's list
    return figure
