"""Golden images: whether this CPU, with this onnxruntime, computes what was computed where the model was made.

A model file carries the logits of a few generated images. An int8 file must give them to the bit, whatever the CPU;
fp32 sums in another order on another CPU, and must give them within rounding.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import ModelError
from .model import Logits, Model
from .onnx_file import read_onnx
from .photo import Pixels

GOLDEN_KEY = "edge_cifar.golden"
GOLDEN_IMAGES = 16
FLOAT_TOLERANCE = 1e-3  # largest logit difference allowed in a file with float layers


@dataclass(frozen=True)
class Verification:
    """The golden images on this machine: `identical` of `n` rows equal to the bit, and the largest difference."""

    model: str
    n: int
    identical: int
    largest_logit_difference: float
    exact: bool
    passed: bool


def golden_images(size: int) -> Pixels:
    """Return generated images, uint8 (`GOLDEN_IMAGES`, size, size, 4), the same on every machine.

    Noise, and blocks of black and white of several widths: the largest products, side by side, where 16-bit sums
    overflow first.
    """
    random = np.random.RandomState(0)  # its streams are frozen for all versions of numpy
    images = random.randint(0, 256, (GOLDEN_IMAGES, size, size, 4)).astype(np.uint8)
    for i in range(GOLDEN_IMAGES // 2):
        width = 2 ** (i % 4 + 1)
        blocks = random.randint(0, 2, (-(-size // width), -(-size // width), 4)).astype(np.uint8) * 255
        images[i] = blocks.repeat(width, axis=0).repeat(width, axis=1)[:size, :size]
    return images


def golden_entry(logits: Logits, exact: bool) -> str:
    """Return the metadata entry for logits (GOLDEN_IMAGES, classes); `exact`: every machine must give the same bits."""
    return json.dumps({"exact": exact, "logits": logits.astype(np.float64).tolist()})


def verify_model(path: Path, threads: int | None = None) -> Verification:
    """Run the golden images of a model file. Raises ModelError when the file can't be used or carries none."""
    _, onnx_file = read_onnx(path)
    model = Model(path, threads)
    try:
        entry = json.loads(onnx_file.metadata[GOLDEN_KEY])
        expected = np.array(entry["logits"], dtype=np.float32)
        exact = bool(entry["exact"])
        if expected.shape != (GOLDEN_IMAGES, len(model.card.labels)):
            raise ValueError("wrong shape")
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(f"{path}: carries no golden logits to verify; export it again") from error
    logits = model.logits(golden_images(model.card.size))
    difference = float(np.abs(logits - expected).max())
    identical = int((logits == expected).all(axis=1).sum())
    passed = identical == len(expected) if exact else difference <= FLOAT_TOLERANCE
    return Verification(str(path), len(expected), identical, difference, exact, passed)
