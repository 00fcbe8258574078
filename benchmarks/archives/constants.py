"""`python -m edge_cifar.benchmarks.archives.constants`: what bounds an archive, and what many photos take on paper.

Photos a second of one core, by size and net; names a second that are listed and the memory that each takes while its
folder is read; of a store (`--store`, an empty folder by URL) objects a second that are listed and read.
"""

import json
import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from PIL import Image

from ...edge.bulk.bulk_run import MANY, PART_SIZES
from ...edge.bulk.listing import list_photos
from ...edge.bulk.store import open_store
from ...edge.bulk.worker import AHEAD
from ...edge.cli.exit_status import reporting
from ...edge.inference.classifier import BATCH, Classifier
from ..photo_path.decode_speed import FALLS, encode, natural
from .bulk_process import make_links

SECONDS = 3.0  # that each rate is measured for, at least
HOUR = 3_600
KEYS = 1_000  # of an answer of S3 to a listing


def constants(
    models: Annotated[str, typer.Option(help="Models, with commas between.")] = "nano,batchnorm",
    names: Annotated[int, typer.Option(help="Names to list.", min=1)] = 100_000,
    store: Annotated[str | None, typer.Option(metavar="URL", help="Empty folder of a store to measure.")] = None,
    objects: Annotated[int, typer.Option(help="Objects to put there.", min=1)] = 2_000,
    photos: Annotated[int, typer.Option(help="Photos of the archive on paper.", min=1)] = 100_000_000,
) -> None:
    """Measure and print one JSON object."""
    made = {kind: encode(natural(fall)) for kind, fall in FALLS.items()}
    rates = {
        f"{model}, {len(photo) / 1e6:.1f} MB": round(core_rate(model, photo), 1)
        for model in models.split(",")
        for photo in made.values()
    }
    found: dict[str, Any] = {"photos/s of a core": rates, "folder": folder_rates(names)}
    if store:
        found["store"] = store_rates(store, objects, made["ordinary"])
    found["on paper"] = {
        "photos": photos,
        "parts": -(-photos // next((size for size in PART_SIZES if size * MANY >= photos), PART_SIZES[-1])),
        "core-hours": {name: round(photos / rate / HOUR) for name, rate in rates.items()},
        "hours to list": round(photos / found["folder"]["names/s"] / HOUR, 2),
        "answers of S3 to list": -(-photos // KEYS),
    }
    found["load average"] = [round(each, 1) for each in os.getloadavg()]
    typer.echo(json.dumps(found, indent=2))


def core_rate(model: str, photo: bytes) -> float:
    """Return how many photos a second one thread classifies from memory."""
    with Classifier(model, threads=1) as classifier:
        return _rate(lambda: len(list(classifier.predict_many([photo] * BATCH))))


def folder_rates(names: int) -> dict[str, float]:
    """Return how fast a tree of folders is listed, and the memory that a name of the largest folder takes meanwhile."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        Image.new("RGB", (8, 8)).save(folder / "black.png")
        make_links([folder / "black.png"], names, folder / "photos")
        begun = time.monotonic()
        count = sum(1 for _ in list_photos([str(folder / "photos")], recursive=True))
        seconds = time.monotonic() - begun
        tracemalloc.start()
        most = sum(1 for _ in list_photos([str(folder / "photos" / "0000")]))
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return {"names/s": round(count / seconds), "bytes of memory a name": round(memory / most)}


def store_rates(url: str, objects: int, photo: bytes) -> dict[str, float]:
    """Return how fast a store lists small objects, and how fast one worker reads photos, a few on their way at once."""
    store, path = open_store(url)
    store.pipe({f"{path}/list/{i:08}.png": b"x" for i in range(objects)})
    few = {f"{path}/read/{i:08}.jpg": photo for i in range(AHEAD)}
    store.pipe(few)
    tracemalloc.start()
    begun = time.monotonic()
    listed = sum(1 for _ in list_photos([f"{url.rstrip('/')}/list/"]))
    seconds = time.monotonic() - begun
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    read = _rate(lambda: len(store.cat(list(few))))
    store.rm(path, recursive=True)
    return {
        "names/s": round(listed / seconds),
        "bytes of memory a name": round(memory / listed),
        "photos/s read by one worker": round(read, 1),
        "MB/s": round(read * len(photo) / 1e6, 1),
    }


def _rate(work: Callable[[], int]) -> float:
    """Return how many things a second `work` does, which returns how many it did; once it has run before."""
    work()
    begun, count = time.monotonic(), 0
    while time.monotonic() - begun < SECONDS:
        count += work()
    return count / (time.monotonic() - begun)


if __name__ == "__main__":
    typer.run(reporting("constants")(constants))
