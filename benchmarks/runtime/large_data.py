"""`python -m edge_cifar.benchmarks.runtime.large_data`: a training on more photos than belong into memory.

It makes the photos, then starts a training on them twice, each time in a fresh process and for a few steps: what the
process held at most, how long the first and the second start took, and how many photos they decoded.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from ...edge.cli.exit_status import reporting
from ...edge.data import image_folder
from ...edge.data.decoded_cache import SETTLED
from ...edge.data.synthetic_shapes import LABELS, render
from ...edge.photos.contract import Photo, Pixels, read_photo
from ...edge.photos.preprocessing import Preprocessing
from ...train.data.run_data import load_recipe_data
from ...train.loop.allocator import keep_freed_memory
from ...train.loop.device import choose_device
from ...train.loop.prepare import prepare
from ...train.loop.stop_signals import Stopped, StopSignals
from ...train.loop.training import Step
from ...train.recipe.recipe import Recipe
from ..measure.process_memory import peak_bytes

SIDES = (320, 240)  # pixels of a photo
RENDERED = 20  # photos of a class
VALIDATED = 256  # images
STARTS = ("first", "second")
MODULE = "edge_cifar.benchmarks.runtime.large_data"


def large_data(
    photos: Annotated[int, typer.Option(help="Photos that are made.", min=100)] = 20_000,
    size: Annotated[int, typer.Option(help="Pixels, width and height, that they are trained at.", min=8)] = 224,
    net: Annotated[str, typer.Option(help="The net.")] = "small",
    batch_size: Annotated[int, typer.Option(help="Images of a step.", min=2)] = 16,
    steps: Annotated[int, typer.Option(help="Steps of each start.", min=1)] = 10,
    folder: Annotated[Path | None, typer.Option(help="Where they are made.  [default: a temporary folder]")] = None,
) -> None:
    """Start a training on photos made by code, twice, and print its memory and its times."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        data = Path(scratch) / "photos"
        started = time.perf_counter()
        make_photos(data, photos)
        typer.echo(f"{photos:,} photos of {SIDES[0]} x {SIDES[1]} pixels made in {time.perf_counter() - started:.0f} s")
        time.sleep(SETTLED)  # of photos that changed a moment ago nothing is kept
        environment = {**os.environ, "XDG_CACHE_HOME": str(Path(scratch) / "cache")}
        command = [sys.executable, "-m", MODULE, "start", str(data), str(size), net, str(batch_size), str(steps)]
        typer.echo("start   to its first step  photos decoded  images/s  peak memory")
        for start in STARTS:
            done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
            found = json.loads(done.stdout)
            typer.echo(
                f"{start:6} {found['seconds']:15.1f} s {found['decoded']:15,} {found['rate']:9.1f} "
                f"{found['peak'] / 1e6:9,.0f} MB"
            )


def make_photos(folder: Path, count: int) -> None:
    """Write `count` different JPEG photos of the ten shapes into class folders: some rendered, each moved about."""
    random = np.random.RandomState(0)
    for label in LABELS:
        (folder / label).mkdir(parents=True)
    rendered = [(label, np.asarray(render(label, *SIDES, random))) for _ in range(RENDERED) for label in LABELS]
    for i in range(count):
        label, pixels = rendered[i % len(rendered)]
        moved = np.roll(pixels, (random.randint(SIDES[1]), random.randint(SIDES[0])), axis=(0, 1))
        Image.fromarray(moved).save(folder / label / f"{i:06}.jpg", quality=90)


def start(data: str, size: int, net: str, batch_size: int, steps: int) -> dict[str, float]:
    """Start a training, end it after some steps, validate on some images; return what that took."""
    keep_freed_memory()  # as training does
    started = time.perf_counter()
    decoded: list[Photo] = []

    def counted(photo: Photo, to: int | Preprocessing) -> Pixels:
        decoded.append(photo)
        return read_photo(photo, to)

    image_folder.read_photo = counted  # type: ignore[attr-defined]
    recipe = Recipe(data=data, size=size, net=net, batch_size=batch_size)
    dataset = load_recipe_data(recipe)
    dataset.describe()
    training = prepare(recipe, dataset, choose_device("cpu"))
    ready, stop = time.perf_counter(), StopSignals()

    def on_step(step: Step) -> None:
        if step.done >= steps:
            stop.received = signal.SIGINT

    with suppress(Stopped):
        training.run_epoch(on_step, stop)
    rate = training.step * batch_size / training.seconds
    training.evaluate(dataset.val.take(np.arange(min(VALIDATED, len(dataset.val)))))
    return {"seconds": ready - started, "decoded": len(decoded), "rate": rate, "peak": peak_bytes()}


if __name__ == "__main__":
    if sys.argv[1:2] == ["start"]:
        folder, size, net, batch_size, steps = sys.argv[2:]
        sys.stdout.write(json.dumps(start(folder, int(size), net, int(batch_size), int(steps))))
    else:
        typer.run(reporting("large_data")(large_data))
