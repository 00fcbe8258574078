"""How a model learned: accuracy and loss by epoch, from the history of its run."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..document import charts, figure
from .lines import Line, lines
from .scale import number, percent


def curves(history: Sequence[Mapping[str, Any]]) -> str:
    """Return two charts, each of training and of validation images; nothing of less than two epochs."""
    if len(history) < 2:
        return ""
    best = max(history, key=lambda row: row["val_accuracy"])
    note = f"Best epoch: {best['epoch']}, {best['val_accuracy']:.2%} of the validation images right"
    return charts(
        figure("Accuracy", note, _curve("Accuracy by epoch", history, "accuracy", "answered rightly")),
        figure(
            "Loss",
            "Training images are augmented, so they are the harder ones",
            _curve("Loss by epoch", history, "loss", "nats"),
        ),
    )


def _curve(title: str, history: Sequence[Mapping[str, Any]], quantity: str, unit: str) -> str:
    shown = [
        Line(name, index, [(row["epoch"], row[f"{split}_{quantity}"]) for row in history])
        for index, (split, name) in enumerate((("train", "training"), ("val", "validation")))
    ]
    return lines(title, shown, "epoch", unit, percent if quantity == "accuracy" else number, from_zero=False)
