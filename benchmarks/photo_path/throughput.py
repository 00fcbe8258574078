"""`python -m edge_cifar.benchmarks.photo_path.throughput`: `edge-cifar predict FOLDER` beside bare decoding.

The same photos go three ways, in turns: through predict; through bare Pillow decoders, one process a core, that throw
away what they decode; and through the same decoders with the net alone behind each, which is the most that a program
can reach on these cores. Processor time is told too, since other work on the machine disturbs it less.
"""

import json
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from io import BytesIO
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.random import RandomState
from PIL import Image

from ...edge.cli.exit_status import reporting
from ...edge.cli.options import AsJson
from ...edge.cli.output import open_output
from ...edge.data.synthetic_shapes import LABELS, render, synthetic_split
from ...edge.inference.classifier import BATCH, Classifier
from ...edge.machine.cores import usable_cores
from ...edge.machine.description import Machine, this_machine
from ...edge.model.contract import Model
from ...edge.model.shipped_models import MODEL_HELP, SHIPPED_DEFAULT, model_file
from ...edge.stats.paired_timing import Ratio, Seconds, ratio
from ...edge.stream.classify_stream import classify_many
from ...edge.stream.find_photos import search

LARGE = (4000, 3000)  # pixels: 12 megapixels
GRAIN = 6.0  # standard deviation of the noise on large photos, of 255: gives 3 MB at quality 90, as cameras do
QUALITY = 90
SHARES = 8  # that a bare decoder takes its photos in, so that none waits long for the other
TOP = 3  # labels a photo, the default of predict

Task = Callable[[], float]
"""Goes once through all photos, and returns the processor seconds it took."""


@dataclass(frozen=True)
class Way:
    """One way through the photos; medians, and how its rate compares with that of predict in the same round."""

    name: str
    photos_per_second: float
    cpu_us: float  # processor time of a photo, all threads and processes together
    predict_share: Ratio  # predict's rate by this one's


