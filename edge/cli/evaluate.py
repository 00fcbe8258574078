"""`edge-cifar evaluate`: the accuracy of a model file on labelled photos, with the runtime alone."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Literal

import typer

from ..data.datasets import ALL, DATA_HELP, decided_by_others, uncertain_test_photos
from ..data.labelled_images import LabelledImages
from ..data.seen_photos import learned_from, read_photo_list
from ..inference.on_dataset import batch_logits, load_for
from ..machine.cores import usable_cores
from ..model.card import ModelCard
from ..model.contract import Model
from ..stats.classification import (
    ClassMetrics,
    Indices,
    accuracy,
    confused_pairs,
    confusion_json,
    confusion_matrix,
    per_class,
)
from ..stats.confidence import coverage
from ..text_table import text_table
from .options import SPLIT_HELP, THREADS_HELP, AsJson, ModelFile

MOST_CLASSES = 100  # in a table: of more the worst are told
WORST = 20


def evaluate(
    model: ModelFile,
    data: Annotated[str, typer.Option(help=DATA_HELP, metavar="DATA")],
    split: Annotated[Literal["test", "val", "train", "all"], typer.Option(help=SPLIT_HELP)] = "test",
    threads: Annotated[
        int | None,
        typer.Option(help=f"{THREADS_HELP}  [default: the cores allowed]", min=1, max=256, metavar="N"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure accuracy; see `edge-cifar evaluate --help`."""
    opened = Model(model, threads or usable_cores())  # large batches, where more cores pay
    listed = read_photo_list(opened.path.parent)
    images = load_for(opened.card, data, split, contents=bool(listed))
    for message in (*images.unreadable, *images.left_out):
        typer.echo(f"left out: {message}", err=True)
    for remark in images.remarks:
        typer.echo(remark, err=True)
    learned = learned_from(listed)
    seen = sum(content in learned for content in images.contents) if listed else None
    for remark in _remarks(opened.card, images, split, seen):
        typer.echo(remark, err=True)
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
            "confusion": confusion_json(matrix),
        }
        result |= {} if seen is None else {"seen_in_training": seen}
        typer.echo(json.dumps(result))
        return
    typer.echo("\n".join(_tables(classes, matrix)))
    typer.echo(f"accuracy {accuracy(matrix):.2%} on {len(images)} {'' if split == ALL else f'{split} '}images")
    if threshold:
        rest = "" if told.accuracy is None else f"; of the others {told.accuracy:.2%} are right"
        typer.echo(f"below the model's threshold of {threshold:.2f}, `unknown`: {told.unknown} of them{rest}")


def _tables(classes: Mapping[str, ClassMetrics], matrix: Indices) -> list[str]:
    """Return a line a class; of more than `MOST_CLASSES` with images the worst, and what is confused most often."""
    present = {label: row for label, row in classes.items() if row.support or len(classes) <= MOST_CLASSES}
    shown = list(present.items())
    if len(present) > MOST_CLASSES:
        shown = sorted(shown, key=lambda each: each[1].recall)[:WORST]
    rows = [
        (label, f"{row.precision:.1%}", f"{row.recall:.1%}", f"{row.f1:.1%}", f"{row.support}") for label, row in shown
    ]
    lines = text_table(("class", "precision", "recall", "F1", "support"), rows)
    if len(present) <= MOST_CLASSES:
        return lines
    names = list(classes)
    pairs = [(names[truth], names[answer], str(images)) for truth, answer, images in confused_pairs(matrix, WORST)]
    confused = text_table(("is", "answered as", "images"), pairs, left=(0, 1)) if pairs else ["nothing is confused"]
    return [f"the worst {WORST} of {len(present):,} classes (all: --json)", *lines, "", *confused, ""]


def _remarks(card: ModelCard, images: LabelledImages, split: str, seen: int | None) -> list[str]:
    """Return what makes the accuracy another one than that on unseen images; `seen` is None where no list tells."""
    if seen is not None:
        alone = split == "train" or not seen
        return [] if alone else [f"the model has learned from {seen} of these {len(images)} images: they flatter it"]
    if not images.contents or split not in ("val", "test") or not set(images.labels) <= set(card.labels):
        return []
    if "rule" not in card.validation:
        return [
            "the model's file is of a version that cut folders by the number of photos: if any came or went since, "
            f"it has learned from some of these {split} images; train again"
        ]
    uncertain = len(uncertain_test_photos(images)) if split == "test" else 0
    alike = decided_by_others(images, card.validation["rule"])
    found = {
        "are test images only because their classes are so small": uncertain,
        "look alike, and stand where one of them decides": alike,
    }
    return [
        f"{count} of these images {words}: when photos came or went, the model may have learned from them"
        for words, count in found.items()
        if count
    ]
