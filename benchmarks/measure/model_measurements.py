"""Measure model files against each other: size, latency, throughput, start-up, memory, accuracy."""

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...edge.data.pixel_rows import Images
from ...edge.data.synthetic_shapes import synthetic_split, write_photos
from ...edge.files.atomic_write import file_sha256
from ...edge.inference.classifier import Classifier
from ...edge.machine.cores import usable_cores
from ...edge.model.contract import Model
from ...edge.photos.contract import Pixels, read_photo
from ...edge.stats.paired_timing import Seconds, Task, calls_within, ratios_by_round, time_in_turns
from .accuracy import Scores, compare_accuracy, image_folder, load_for_all
from .bootstrap import Interval, median_interval
from .call_times import Timing, timing
from .conditions import Watch
from .original_model import Original, original, original_task
from .rates import Rate, measure_rates, net_task
from .startup import Start, measure_starts
from .sustained import Minute, run_minutes
from .validity import Validity, judge

CALLS = 100  # a model and round, at most
TURN = 0.08  # seconds that a model's calls of one round may take together, if that is not too few calls
PHASE = 20.0  # seconds for all rounds of one kind
STARTS = 5  # fresh processes a model
IMAGES = 256  # different images that the nets are timed on
PHOTO_SEED = 2  # seeds 0 and 1 render the synthetic dataset

KINDS = {"net_ms": "the net alone", "decode_ms": "JPEG to pixels", "photo_ms": "JPEG to label"}


@dataclass(frozen=True)
class Plan:
    """What to measure: accuracy on a split of `data` if there is one, `rounds` turns, then so many minutes."""

    data: str | None
    split: str
    rounds: int
    threads: int
    minutes: int


@dataclass(frozen=True)
class Measured:
    """What was measured of one model; ratios are those to the first model's, round by round.

    `net_ms` is the net alone on one image in memory, `decode_ms` from a JPEG file to pixels, `photo_ms` all from the
    file to its label. `macs` is None where the card does not say, `accuracy` when no labelled data was given.
    """

    model: str
    digest: str
    net: str
    bytes: int
    parameters: int
    macs: int | None
    net_ms: Timing
    photo_ms: Timing
    decode_ms: Timing
    net_ratio: Interval
    photo_ratio: Interval
    start: Start
    throughput: list[Rate]
    accuracy: Scores | None


@dataclass(frozen=True)
class Measurements:
    """All of a run; `original` is somebody's own file beside the models, if there was one."""

    validity: Validity
    models: list[Measured]
    minutes: list[Minute]
    original: Original | None = None


def measure(
    paths: Sequence[Path], plan: Plan, say: Callable[[str], object], against: Path | None = None
) -> Measurements:
    """Measure the models, on images of `plan.data` or on rendered ones; `say` is told what happens next.

    The net in `against`, any ONNX file that takes an image of the first model's size, is timed beside theirs. Raises
    ModelError or DataError when a model or the data can't be used.
    """
    classifiers = [Classifier(path, threads=plan.threads) for path in paths]
    models = [classifier.model for classifier in classifiers]
    theirs = [original_task(against, plan.threads, models[0].card.size)] if against else []
    pixels, accuracies = _images(models, plan, say)
    inputs = [_spread(own) for own in pixels]
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        photos = write_photos(Path(folder), per_label=1, seed=PHOTO_SEED)
        say("measuring start-up in fresh processes ...")
        with watch.phase("start-up", waits=True):
            starts = measure_starts(paths, photos[0], plan.threads, STARTS, PHASE)
        tasks = {
            "net_ms": [net_task(model, own, batch=1) for model, own in zip(models, inputs, strict=True)],
            "decode_ms": [_decode_task(model, photos) for model in models],
            "photo_ms": [_photo_task(classifier, photos) for classifier in classifiers],
        }
        timed = {}
        for kind, words in KINDS.items():
            say(f"measuring {words} ...")
            beside = theirs if kind == "net_ms" else []
            with watch.phase(words):
                timed[kind] = _time([*tasks[kind], *beside], plan.rounds, watch)
    say("measuring throughput ...")
    with watch.phase("throughput"):
        rates = measure_rates(paths, inputs, watch.after_round)
    results = [
        Measured(
            model=str(model.path),
            digest=file_sha256(model.path),
            net=model.card.net,
            bytes=model.path.stat().st_size,
            parameters=model.card.parameters,
            macs=model.card.macs,
            net_ms=timing(timed["net_ms"][i]),
            photo_ms=timing(timed["photo_ms"][i]),
            decode_ms=timing(timed["decode_ms"][i]),
            net_ratio=_ratio(timed["net_ms"], i),
            photo_ratio=_ratio(timed["photo_ms"], i),
            start=starts[i],
            throughput=rates[i],
            accuracy=accuracies[i],
        )
        for i, model in enumerate(models)
    ]
    validity = judge(watch, os.cpu_count() or 1, _intervals(results))
    compared = original(against, timed["net_ms"][-1], timed["net_ms"][0]) if against else None
    return Measurements(validity, results, run_minutes(tasks["net_ms"], plan.minutes, say), compared)


def _images(
    models: Sequence[Model], plan: Plan, say: Callable[[str], object]
) -> tuple[list[Images], Sequence[Scores | None]]:
    """Return for each model the images to time it on, and its accuracy on them if they are labelled."""
    if plan.data is None:
        return [synthetic_split("test", model.card.preprocessing).images for model in models], [None] * len(models)
    say(f"measuring accuracy on {plan.data} ...")
    images = load_for_all(models, plan.data, plan.split)
    on_all_cores = [Model(model.path, usable_cores()) for model in models]
    accuracies = compare_accuracy(on_all_cores, images, image_folder(plan.data, plan.split))
    return [own.images for own in images], accuracies


def _spread(pixels: Images) -> Pixels:
    """Return `IMAGES` images spread evenly over `pixels` (N, S, S, 4), some of them again when there are fewer."""
    spread: Pixels = pixels[np.linspace(0, len(pixels) - 1, IMAGES).astype(np.int64)]
    return spread


def _time(tasks: Sequence[Task], rounds: int, watch: Watch) -> list[Seconds]:
    calls = calls_within(tasks, TURN, CALLS)
    return time_in_turns(tasks, rounds, calls, seconds=PHASE, after_round=watch.after_round)


def _decode_task(model: Model, photos: Sequence[Path]) -> Task:
    return lambda call: read_photo(photos[call % len(photos)], model.card.preprocessing)


def _photo_task(classifier: Classifier, photos: Sequence[Path]) -> Task:
    return lambda call: classifier.predict(photos[call % len(photos)])


def _ratio(timed: Sequence[Seconds], index: int) -> Interval:
    return median_interval(ratios_by_round(timed[index], timed[0]))


def _intervals(results: Sequence[Measured]) -> dict[str, Interval]:
    """Return the figures that the rounds must agree on, by what they are."""
    first, *others = results
    own = {"the net alone, ms": first.net_ms.interval, "JPEG to label, ms": first.photo_ms.interval}
    ratios = {
        f"{words} of {Path(other.model).name} by {Path(first.model).name}": ratio
        for other in others
        for words, ratio in (("the net's ratio", other.net_ratio), ("the ratio from JPEG to label", other.photo_ratio))
    }
    return own | ratios
