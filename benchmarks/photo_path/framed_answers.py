"""Answers on the same images, a row for each way they lie in a photo and for each of several contenders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...edge.data.labelled_images import LabelledImages
from ...edge.inference.on_dataset import batch_logits
from ...edge.model.contract import Model
from ...edge.photos.contract import Pixels
from ...edge.stats.significance import paired_test, wilson_interval

SURE = 0.01  # of McNemar's exact test

Right = npt.NDArray[np.bool_]
"""Which images were answered rightly, (N,)."""


@dataclass(frozen=True)
class Row:
    """Top-1 (0 to 1, 95 % interval) in a frame; photos that it fixed and broke against the first contender, and p."""

    frame: str
    name: str
    n: int
    top1: float
    interval: tuple[float, float]
    fixed: int
    broken: int
    p: float


def compare_right(frame: str, right: Mapping[str, Right]) -> list[Row]:
    """Return a row for each contender by its name, compared with the first."""
    first = next(iter(right.values()))
    return [_row(frame, name, own, first) for name, own in right.items()]


def _row(frame: str, name: str, right: Right, first: Right) -> Row:
    test, n = paired_test(first, right), len(right)
    interval = wilson_interval(int(right.sum()), n)
    return Row(frame, name, n, float(right.mean()), interval, test.fixed, test.broken, test.p)


def framed_table(rows: Sequence[Row], frames: Mapping[str, str], what: str) -> str:
    """Return the rows as Markdown, a line for each contender, a column for each of `frames`, which says what it is."""
    first = rows[0].name
    lines = [
        f"Top-1 in percent of {rows[0].n} validation images; in brackets points against {first}, bold where McNemar's "
        f"exact test finds a difference (p < {SURE}).",
        "",
        f"| {what} | {' | '.join(frames.values())} |",
        f"|---|{'---:|' * len(frames)}",
    ]
    base = {row.frame: row for row in rows if row.name == first}
    for name in dict.fromkeys(row.name for row in rows):
        own = {row.frame: row for row in rows if row.name == name}
        cells = [_cell(own[frame], base[frame]) for frame in frames]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(row: Row, base: Row) -> str:
    if row is base:
        return f"{row.top1:.2%}"
    points = f"{100 * (row.top1 - base.top1):+.2f}"
    return f"{row.top1:.2%} ({f'**{points}**' if row.p < SURE else points})"


def answered_right(model: Model, images: LabelledImages) -> Right:
    """Return which images a model answers rightly."""
    right: Right = batch_logits(model, images).argmax(axis=1) == images.targets
    return right


def with_pixels(images: LabelledImages, pixels: Sequence[Pixels]) -> LabelledImages:
    """Return the images with others of their pixels, each (S, S, 4)."""
    return LabelledImages(np.stack(pixels), images.targets, images.labels, images.ids)
