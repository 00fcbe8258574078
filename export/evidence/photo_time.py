"""How long a photo takes on this machine, from its file to its label: read and decoded, then answered by a net."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from ...edge.errors import PhotoError
from ...edge.model.contract import Model
from ...edge.photos.contract import Pixels, read_photo, read_upright
from ...edge.photos.preprocessing import Preprocessing
from ...edge.stats.paired_timing import Latency, Task, latency, time_in_turns

PHOTOS, ROUNDS = 12, 5
SECONDS = 5.0  # after which no further round begins


@dataclass(frozen=True)
class PhotoTime:
    """Times of one photo on one thread, of `photos` files of so many `megapixels` (median).

    `decode` is what reading and shrinking it takes, `nets` what each model file then does.
    """

    photos: int
    megapixels: float
    decode: Latency
    nets: tuple[Latency, ...]


def time_photos(files: Sequence[Path], models: Sequence[Path]) -> PhotoTime | None:
    """Time photos drawn evenly from `files`, and each of the model files in turn; None where none can be read."""
    chosen = [files[i] for i in np.linspace(0, len(files) - 1, min(PHOTOS, len(files))).astype(int).tolist()]
    opened = [Model(path, threads=1) for path in models]
    to = opened[0].card.preprocessing
    read = {path: found for path in chosen if (found := _read(path, to))}
    if not read:
        return None
    paths, pixels = [*read], [found[0] for found in read.values()]
    tasks = [lambda call: read_photo(paths[call % len(paths)], to), *(_answer(model, pixels) for model in opened)]
    decode, *nets = map(latency, time_in_turns(tasks, ROUNDS, len(paths), seconds=SECONDS))
    megapixels = float(np.median([found[1] for found in read.values()]))
    return PhotoTime(len(paths), megapixels, decode, tuple(nets))


def _read(path: Path, to: Preprocessing) -> tuple[Pixels, float] | None:
    """Return a photo as nets take it, and how many megapixels it has itself; None if it can't be read."""
    try:
        return read_photo(path, to), prod(read_upright(path).size) / 1e6
    except PhotoError:
        return None


def _answer(model: Model, pixels: Sequence[Pixels]) -> Task:
    return lambda call: model.logits(pixels[call % len(pixels)][None])
