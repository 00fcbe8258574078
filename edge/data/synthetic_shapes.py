"""A ten-class dataset rendered by code: coloured shapes on textured grounds, at any size.

For trying the toolkit without a download, for tests, and as real-looking input where no data is given.
"""

import io
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ..files.atomic_write import write_bytes
from ..photos.contract import to_pixels
from ..photos.preprocessing import Preprocessing
from .labelled_images import LabelledImages

Point = tuple[float, float]
Outline = Callable[[], list[Point]]

RENDERED_SIDE = 96  # pixels; then shrunk by the photo path like any photo
PHOTO_SIZE = (1024, 768)  # pixels, width x height
COUNTS = {"train": 200, "test": 50}  # images a class


def _polygon(corners: int, turn: float = 0.0, inner: float | None = None) -> list[Point]:
    """Return points on the unit circle, every other one at radius `inner` if given."""
    count = corners if inner is None else 2 * corners
    radii = [1.0 if inner is None or i % 2 == 0 else inner for i in range(count)]
    angles = [turn - math.pi / 2 + 2 * math.pi * i / count for i in range(count)]
    return [(r * math.cos(a), r * math.sin(a)) for r, a in zip(radii, angles, strict=True)]


def _heart() -> list[Point]:
    # The usual parametric heart, x = 16 sin^3 t, scaled to the unit circle.
    angles = [2 * math.pi * i / 60 for i in range(60)]
    return [
        (
            math.sin(t) ** 3,
            -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16,
        )
        for t in angles
    ]


def _moon() -> list[Point]:
    outer = [(math.cos(a), math.sin(a)) for a in np.linspace(0.7, 2 * math.pi - 0.7, 40)]
    inner = [(0.35 + 0.75 * math.cos(a), 0.75 * math.sin(a)) for a in np.linspace(2 * math.pi - 1.02, 1.02, 40)]
    return outer + inner


SHAPES: dict[str, Outline] = {
    "arrow": lambda: [(-1, -0.3), (0.1, -0.3), (0.1, -0.8), (1, 0), (0.1, 0.8), (0.1, 0.3), (-1, 0.3)],
    "bar": lambda: [(-1, -0.22), (1, -0.22), (1, 0.22), (-1, 0.22)],
    "circle": lambda: _polygon(60),
    "cross": lambda: [
        *[(-0.3, -1), (0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3)],
        *[(0.3, 1), (-0.3, 1), (-0.3, 0.3), (-1, 0.3), (-1, -0.3), (-0.3, -0.3)],
    ],
    "diamond": lambda: [(0, -1), (0.6, 0), (0, 1), (-0.6, 0)],
    "heart": _heart,
    "moon": _moon,
    "square": lambda: _polygon(4, math.pi / 4),
    "star": lambda: _polygon(5, inner=0.45),
    "triangle": lambda: _polygon(3),
}
LABELS = tuple(SHAPES)


def render(label: str, width: int, height: int, random: np.random.RandomState) -> Image.Image:
    """Return an RGB picture of one shape, its place, size, turn and colours drawn from `random`."""
    ground, ink = _contrasting_colours(random)
    coarse = np.clip(ground + random.normal(0, 18, (6, 8, 3)), 0, 255).astype(np.uint8)
    picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    short = min(width, height)
    radius = short * random.uniform(0.28, 0.42)
    centre_x, centre_y = (
        width / 2 + random.uniform(-0.08, 0.08) * short,
        height / 2 + random.uniform(-0.08, 0.08) * short,
    )
    turn = random.uniform(-0.26, 0.26)  # radians, 15 degrees either way
    points = [
        (
            centre_x + radius * (x * math.cos(turn) - y * math.sin(turn)),
            centre_y + radius * (x * math.sin(turn) + y * math.cos(turn)),
        )
        for x, y in SHAPES[label]()
    ]
    ImageDraw.Draw(picture).polygon(points, fill=tuple(ink.tolist()))
    return picture.filter(ImageFilter.GaussianBlur(short / 150))


def synthetic_split(split: str, to: int | Preprocessing) -> LabelledImages:
    """Return the "train" or "test" split at the pixels that `to` says; always the same pixels."""
    count = COUNTS[split]
    random = np.random.RandomState(0 if split == "train" else 1)
    targets = np.tile(np.arange(len(LABELS), dtype=np.int64), count)
    images = [to_pixels(render(LABELS[target], RENDERED_SIDE, RENDERED_SIDE, random), to) for target in targets]
    ids = tuple(f"{split}/{i:05}" for i in range(len(targets)))
    return LabelledImages(np.stack(images), targets, LABELS, ids)


def write_photos(folder: Path, per_label: int, seed: int) -> list[Path]:
    """Write JPEG photos of `PHOTO_SIZE`, `folder/<label>-<i>.jpg`, and return their paths."""
    random = np.random.RandomState(seed)
    paths = [folder / f"{label}-{i}.jpg" for label in LABELS for i in range(per_label)]
    for path in paths:
        photo = io.BytesIO()
        render(path.stem.rsplit("-", 1)[0], *PHOTO_SIZE, random).save(photo, "JPEG", quality=90)
        write_bytes(path, photo.getvalue())
    return paths


def _contrasting_colours(random: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Return two RGB colours, whole numbers 0 to 255, that can be told apart."""
    while True:
        ground, ink = random.randint(0, 256, 3), random.randint(0, 256, 3)
        if np.abs(ground - ink).max() > 100:
            return ground, ink
