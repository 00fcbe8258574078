"""How a net wants its pixels: numbers of photos as its own framework makes them, in plain numpy.

This is the independent path that an exported file is compared with, so it shares nothing with the exported graph.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ...edge.photos.contract import Pixels
from ...edge.photos.preprocessing import Preprocessing

Layout: TypeAlias = Literal["nchw", "nhwc"]
Channels: TypeAlias = Literal["rgb", "bgr"]
Triple: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True)
class PixelRule:
    """Photos by `preprocessing`, then `(pixel * scale - mean) / std` with pixels 0 to 255.

    `mean` and `std` are in the order of `channels`, as the net reads them.
    """

    preprocessing: Preprocessing
    scale: float = 1 / 255
    mean: Triple = (0.0, 0.0, 0.0)
    std: Triple = (1.0, 1.0, 1.0)
    layout: Layout = "nchw"
    channels: Channels = "rgb"

    def describe(self) -> str:
        """Return all but the preprocessing, as model cards have it: "(rgb * 1.0 - 127.5) / 127.5"."""
        mean, std = (
            f"{values[0]!r}" if len(set(values)) == 1 else f"({', '.join(map(repr, values))})"
            for values in (self.mean, self.std)
        )
        return f"({self.channels} * {self.scale!r} - {mean}) / {std}"

    def inputs(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Return what the net reads, float32 (N, 3, size, size) or (N, size, size, 3), of pixels (N, size, size, 4)."""
        rgb = pixels[..., :3] if self.channels == "rgb" else pixels[..., 2::-1]
        normalized = (rgb.astype(np.float64) * self.scale - self.mean) / self.std
        ordered = normalized if self.layout == "nhwc" else normalized.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(ordered, dtype=np.float32)