def throughput(
    large: Annotated[int, typer.Option(help="JPEGs of 12 megapixels.", min=2)] = 60,
    small: Annotated[int, typer.Option(help="PNGs of 32 x 32 pixels.", min=2)] = 10_000,
    rounds: Annotated[int, typer.Option(help="Turns that each way gets.", min=1)] = 7,
    model: Annotated[Path, typer.Option(help=MODEL_HELP, parser=model_file, metavar="MODEL")] = SHIPPED_DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Compare the rates on a folder of large JPEGs and on one of small PNGs."""
    machine = this_machine()
    with tempfile.TemporaryDirectory() as folder:
        photos = {
            f"{large:,} JPEGs of 12 megapixels": write_large(Path(folder) / "large", large),
            f"{small:,} PNGs of 32 x 32": write_small(Path(folder) / "small", small),
        }
        with multiprocessing.get_context("spawn").Pool(usable_cores()) as pool:
            results = {name: measure(paths, pool, model, rounds) for name, paths in photos.items()}
    if as_json:
        ways = {name: [asdict(way) for way in own] for name, own in results.items()}
        typer.echo(json.dumps({"machine": asdict(machine), "rounds": rounds, "photos": ways}))
    else:
        _print(machine, results, rounds)


def measure(paths: Sequence[Path], pool: Pool, model: Path, rounds: int) -> list[Way]:
    """Send the photos of a folder each way in turns; a round before the first is not counted."""
    cores = usable_cores()
    names = [str(path) for path in paths]
    shares = [names[i :: SHARES * cores] for i in range(SHARES * cores)]
    classifier = Classifier(model, threads=1)
    decode = partial(_decode, side=classifier.model.card.preprocessing.draft_side)
    decode_and_run = partial(_decode_and_run, model=str(model))
    ways: dict[str, Task] = {
        "predict": lambda: _predict(classifier, paths[0].parent, cores),
        "one bare decoder": lambda: sum(pool.map(decode, [names])),
        f"{cores} bare decoders": lambda: sum(pool.map(decode, shares, chunksize=1)),
        f"{cores} bare decoders with net": lambda: sum(pool.map(decode_and_run, shares, chunksize=1)),
    }
    seconds, cpu_seconds = _in_turns(list(ways.values()), rounds)
    return [
        Way(
            name=name,
            photos_per_second=float(len(paths) / np.median(own)),
            cpu_us=float(np.median(own_cpu) / len(paths) * 1e6),
            predict_share=ratio(own, seconds[0]),  # of durations; that of rates is its inverse
        )
        for name, own, own_cpu in zip(ways, seconds, cpu_seconds, strict=True)
    ]


def write_large(folder: Path, count: int) -> list[Path]:
    """Write JPEGs of 12 megapixels, with grain as a camera's, and return their paths; four different ones in turn."""
    folder.mkdir()
    random = RandomState(0)
    files = []
    for label in LABELS[: min(count, 4)]:
        pixels = np.asarray(render(label, *LARGE, random)) + random.normal(0, GRAIN, (LARGE[1], LARGE[0], 1))
        file = BytesIO()
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(file, "JPEG", quality=QUALITY)
        files.append(file.getvalue())
    return [_write(folder / f"{i:05}.jpg", files[i % len(files)]) for i in range(count)]


def write_small(folder: Path, count: int) -> list[Path]:
    """Write PNGs of 32 x 32 pixels, and return their paths."""
    folder.mkdir()
    images = synthetic_split("test", 32).images[:][..., :3]
    paths = []
    for i in range(count):
        file = BytesIO()
        Image.fromarray(np.ascontiguousarray(images[i % len(images)])).save(file, "PNG")
        paths.append(_write(folder / f"{i:05}.png", file.getvalue()))
    return paths


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _in_turns(ways: Sequence[Task], rounds: int) -> tuple[Seconds, Seconds]:
    """Return the seconds and the processor seconds of each way, (ways, rounds, 1), forwards and backwards by turns."""
    seconds = np.empty((2, len(ways), rounds + 1, 1))
    order = list(range(len(ways)))
    for turn in range(rounds + 1):
        for i in order:
            started = time.perf_counter()
            seconds[1, i, turn] = ways[i]()
            seconds[0, i, turn] = time.perf_counter() - started
        order.reverse()
    return seconds[0, :, 1:], seconds[1, :, 1:]


def _predict(classifier: Classifier, folder: Path, jobs: int) -> float:
    """Do what `edge-cifar predict FOLDER --out FILE.jsonl` does, and return its processor seconds."""
    started = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        output = open_output(Path(scratch) / "results.jsonl", resume=False, as_json=False)
        for results in classify_many(classifier, search(str(folder)), TOP, jobs):
            output.write(results)
        output.close()
    return time.process_time() - started


def _decode(paths: Sequence[str], side: int) -> float:
    """Decode photos, JPEGs at the scale that predict needs, and return the processor seconds it took."""
    started = time.process_time()
    for path in paths:
        with Image.open(path) as image:
            image.draft(None, (side, side))
            image.load()
    return time.process_time() - started


def _decode_and_run(paths: Sequence[str], model: str) -> float:
    """Decode photos, and put as many images through the net."""
    opened = _model(model)
    size = opened.card.size
    batch = np.zeros((BATCH, size, size, 4), np.uint8)
    started = time.process_time()
    for first in range(0, len(paths), BATCH):
        own = paths[first : first + BATCH]
        _decode(own, opened.card.preprocessing.draft_side)
        opened.logits(batch[: len(own)])
    return time.process_time() - started


@cache
def _model(path: str) -> Model:
    """Open a model, once a process."""
    return Model(path, threads=1)


def _print(machine: Machine, results: Mapping[str, Sequence[Way]], rounds: int) -> None:
    for topic, words in machine.describe().items():
        typer.echo(f"{topic:9} {words}")
    for name, ways in results.items():
        typer.echo(f"\n{name}, medians of {rounds} rounds")
        for way in ways:
            share = way.predict_share
            typer.echo(
                f"{way.name:24} {way.photos_per_second:8,.0f} photos/s {way.cpu_us:8,.0f} us of CPU a photo"
                f"   predict's share {share.median:.1%} (quartiles {share.low:.1%}-{share.high:.1%})"
            )


if __name__ == "__main__":
    typer.run(reporting("throughput")(throughput))
