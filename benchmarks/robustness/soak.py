"""`python -m edge_cifar.benchmarks.robustness.soak`: whether memory grows, over many photos and over many sessions.

Photos are small files of five formats and many sizes, a few of them cut off: in memory, or in a folder. Memory is
read when a tenth is done, where every buffer has found its size, and at the end.
"""

import io
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Annotated

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.data.synthetic_shapes import LABELS, render
from ...edge.files.atomic_write import write_bytes
from ...edge.inference.classifier import Classifier
from ...edge.model.contract import Model
from ...edge.model.shipped_models import MODEL_HELP, SHIPPED_DEFAULT, model_file
from ..measure.process_memory import peak_bytes, resident_bytes

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
KINDS = 200  # different photos
BROKEN = 20  # one photo in so many is cut off in the middle
MB = 10**6


@dataclass(frozen=True)
class Growth:
    """Resident memory, in bytes, when a tenth of `n` was done, at its highest reading after that, and at the end."""

    n: int
    seconds: float
    early: int
    highest: int
    late: int

    def describe(self, what: str) -> str:
        """Return the figures in one line."""
        return (
            f"{self.n:,} {what} in {self.seconds:,.0f} s: {self.early / MB:.1f} MB after a tenth, "
            f"at most {self.highest / MB:.1f}, {self.late / MB:.1f} at the end: grown by {self.grown / MB:.1f} MB"
        )

    @property
    def grown(self) -> int:
        """Return the growth in bytes, by the highest reading."""
        return self.highest - self.early


def soak(
    photos: Annotated[int, typer.Option(help="Photos from memory.", min=10)] = 100_000,
    files: Annotated[int, typer.Option(help="Photos from files.", min=10)] = 10_000,
    sessions: Annotated[int, typer.Option(help="Models opened and dropped.", min=10)] = 1_000,
    model: Annotated[Path, typer.Option(help=MODEL_HELP, parser=model_file, metavar="MODEL")] = SHIPPED_DEFAULT,
    threads: Annotated[int, typer.Option(help="Cores that the model may use.", min=1, max=256)] = 1,
) -> None:
    """Classify many photos, open many sessions, and say how memory grew."""
    pictures = small_photos()
    classifier = Classifier(model, threads=threads)
    typer.echo(watch_photos(classifier, islice(cycle(pictures), photos), photos).describe("photos from memory"))
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i}.img" for i in range(len(pictures))]
        for path, picture in zip(paths, pictures, strict=True):
            write_bytes(path, picture)
        typer.echo(watch_photos(classifier, islice(cycle(paths), files), files).describe("photos from files"))
    opened, milliseconds = watch_sessions(model, threads, sessions)
    typer.echo(opened.describe("sessions"))
    typer.echo(f"a session opens from its file in {milliseconds:.1f} ms (median)")
    typer.echo(f"peak of the process: {peak_bytes() / MB:.1f} MB")


def small_photos() -> list[bytes]:
    """Return `KINDS` small photo files; every `BROKEN`th is cut off in the middle."""
    random = np.random.RandomState(0)
    photos = []
    for i in range(KINDS):
        width, height = random.randint(16, 200, 2).tolist()
        file = io.BytesIO()
        render(LABELS[i % len(LABELS)], width, height, random).save(file, FORMATS[i % len(FORMATS)])
        data = file.getvalue()
        photos.append(data[: len(data) // 2] if i % BROKEN == BROKEN - 1 else data)
    return photos


def watch_photos(classifier: Classifier, photos: Iterator[bytes] | Iterator[Path], n: int) -> Growth:
    """Classify `n` photos and return how memory grew. Raises AssertionError unless most could be read."""
    results = classifier.predict_many(photos)
    readable = 0

    def step() -> None:
        nonlocal readable
        readable += next(results).ok

    growth = watch(step, n)
    assert readable > 0.9 * n, f"only {readable} of {n} photos could be read"
    return growth


def watch_sessions(model: Path, threads: int, n: int) -> tuple[Growth, float]:
    """Open and drop a model `n` times; return how memory grew, and how long one takes in milliseconds (median)."""
    durations: list[float] = []

    def step() -> None:
        started = time.perf_counter()
        Model(model, threads)
        durations.append(time.perf_counter() - started)

    return watch(step, n), 1000 * median(durations)


def watch(step: Callable[[], object], n: int) -> Growth:
    """Return how memory grew over `n` steps, read a hundred times."""
    started = time.perf_counter()
    readings = []
    for i in range(1, n + 1):
        step()
        if i * 100 // n > (i - 1) * 100 // n:
            readings.append(resident_bytes())
    late = readings[len(readings) // 10 :]
    return Growth(n, time.perf_counter() - started, late[0], max(late), late[-1])


if __name__ == "__main__":
    typer.run(reporting("soak")(soak))
