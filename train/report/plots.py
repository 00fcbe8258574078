"""The plots of a run: how it learned, what it confuses, how far its confidence can be believed."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ...edge.stats.classification import Indices
from ...edge.stats.confidence import BINS, CalibrationBin
from .fonts import drawable
from .plot_style import BLUE, GREEN, HEAT, INK, ORANGE, PURPLE, SKY, SOFT, picture, short

Row = Mapping[str, Any]  # of `metrics.jsonl`

COUNTED = 20  # classes up to which a confusion matrix has its counts written in
LONGEST = 20  # characters of a class name at the side of a matrix
NAMED = 120  # classes up to which it has their names at its sides
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY)
DASHES = ("-", "--", "-.", ":")  # one fewer than colours: twenty runs look different, in gray the first four
PERCENT = FuncFormatter(lambda share, _: f"{100 * share:.4g}%")


@picture
def curves(history: Sequence[Row], kept_epoch: int) -> Figure:
    """Draw accuracy, loss and learning rate by epoch, the epoch whose weights are kept marked.

    A dotted line stands between the stage of the head and that of the net, where a run has both.
    """
    figure = Figure(figsize=(10, 3.3))
    accuracy, loss, rate = figure.subplots(1, 3, width_ratios=(3, 3, 2))
    epochs = [row["epoch"] for row in history]
    kept = [row for row in history if row["epoch"] == kept_epoch]  # none where a kill came before the epoch was logged
    dot = "o" if len(epochs) == 1 else ""  # of one point no line can be seen
    for axes, quantity in ((accuracy, "accuracy"), (loss, "loss")):
        for split, colour, width in (("train", SOFT, 1.0), ("val", BLUE, 1.8)):
            values = [row[f"{split}_{quantity}"] for row in history]
            axes.plot(epochs, values, color=colour, linewidth=width, marker=dot, markersize=4)
        for row in kept:
            axes.plot(kept_epoch, row[f"val_{quantity}"], "o", color=ORANGE)
    rate.plot(epochs, [row["lr"] for row in history], color=INK, marker=dot, markersize=4)
    rate.set_ylim(bottom=0)
    for axes, title in ((accuracy, "Accuracy"), (loss, "Loss (nats)"), (rate, "Learning rate")):
        _epoch_axis(axes, title, epochs[-1])
    accuracy.yaxis.set_major_formatter(PERCENT)
    names = ["training (augmented images)", "validation"]
    names += [f"epoch kept: {kept_epoch}, {row['val_accuracy']:.2%} on validation" for row in kept]
    figure.legend(accuracy.lines, names, loc="outside upper left", ncols=3)
    head = [row["epoch"] for row in history if row.get("stage") == "head"]
    for axes in (accuracy, loss, rate) if 0 < len(head) < len(history) else ():
        axes.axvline(head[-1] + 0.5, color=SOFT, linestyle=":", linewidth=1)
    return figure


@picture
def comparison(runs: Sequence[tuple[str, Sequence[Row]]]) -> Figure:
    """Draw the validation accuracy of several runs by epoch; each is a name and its history."""
    figure = Figure(figsize=(9, 4.8))
    axes = figure.subplots()
    lines, names, later = [], [], []
    for i, (name, history) in enumerate(runs):
        colour, dashes = COLOURS[i % len(COLOURS)], DASHES[i % len(DASHES)]
        best = max(history, key=lambda row: row["val_accuracy"])
        values = [row["val_accuracy"] for row in history]
        lines += axes.plot([row["epoch"] for row in history], values, color=colour, linestyle=dashes)
        axes.plot(best["epoch"], best["val_accuracy"], "o", color=colour)
        names.append(f"{drawable(name)}: {best['val_accuracy']:.2%} in epoch {best['epoch']}")
        later += values[len(values) // 8 :]
    _epoch_axis(axes, "Validation accuracy, the best epochs as dots", max(rows[-1]["epoch"] for _, rows in runs))
    axes.yaxis.set_major_formatter(PERCENT)
    margin = 0.05 * (max(later) - min(later)) or 0.01
    axes.set_ylim(min(later) - margin, max(later) + margin)  # the steep start would press the rest together
    figure.legend(lines, names, loc="outside lower left", ncols=2, handlelength=3)
    return figure


def _epoch_axis(axes: Axes, title: str, last: int) -> None:
    axes.set(title=title, xlabel="epoch", xlim=(0, last * 1.02))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))


@picture
def confusion(matrix: Indices, labels: Sequence[str]) -> Figure:
    """Draw a confusion matrix; a cell's colour is its share of its row, the images of one true class."""
    count = len(labels)
    side = min(max(0.55 * count, 2), max(6, 0.11 * count), 13)  # inches
    figure = Figure(figsize=(side + 2.5, side + 1.5))
    axes = figure.subplots()
    shares = matrix / matrix.sum(axis=1, keepdims=True).clip(1)
    # The root makes the mistakes visible: linear colours show little but the diagonal.
    heat = axes.imshow(shares, cmap=HEAT, norm=PowerNorm(0.5, 0, 1))
    bar = figure.colorbar(heat, ax=axes, shrink=0.6, aspect=30, pad=0.02, format=PERCENT)
    bar.set_ticks([0, 0.05, 0.2, 0.5, 1])
    bar.outline.set_visible(False)
    axes.set(title="Confusion matrix", xlabel="answered", ylabel="shown")
    _name_sides(axes, labels, fontsize=min(9, 72 * side / count * 0.75))
    if count <= COUNTED:
        for row, column in np.argwhere(matrix):
            colour = "white" if shares[row, column] > 0.3 else INK
            text = str(matrix[row, column])
            axes.text(column, row, text, ha="center", va="center", fontsize=8, color=colour)
    return figure


def _name_sides(axes: Axes, labels: Sequence[str], fontsize: float) -> None:
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    axes.tick_params(length=0)
    if len(labels) > NAMED:
        axes.set(xticks=[], yticks=[])
        return
    names, places = [short(label, LONGEST) for label in labels], range(len(labels))
    steep = 90 if len(labels) > COUNTED else 45
    axes.set_xticks(places, names, rotation=steep, ha="right" if steep == 45 else "center", fontsize=fontsize)
    axes.set_yticks(places, names, fontsize=fontsize)


@picture
def reliability(bins: Sequence[CalibrationBin], error: float) -> Figure:
    """Draw how often the net was right against how sure it was, and how sure it is how often."""
    figure = Figure(figsize=(5, 5.4))
    above, below = figure.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    confidence = [each.confidence for each in bins]
    above.plot([0, 1], [0, 1], color=SOFT, linestyle="--", linewidth=1)
    above.text(0.03, 0.97, "too modest", va="top", color=SOFT)
    above.text(0.97, 0.03, "too sure", ha="right", color=SOFT)
    above.vlines(confidence, confidence, [each.accuracy for each in bins], color=ORANGE, linewidth=2.5, alpha=0.6)
    above.plot(confidence, [each.accuracy for each in bins], "o-", color=BLUE, markersize=5)
    above.set(title=f"How often it is right (calibration error {100 * error:.1f} points)", ylim=(0, 1.02))
    total = sum(each.n for each in bins)
    left_edges = [min(int(each.confidence * BINS), BINS - 1) / BINS for each in bins]
    below.bar(left_edges, [each.n / total for each in bins], 0.9 / BINS, align="edge", color=BLUE)
    below.set(title="Share of the test images", xlabel="confidence of the answer", xlim=(0, 1))
    for axis in (above.yaxis, below.yaxis, below.xaxis):
        axis.set_major_formatter(PERCENT)
    above.grid(visible=True, axis="both")
    return figure
