"""Pixels as the integers that they are: one scale and zero point for all, and what is left in the first weights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LARGEST_ZERO_POINT = 192  # X is at least 63 steps inside the photo

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PixelSteps:
    """How `normalized` stands for pixels: (pixel - zero_point) * scale."""

    scale: float
    zero_point: int

    @classmethod
    def of(cls, mean: Sequence[float], std: Sequence[float], factor: float = 1.0) -> "PixelSteps":
        """Return a scale, a power of two, and a zero point that bring pixels near (pixel * factor - mean) / std."""
        scale = 2.0 ** np.ceil(np.log2(abs(factor) / np.mean(np.abs(std))))
        zero_point = float(np.mean(mean)) / factor
        return cls(float(scale), int(np.clip(np.rint(zero_point), 0, LARGEST_ZERO_POINT)))


@dataclass(frozen=True)
class Affine:
    """A tensor (N, C, H, W) as `factors` (C, 3) times RGB of 0 to 255, plus `shift` (C,)."""

    factors: Array
    shift: Array

    def of_normalized(self, steps: PixelSteps) -> Array:
        """Return the same as factors (C, 4) of normalized RGBX.

        What is added is a weight on X, which is one number inside the photo and 0 where a convolution pads.
        """
        shift = self.shift + self.factors.sum(axis=1) * steps.zero_point
        inside = (255 - steps.zero_point) * steps.scale  # X of every pixel of the photo
        return np.column_stack([self.factors / steps.scale, shift / inside])
