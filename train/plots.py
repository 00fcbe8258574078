"""The pictures of a run, in one style."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ..edge.metrics import Indices

TRAIN_COLOUR, VAL_COLOUR = "#8899aa", "#d1495b"


def curves(history: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a PNG of loss and accuracy by epoch, train against validation, from the rows of `metrics.jsonl`."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    epochs = [row["epoch"] for row in history]
    marker = "o" if len(epochs) == 1 else None
    for axes, quantity, unit in zip(figure.subplots(1, 2), ("loss", "accuracy"), ("nats", "top-1"), strict=True):
        for split, colour in (("train", TRAIN_COLOUR), ("val", VAL_COLOUR)):
            values = [row[f"{split}_{quantity}"] for row in history]
            axes.plot(epochs, values, color=colour, label=split, marker=marker)
        axes.set(xlabel="epoch", ylabel=f"{quantity} ({unit})")
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    return _png(figure)


def confusion(matrix: Indices, labels: Sequence[str], title: str) -> bytes:
    """Return a PNG of a confusion matrix, each row as shares of its true class, counts written in."""
    count = len(labels)
    figure = Figure(figsize=(2 + 0.5 * count, 1.6 + 0.5 * count), layout="constrained")
    axes = figure.subplots()
    shares = matrix / matrix.sum(axis=1, keepdims=True).clip(1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(count), labels, rotation=45, ha="right")
    axes.set_yticks(range(count), labels)
    axes.set(xlabel="predicted", ylabel="true", title=title)
    if count <= 30:  # more would be a grey mist
        for row in range(count):
            for column in range(count):
                if matrix[row, column]:
                    colour = "white" if shares[row, column] > 0.5 else "black"
                    axes.text(
                        column,
                        row,
                        str(matrix[row, column]),
                        ha="center",
                        va="center",
                        fontsize=7,
                        color=colour,
                    )
    return _png(figure)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    with matplotlib.rc_context({"savefig.dpi": 120}):
        figure.savefig(buffer, format="png", metadata={"Software": None})  # the same bytes every time
    return buffer.getvalue()
