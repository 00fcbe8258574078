"""The accuracy of models on the same images, and what each loses against the first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..edge.errors import DataError
from ..edge.evaluate import batch_logits, load_for
from ..edge.labelled import LabelledImages
from ..edge.model import Model


@dataclass(frozen=True)
class Accuracy:
    """Top-1 of `n` images (0 to 1), points lost against the first model, share of images both label the same."""

    n: int
    top1: float
    drop_points: float
    same_answers: float


def load_for_all(models: Sequence[Model], data: str, split: str) -> list[LabelledImages]:
    """Return for each model a split of `data` at its size, read once for models that take the same.

    Raises DataError when the data can't be used, or when models leave out different images for validation.
    """
    loaded: dict[str, LabelledImages] = {}
    images = []
    for model in models:
        wanted = repr((model.card.size, model.card.labels, sorted(model.card.validation.items())))
        if wanted not in loaded:
            loaded[wanted] = load_for(model.card, data, split)
        images.append(loaded[wanted])
    for model, own in zip(models, images, strict=True):
        if own.ids != images[0].ids:
            raise DataError(f"{model.path}: its {split} images of {data} are not those of {models[0].path}")
    return images


def compare_accuracy(models: Sequence[Model], images: Sequence[LabelledImages]) -> list[Accuracy]:
    """Return each model's accuracy; `images` holds the same photos for each, as `load_for_all` gives them."""
    results: list[Accuracy] = []
    for model, own in zip(models, images, strict=True):
        labels = np.array(model.card.labels)  # compared by name: models may order them differently
        answers = labels[batch_logits(model, own).argmax(axis=1)]
        top1 = float((answers == labels[own.targets]).mean())
        if not results:
            first_answers, first_top1 = answers, top1
        same = float((answers == first_answers).mean())
        results.append(Accuracy(len(own), top1, 100 * (first_top1 - top1), same))
    return results
