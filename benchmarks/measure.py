"""Measure model files against each other: size, latency, throughput, start-up, memory, accuracy."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..edge.classifier import Classifier
from ..edge.latency import Latency, Ratio, Task, latency, ratio, time_in_turns
from ..edge.model import Model
from ..edge.photo import Pixels
from ..edge.synthetic import synthetic_split, write_photos
from .accuracy import Accuracy, compare_accuracy, load_for_all
from .startup import Start, measure_starts

NET_CALLS, PHOTO_CALLS, BATCH_CALLS = 100, 20, 4  # calls a model and round
BATCH = 64  # images, for throughput
IMAGES = 4 * BATCH  # different images that the nets are timed on
STARTS = 5  # fresh processes a model
PHOTO_SEED = 2  # seeds 0 and 1 render the synthetic dataset


@dataclass(frozen=True)
class Measured:
    """What was measured of one model; latencies are in milliseconds, ratios those to the first model's.

    `net` is the net alone on one image in memory, `photo` all from a JPEG file to its label. `accuracy` is None
    when no labelled data was given.
    """

    model: str
    bytes: int
    parameters: int
    net_ms: Latency
    net_ratio: Ratio
    photo_ms: Latency
    photo_ratio: Ratio
    images_per_second: float  # in batches of BATCH
    start: Start
    accuracy: Accuracy | None


def measure(
    paths: Sequence[Path], data: str | None, split: str, rounds: int, threads: int, say: Callable[[str], None]
) -> list[Measured]:
    """Measure the models, on images of `data` or on rendered ones; `say` is told what happens next.

    Raises ModelError or DataError when a model or the data can't be used.
    """
    classifiers = [Classifier(path, threads) for path in paths]
    models = [classifier.model for classifier in classifiers]
    accuracies: Sequence[Accuracy | None] = [None] * len(models)
    if data is None:
        pixels = [synthetic_split("test", model.card.size).images for model in models]
    else:
        say(f"accuracy on {data}")
        images = load_for_all(models, data, split)
        pixels = [own.images for own in images]
        accuracies = compare_accuracy(models, images)
    with tempfile.TemporaryDirectory() as folder:
        photos = write_photos(Path(folder), per_label=1, seed=PHOTO_SEED)
        say("start-up in fresh processes")
        starts = measure_starts(paths, photos[0], threads, STARTS)
        say(f"latency, rounds: {rounds}")
        inputs = [_spread(own) for own in pixels]
        net = time_in_turns(_net_tasks(models, inputs, batch=1), rounds, NET_CALLS)
        batch = time_in_turns(_net_tasks(models, inputs, BATCH), rounds, BATCH_CALLS)
        photo = time_in_turns([_photo_task(classifier, photos) for classifier in classifiers], rounds, PHOTO_CALLS)
    return [
        Measured(
            model=str(model.path),
            bytes=model.path.stat().st_size,
            parameters=model.card.parameters,
            net_ms=latency(net[i]),
            net_ratio=ratio(net[i], net[0]),
            photo_ms=latency(photo[i]),
            photo_ratio=ratio(photo[i], photo[0]),
            images_per_second=float(BATCH / np.median(batch[i])),
            start=starts[i],
            accuracy=accuracies[i],
        )
        for i, model in enumerate(models)
    ]


def _spread(pixels: Pixels) -> Pixels:
    """Return `IMAGES` images spread evenly over `pixels` (N, S, S, 4), some of them again when there are fewer."""
    spread: Pixels = pixels[np.linspace(0, len(pixels) - 1, IMAGES).astype(np.int64)]
    return spread


def _net_tasks(models: Sequence[Model], inputs: Sequence[Pixels], batch: int) -> list[Task]:
    return [_net_task(model, np.split(own, IMAGES // batch)) for model, own in zip(models, inputs, strict=True)]


def _net_task(model: Model, batches: Sequence[Pixels]) -> Task:
    return lambda call: model.logits(batches[call % len(batches)])


def _photo_task(classifier: Classifier, photos: Sequence[Path]) -> Task:
    return lambda call: classifier.predict(photos[call % len(photos)])
