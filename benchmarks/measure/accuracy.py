"""The accuracy of models on the same images, and what each loses against the first."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...edge.data.datasets import LOADERS, split_folders
from ...edge.data.labelled_images import LabelledImages
from ...edge.errors import DataError
from ...edge.inference.on_dataset import batch_logits, load_for
from ...edge.model.contract import Logits, Model
from ...edge.stats.accuracy import Flip, Labels, measure_accuracy
from ...edge.stats.classification import confusion_json, confusion_matrix
from ...edge.stats.confidence import CalibrationBin, calibration_bins, calibration_error

MOST_FLIPS = 24


@dataclass(frozen=True)
class Scores:
    """A model's accuracy in the form of the benchmark's JSON: top-1 of `n` images, 0 to 1, against the first model's.

    `interval` is the 95 % interval of top-1 (Wilson). `drop_points` are points of top-1 lost, `broken` and `fixed`
    images that only the first, or only this one, gets right, and `p` McNemar's probability of that if both were equally
    good. `confusion` counts images, truth by answer, in the order of `labels`, as
    `confusion_json` writes them; `ece` is the expected calibration error.
    `flips` are images that it labels otherwise than the first: `path` (or the name in the dataset), and the labels
    `truth`, `first` and `this`. `images` is the digest of the images, and `right` says in one bit each whether they
    were labelled rightly, packed, in base64: two runs can be compared by both.
    """

    n: int
    top1: float
    interval: tuple[float, float]
    drop_points: float
    broken: int
    fixed: int
    p: float
    same_answers: float
    labels: tuple[str, ...]
    per_class: list[float]
    confusion: list[list[int]] | dict[str, list[int]]
    reliability: tuple[CalibrationBin, ...]
    ece: float
    flips: list[dict[str, str]]
    images: str
    right: str


def load_for_all(models: Sequence[Model], data: str, split: str) -> list[LabelledImages]:
    """Return for each model a split of `data` at its size, read once for models that take the same.

    Raises DataError when the data can't be used, or when models leave out different images for validation.
    """
    loaded: dict[str, LabelledImages] = {}
    images = []
    for model in models:
        wanted = repr((model.card.preprocessing, model.card.labels, sorted(model.card.validation.items())))
        if wanted not in loaded:
            loaded[wanted] = load_for(model.card, data, split)
        images.append(loaded[wanted])
    for model, own in zip(models, images, strict=True):
        if own.ids != images[0].ids:
            raise DataError(f"{model.path}: its {split} images of {data} are not those of {models[0].path}")
    return images


def compare_accuracy(
    models: Sequence[Model], images: Sequence[LabelledImages], folder: Path | None = None
) -> list[Scores]:
    """Return each model's accuracy; `images` holds the same photos for each, as `load_for_all` gives them.

    `folder` is where their files lie, None where they have none.
    """
    logits = [batch_logits(model, own) for model, own in zip(models, images, strict=True)]
    first = _answers(logits[0], images[0])
    temperatures = [model.card.temperature for model in models]
    return [_scores(*one, first, folder) for one in zip(logits, images, temperatures, strict=True)]


def image_folder(data: str, split: str) -> Path | None:
    """Return the folder that the ids of a split of `data` are paths in, None where `data` is no folder."""
    if data in LOADERS:
        return None
    folders = split_folders(data)
    return folders[split if split in folders else "train"]  # which a missing split is cut from


def _answers(logits: Logits, images: LabelledImages) -> Labels:
    """Return what a model labels each image, by name: models may order their labels differently."""
    answers: Labels = np.array(images.labels)[logits.argmax(axis=1)]
    return answers


def _scores(logits: Logits, images: LabelledImages, temperature: float, first: Labels, folder: Path | None) -> Scores:
    answers = logits.argmax(axis=1)
    measured = measure_accuracy(images.targets, answers, images.labels, first, images.ids)
    paired, right = measured.paired, answers == images.targets
    return Scores(
        n=measured.n,
        top1=measured.top1,
        interval=measured.interval,
        drop_points=100 * (paired.broken - paired.fixed) / measured.n,
        broken=paired.broken,
        fixed=paired.fixed,
        p=paired.p,
        same_answers=measured.same_answers,
        labels=images.labels,
        per_class=[measured.recalls.get(label, 0.0) for label in images.labels],
        confusion=confusion_json(confusion_matrix(images.targets, answers, len(images.labels))),
        reliability=calibration_bins(logits, images.targets, temperature),
        ece=calibration_error(logits, images.targets, temperature),
        flips=[_flip(flip, folder) for flip in measured.flips[:MOST_FLIPS]],
        images=images.digest(),
        right=base64.b64encode(np.packbits(right).tobytes()).decode(),
    )


def _flip(flip: Flip, folder: Path | None) -> dict[str, str]:
    path = str(folder / flip.id) if folder else flip.id
    return {"path": path, "truth": flip.truth, "first": flip.before, "this": flip.after}
