"""The sheet of flipped images stays small, whatever the net's size, and names no label that nobody knows."""

import io
from dataclasses import replace

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.export.evidence.flipped_images import CELL, COLUMNS, LARGEST, MOST, flip_sheet
from PIL import Image


def sheet(images: LabelledImages, labelled: bool = True) -> Image.Image:
    answers = images.targets, (images.targets + 1) % len(images.labels)
    return Image.open(io.BytesIO(flip_sheet(images, *answers, labelled)))


@pytest.mark.parametrize(("size", "side"), [(32, 96), (64, 192), (100, LARGEST), (224, LARGEST)])
def test_large_images_are_made_smaller(synthetic: LabelledImages, size: int, side: int) -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (MOST + 9, size, size, 4)).astype(np.uint8)
    images = replace(synthetic.take(np.arange(MOST + 9)), images=pixels)
    assert sheet(images).size == (COLUMNS * (side + CELL[0]), MOST // COLUMNS * (side + 8))


def test_what_has_no_label_is_called_nothing(synthetic: LabelledImages) -> None:
    one = synthetic.take(np.arange(1))
    renamed = replace(one, labels=("an odd one", *one.labels[1:]), targets=np.array([0]))
    with_label, without = (np.asarray(sheet(images)) for images in (one, renamed))
    assert not np.array_equal(with_label, without)  # names are drawn
    three, two = (np.asarray(sheet(one, labelled)).min(2)[:, 100:] < 128 for labelled in (True, False))
    assert three.any(1).sum() > two.any(1).sum()  # lines of text
