"""`edge-cifar evaluate`: the accuracy of a model file on labelled photos, with the runtime alone."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import typer

from .dataset import DATA_HELP, load_split
from .errors import DataError
from .labelled import LabelledImages
from .metrics import accuracy, confusion_matrix, per_class
from .model import Logits, Model
from .model_card import ModelCard
from .shipped import MODEL_HELP, model_file
from .statistics import coverage

BATCH = 256  # images


def evaluate(
    model: Annotated[Path, typer.Argument(help=MODEL_HELP, parser=model_file, metavar="MODEL")],
    data: Annotated[str, typer.Option(help=DATA_HELP)],
    split: Annotated[Literal["test", "val", "train"], typer.Option()] = "test",
    threads: Annotated[int | None, typer.Option(help="[default: the cores allowed]", min=1, max=256)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure accuracy; see `edge-cifar evaluate --help`."""
    opened = Model(model, threads)
    images = load_for(opened.card, data, split)
    for message in images.unreadable:
        typer.echo(f"left out: {message}", err=True)
    logits = batch_logits(opened, images)
    predicted = logits.argmax(axis=1)
    threshold = opened.card.abstain_threshold
    told = coverage(logits, images.targets, opened.card.temperature, threshold)
    matrix = confusion_matrix(images.targets, predicted, len(opened.card.labels))
    classes = per_class(matrix, opened.card.labels)
    if as_json:
        result = {
            "model": str(model),
            "data": data,
            "split": split,
            "n": len(images),
            "accuracy": accuracy(matrix),
            "threshold": threshold,
            "unknown": told.unknown,
            "accuracy_of_known": told.accuracy,
            "per_class": {label: asdict(metrics) for label, metrics in classes.items()},
            "confusion": matrix.tolist(),
        }
        typer.echo(json.dumps(result))
        return
    width = max(map(len, ("class", *opened.card.labels)))
    typer.echo(f"{'class':{width}}  precision  recall      F1  support")
    for label, row in classes.items():
        typer.echo(f"{label:{width}}  {row.precision:9.1%}  {row.recall:6.1%}  {row.f1:6.1%}  {row.support:7}")
    typer.echo(f"accuracy {accuracy(matrix):.2%} on {len(images)} {split} images")
    if threshold:
        rest = "" if told.accuracy is None else f"; of the others {told.accuracy:.2%} are right"
        typer.echo(f"below the model's threshold of {threshold:.2f}, `unknown`: {told.unknown} of them{rest}")


def load_for(card: ModelCard, data: str, split: str) -> LabelledImages:
    """Return a split of `data` at the model's size, validation cut as in its training, targets in its label order.

    Raises DataError when the data has classes that the model does not know.
    """
    validation = card.validation
    images = load_split(data, split, card.size, val_fraction=validation["fraction"], val_seed=int(validation["seed"]))
    unknown = [label for label in images.labels if label not in card.labels]
    if unknown:
        raise DataError(f"{data}: the model does not know the class {unknown[0]!r} (it knows {', '.join(card.labels)})")
    return images.relabelled(card.labels)


def batch_logits(model: Model, images: LabelledImages) -> Logits:
    """Return float32 logits (N, classes) of all images, computed in batches."""
    starts = range(0, len(images), BATCH)
    return np.concatenate([model.logits(images.images[start : start + BATCH]) for start in starts])
