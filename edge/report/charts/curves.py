"""How a model learned: accuracy and loss by epoch, from the history of its run."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from ..document import charts, figure, paragraph
from .lines import Line, lines
from .scale import number, percent

STAGES = {"head": "head alone", "net": "net"}


def curves(history: Sequence[Mapping[str, Any]]) -> str:
    """Return two charts, each of training and of validation images, of one epoch a sentence, of none nothing.

    Where rows have a `stage`, as those of a run with two of them do, the charts say which epochs belong to it.
    """
    if not history:
        return ""
    best = max(history, key=lambda row: row["val_accuracy"])
    if len(history) == 1:
        return paragraph(f"One epoch: {best['val_accuracy']:.2%} of the validation images right.")
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
    form = percent if quantity == "accuracy" else number
    return lines(title, shown, "epoch", unit, form, from_zero=False, parts=_stages(history))


def _stages(history: Sequence[Mapping[str, Any]]) -> list[tuple[str, float]]:
    """Return the stages, each with the place between two epochs where it ends; none where rows tell of none."""
    parts = [(name, list(rows)[-1]["epoch"] + 0.5) for name, rows in groupby(history, lambda row: row.get("stage"))]
    return [(STAGES.get(name, str(name)), end) for name, end in parts if name is not None]
