"""Test-time augmentation: look at each photo several times and average, for those who prefer accuracy to speed.

Ten views: the photo and its four neighbours a 32nd of its side away, each also mirrored. Chosen on validation images
of the shipped model; `python -m edge_cifar.benchmarks.photo_path.tta_gain` has the others that were tried,
and what they cost.
"""

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np

from ..model.contract import Logits, Model
from ..photos.contract import Pixels

Steps: TypeAlias = Sequence[tuple[int, int]]
"""Where a photo is moved to: 32nds of its side down, and to the right."""

STEPS: Steps = ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))


def averaged_logits(model: Model, pixels: Pixels, steps: Steps = STEPS) -> Logits:
    """Return float32 logits (N, classes) of uint8 pixels (N, S, S, 4), averaged over their views."""
    logits = np.stack([model.logits(view) for view in views(pixels, steps)])  # (views, N, classes)
    return np.asarray(logits.mean(axis=0), dtype=np.float32)


def views(pixels: Pixels, steps: Steps = STEPS) -> Iterator[Pixels]:
    """Yield uint8 pixels (N, S, S, 4) moved by each step, and each also mirrored; bared margins repeat the edge."""
    size = pixels.shape[1]
    step = max(1, round(size / 32))
    margin = step * max(max(map(abs, each)) for each in steps)
    padded = np.pad(pixels, ((0, 0), (margin, margin), (margin, margin), (0, 0)), mode="edge")
    for down, right in steps:
        top, left = margin - step * down, margin - step * right
        view = np.ascontiguousarray(padded[:, top : top + size, left : left + size])
        yield view
        yield np.ascontiguousarray(view[:, :, ::-1])
