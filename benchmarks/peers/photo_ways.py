"""Ways from a photo's file to its label: ours, and what a program with another decoder would do before the same net.

The others decode the whole photo and resize it, each with its own bicubic filter with antialiasing, or where it has
none (OpenCV) with its filter for shrinking. OpenCV can also decode at reduced scale, for a program that knows the
scale before it knows the photo.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ...edge.inference.classifier import Classifier
from ...edge.model.contract import Model
from ...edge.photos.contract import Pixels
from ...edge.photos.preprocessing import FILTERS, Preprocessing

Decode: TypeAlias = Callable[[Path, int], Pixels]
"""A file and a size -> uint8 (size, size, 3)."""

Label: TypeAlias = Callable[[Path], str]


@dataclass(frozen=True)
class Way:
    """`open` loads a model file for so many threads and gives what turns a photo's path into its label."""

    open: Callable[[Path, int], Label]
    does: str
    package: str


def _ours(file: Path, threads: int) -> Label:
    classifier = Classifier(file, threads=threads)
    return lambda photo: classifier.predict(photo).guess  # the others know no threshold


def _pillow(path: Path, size: int) -> Pixels:
    from PIL import Image

    with Image.open(path) as image:
        return np.asarray(image.convert("RGB").resize((size, size), FILTERS[Preprocessing(size).filter]))


def _opencv(path: Path, size: int, mode: str = "IMREAD_COLOR") -> Pixels:
    import cv2

    cv2.setNumThreads(1)
    image = cv2.resize(cv2.imread(str(path), getattr(cv2, mode)), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _torchvision(path: Path, size: int) -> Pixels:
    import torch
    from torchvision.io import ImageReadMode, decode_image
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2.functional import resize

    torch.set_num_threads(1)
    image = decode_image(str(path), ImageReadMode.RGB)
    small = resize(image, [size, size], InterpolationMode.BICUBIC, antialias=True)
    return np.asarray(small.permute(1, 2, 0).numpy(), dtype=np.uint8)


def _before(decode: Decode) -> Callable[[Path, int], Label]:
    """Return what opens a model behind a decoder."""

    def opened(file: Path, threads: int) -> Label:
        model = Model(file, threads)
        size, labels = model.card.size, model.card.labels
        pixels = np.zeros((1, size, size, 4), np.uint8)

        def label(photo: Path) -> str:
            pixels[0, ..., :3] = decode(photo, size)
            return labels[int(model.logits(pixels).argmax())]

        return label

    return opened


WAYS = {
    "edge-cifar": Way(_ours, "at the scale that suffices, bicubic", "pillow"),
    "Pillow": Way(_before(_pillow), "whole, bicubic", "pillow"),
    "OpenCV": Way(_before(_opencv), "whole, area", "opencv-python-headless"),
    "OpenCV, told the scale": Way(
        _before(partial(_opencv, mode="IMREAD_REDUCED_COLOR_8")), "at 1/8, area", "opencv-python-headless"
    ),
    "torchvision": Way(_before(_torchvision), "whole, bicubic", "torchvision"),
}
