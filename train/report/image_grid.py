"""Test images in a grid, each with what the net answered."""

import numpy as np
from matplotlib.figure import Figure

from ...edge.data.labelled_images import LabelledImages
from ...edge.stats.classification import Floats, Indices
from .plot_style import INK, ORANGE, picture, short

COLUMNS = 8
GAP, CAPTION = 0.08, 0.36  # between columns, and below an image, as shares of its side
WIDTH = 10  # inches
LONGEST = 12  # characters of a class name


@picture
def image_grid(test: LabelledImages, chosen: Indices, probabilities: Floats, title: str) -> Figure:
    """Draw the images at `chosen`, int64 (n,), the answers by `probabilities` (N, classes) below; wrong ones say so."""
    side = test.images.shape[1]
    across, down = round(side * (1 + GAP)), round(side * (1 + CAPTION))  # pixels from image to image
    rows = -(-len(chosen) // COLUMNS)
    sheet = np.full((rows * down, COLUMNS * across, 3), 255, dtype=np.uint8)
    figure = Figure(figsize=(WIDTH, WIDTH * sheet.shape[0] / sheet.shape[1]))
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    for place, index in enumerate(chosen):
        left, top = place % COLUMNS * across, place // COLUMNS * down
        sheet[top : top + side, left : left + side] = test.images[index][..., :3]
        answer, truth = int(probabilities[index].argmax()), int(test.targets[index])
        caption, colour = f"{short(test.labels[answer], LONGEST)} {probabilities[index, answer]:.0%}", INK
        if answer != truth:
            caption, colour = f"{caption}\nis {short(test.labels[truth], LONGEST)}", ORANGE
        axes.text(left + side / 2, top + side * 1.03, caption, ha="center", va="top", color=colour)
    axes.imshow(sheet, extent=(0, sheet.shape[1], sheet.shape[0], 0))
    axes.set_title(title)
    axes.set_axis_off()
    return figure


def most_confident_mistakes(targets: Indices, probabilities: Floats, count: int) -> Indices:
    """Return the indices of up to `count` wrong answers, the surest first."""
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != targets)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:count]
