"""Golden images: whether this CPU, with this onnxruntime, computes what was computed where the model was made.

A model file carries the logits of a few generated images. An int8 file must give them to the bit, whatever the CPU;
fp32 sums in another order on another CPU, and must give them within rounding; where float and int8 layers follow one
another, such a last bit can tip an int8 value to the next level, which is still far less than an overflow does.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ModelError
from ..photos.contract import Pixels
from .contract import Logits, Model
from .strict_json import strict_json

GOLDEN_KEY = "edge_cifar.golden"
GOLDEN_IMAGES = 16
FLOAT_TOLERANCE = 1e-3  # largest logit difference allowed in an fp32 file, or where its logits are large:
FLOAT_SHARE = 1e-4  # of their range, since float32 has so many digits and no more
MIXED_TOLERANCE = 0.01  # and in one that is neither fp32 nor all int8, as a share of the logits' range
LARGEST = float(np.finfo(np.float32).max) / 2  # logit of an entry: the range of such is a float32, too


@dataclass(frozen=True)
class Verification:
    """The golden images on this machine: `identical` of `n` rows equal to the bit, and the largest difference."""

    model: str
    n: int
    identical: int
    largest_logit_difference: float
    exact: bool
    tolerance: float
    passed: bool
    portability: str  # what the model's card says of other CPUs

    def describe(self) -> str:
        """Return the verdict in one line."""
        verdict = "right" if self.passed else "WRONG"
        wanted = "to the bit" if self.exact else f"within {self.tolerance:.2g}"
        return (
            f"{verdict}: {self.identical} of {self.n} golden images give the same logits; largest difference "
            f"{self.largest_logit_difference:.2g} ({wanted} expected)"
        )


def golden_images(size: int) -> Pixels:
    """Return generated images, uint8 (`GOLDEN_IMAGES`, size, size, 4), the same on every machine.

    Noise, and blocks of black and white of several widths: the largest products, side by side, where 16-bit sums
    overflow first.
    """
    random = np.random.RandomState(0)  # its streams are frozen for all versions of numpy
    images = random.randint(0, 256, (GOLDEN_IMAGES, size, size, 4)).astype(np.uint8)
    for i in range(GOLDEN_IMAGES // 2):
        width = 2 ** (i % 4 + 1)
        blocks = 255 * random.randint(0, 2, (-(-size // width), -(-size // width), 4))
        images[i] = blocks.repeat(width, axis=0).repeat(width, axis=1)[:size, :size]
    return images


def golden_entry(logits: Logits, exact: bool, mixed: bool = False) -> str:
    """Return the metadata entry for logits (GOLDEN_IMAGES, classes).

    `exact`: every machine must give the same bits; `mixed`: neither that nor fp32 throughout.
    """
    in_float = max(FLOAT_TOLERANCE, FLOAT_SHARE * float(np.ptp(logits)))
    tolerance = 0.0 if exact else _mixed_tolerance(logits) if mixed else in_float
    return json.dumps({"exact": exact, "tolerance": tolerance, "logits": logits.tolist()})


def verify_model(path: Path) -> Verification:
    """Open a model file and run its golden images. Raises ModelError when it can't be used, and as `verify_golden`."""
    return verify_golden(Model(path))


def verify_golden(model: Model) -> Verification:
    """Run the golden images of an open model.

    Raises ModelError when its file carries none, or computes what is no number.
    """
    path = model.path
    try:
        expected, exact, tolerance = _read_entry(model.metadata[GOLDEN_KEY], len(model.card.labels))
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ModelError(f"{path}: carries no golden logits to verify; export it again") from error
    logits = model.logits(golden_images(model.card.size))
    difference = float(np.abs(logits.astype(np.float64) - expected).max())
    identical = int((logits == expected).all(axis=1).sum())
    passed = identical == len(expected) if exact else difference <= tolerance
    portability = model.card.portability
    return Verification(str(path), len(expected), identical, difference, exact, tolerance, passed, portability)


def _read_entry(text: str, classes: int) -> tuple[Logits, bool, float]:
    """Return expected logits (GOLDEN_IMAGES, classes), whether to the bit, and the difference allowed otherwise.

    Raises an exception for an entry that `golden_entry` doesn't write; so no file can allow itself any difference.
    """
    entry = strict_json(text)
    rows, exact, tolerance = entry["logits"], entry["exact"], entry.get("tolerance", FLOAT_TOLERANCE)
    numbers = [tolerance, *(number for row in rows for number in row)]
    if type(exact) is not bool or not all(type(number) in (int, float) for number in numbers):
        raise TypeError("values of other types")
    logits = np.array(rows, dtype=np.float64)
    if logits.shape != (GOLDEN_IMAGES, classes) or np.abs(logits).max() > LARGEST:
        raise ValueError("wrong shape, or too large")
    expected = logits.astype(np.float32)
    if not 0 <= tolerance <= max(FLOAT_TOLERANCE, _mixed_tolerance(expected)):
        raise ValueError(f"tolerance {tolerance}")
    return expected, exact, float(tolerance)


def _mixed_tolerance(logits: Logits) -> float:
    return MIXED_TOLERANCE * float(np.ptp(logits))
