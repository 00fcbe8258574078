"""How fast training is here: step by step, and to an accuracy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import numpy as np

from ...edge.data.cifar import CIFAR10_LABELS
from ...edge.data.labelled_images import LabelledImages
from ...train.data.load_splits import load_dataset
from ...train.loop.training import Training
from ...train.recipe.recipe import Recipe, make_recipe
from ..runtime.step_rate import measure
from .findings import Finding, Job

BATCHES = (128, 512, 2048)  # images
ROUNDS = 5
TARGETS = (0.90, 0.925, 0.93)  # test accuracies
VALIDATION = 0.001  # share of the training images; none is needed here


def step_rate(job: Job) -> Iterator[Finding]:
    """Compare the loop with bare steps at some sizes of batch, then at the middle one with a compiled net."""
    figures: dict[str, object] = {}
    if job.miniature:
        figures["batch 4"] = _rates(job, Recipe(net="nano", batch_size=4))
        yield Finding(True, figures)
        return
    for batch in BATCHES:
        figures[f"batch {batch}"] = _rates(job, Recipe(batch_size=batch))
        yield Finding(True, figures)
    if job.left < 0:
        yield Finding(True, figures, cut="the compiled net")
    else:
        figures[f"batch {BATCHES[1]}, compiled"] = _rates(job, Recipe(batch_size=BATCHES[1], compile=True))
        yield Finding(True, figures)


def _rates(job: Job, recipe: Recipe) -> dict[str, float]:
    rates = measure(recipe, job.device, 1 if job.miniature else ROUNDS)
    return {"bare images/s": rates.bare, "loop images/s": rates.loop, "share": rates.share.median}


@dataclass
class Seed:
    """A training on its way: seconds of training, without validation, to each of `TARGETS` that it has reached."""

    seed: int
    epochs: int = 0
    seconds: float = 0.0
    best: float = 0.0
    reached: dict[str, float] = field(default_factory=dict)
    whole: bool = False

    def note(self, seconds: float, test_accuracy: float) -> None:
        """Count an epoch."""
        self.epochs, self.seconds, self.best = self.epochs + 1, self.seconds + seconds, max(self.best, test_accuracy)
        for target in TARGETS:
            if test_accuracy >= target:
                self.reached.setdefault(f"{target:.1%}", self.seconds)


def reaches(job: Job) -> Iterator[Finding]:
    """Train the standard recipe, seed after seed, for as long as there is time, and note when it is how accurate.

    The test images are looked at after each epoch, as those who compare times to an accuracy do: nothing is chosen by
    them. Judged are whole trainings on CIFAR-10, which reach the first of `TARGETS` at least.
    """
    dataset = load_dataset(job.data, Recipe().size, VALIDATION, seed=0)
    known = (dataset.train.labels, len(dataset.train) + len(dataset.val)) == (CIFAR10_LABELS, 50_000)
    seeds: list[Seed] = []
    while not seeds or job.left > 0:
        recipe = make_recipe("standard", {"data": job.data, "seed": len(seeds)} | _smaller(job))
        if not seeds:  # what a device does once, at its first steps, is no part of a training's time
            few = dataset.train.take(np.arange(min(len(dataset.train), 4 * recipe.batch_size), dtype=np.int64))
            Training(recipe, few, job.device).run_epoch(lambda _: None)
        seeds.append(Seed(recipe.seed))
        for _ in _epochs(Training(recipe, dataset.train, job.device), dataset.test, seeds[-1]):
            figures = {"recipe": recipe.to_toml(), "seconds": _seconds(seeds), "seeds": [vars(seed) for seed in seeds]}
            why = f"a whole training stays below {TARGETS[0]:.0%}"
            judged_ones = [seed for seed in seeds if seed.whole] if known else []
            well = all(seed.best >= TARGETS[0] for seed in judged_ones) if judged_ones else None
            over = job.left <= 0 and not seeds[-1].whole
            cut = f"seed {recipe.seed} after epoch {seeds[-1].epochs} of {recipe.epochs}" if over else ""
            yield Finding(well, figures, why if well is False else "", cut)
            if over:
                return


def _seconds(seeds: Sequence[Seed]) -> dict[str, dict[str, float]]:
    """Return for each target that was reached how many seeds did, and their mean seconds."""
    names = [f"{target:.1%}" for target in TARGETS]
    times = {name: [seed.reached[name] for seed in seeds if name in seed.reached] for name in names}
    return {name: {"seeds": len(each), "mean": fmean(each)} for name, each in times.items() if each}


def _smaller(job: Job) -> dict[str, object]:
    return {"net": "nano", "epochs": 2, "batch_size": 16} if job.miniature else {}


def _epochs(training: Training, test: LabelledImages, seed: Seed) -> Iterator[None]:
    """Train epoch by epoch, and count each in `seed`."""
    while not training.finished:
        training.run_epoch(lambda _: None)
        _, logits = training.evaluate(test)
        seed.note(training.seconds, float((logits.argmax(1) == test.targets).mean()))
        training.next_epoch(0.0, 0.0)
        seed.whole = training.finished
        yield
