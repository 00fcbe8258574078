"""What a person says of a net, and the usual ways to scale pixels, by name."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from ...edge.model.card import MAX_SIZE
from ...edge.photos.preprocessing import FILTERS, Fit
from .facts import Facts
from .pixel_rule import Channels, Layout

Like: TypeAlias = Literal["imagenet", "tf", "unit", "caffe"]

THE_OPTIONS = "the options"

LIKE: dict[Like, Facts] = {
    "imagenet": Facts(  # torchvision, transforms/_presets.py; timm, data/constants.py
        "--like imagenet",
        scale=1 / 255,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        channels="rgb",
        fit="crop",
        filter="bilinear",
        crop_share=0.875,
    ),
    "tf": Facts(  # Keras, applications/imagenet_utils.py, mode "tf"
        "--like tf", scale=1.0, mean=(127.5, 127.5, 127.5), std=(127.5, 127.5, 127.5), channels="rgb"
    ),
    "unit": Facts("--like unit", scale=1 / 255, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), channels="rgb"),
    "caffe": Facts(  # Keras, applications/imagenet_utils.py, mode "caffe"
        "--like caffe", scale=1.0, mean=(103.939, 116.779, 123.68), std=(1.0, 1.0, 1.0), channels="bgr"
    ),
}
"""By name: what such a net reads, `(pixel * scale - mean) / std` of pixels 0 to 255, `mean` as the net reads it.

Only for "imagenet" do those who publish such nets agree on how a photo becomes a square: Resize(256), CenterCrop(224).
"""


@dataclass(frozen=True)
class Told:
    """What is said of a net besides its file; None is what isn't. `like` fills what the others leave open.

    `labels` is a file of names, or "imagenet" for its 1,000; `mean` and `std` have one number, or one a channel in the
    net's own order.
    """

    labels: Path | None = None
    like: Like | None = None
    scale: float | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    layout: Layout | None = None
    channels: Channels | None = None
    fit: Fit | None = None
    filter: str | None = None
    crop_share: float | None = None
    size: int | None = None

    def __post_init__(self) -> None:
        """Raise ValueError, naming the option, for what makes no sense."""
        for name in ("mean", "std"):
            numbers = getattr(self, name)
            if numbers is not None and (len(numbers) not in (1, 3) or not all(map(math.isfinite, numbers))):
                raise ValueError(f"--{name} has one number, or three")
        if self.std is not None and not all(number > 0 for number in self.std):
            raise ValueError("--std divides: each number is above 0")
        if self.scale is not None and not (math.isfinite(self.scale) and self.scale > 0):
            raise ValueError("--scale multiplies pixels: a number above 0")
        if self.size is not None and not 0 < self.size <= MAX_SIZE:
            raise ValueError(f"--size is 1 to {MAX_SIZE} pixels")
        if self.crop_share is not None and not 0 < self.crop_share <= 1:
            raise ValueError("--crop-share is above 0, and at most 1")
        if self.crop_share is not None and self.fit == "squash":
            raise ValueError("--crop-share means nothing with --resize squash")
        if self.filter is not None and self.filter not in FILTERS:
            raise ValueError(f"--filter is one of {', '.join(FILTERS)}")

    def facts(self) -> list[Facts]:
        """Return what is said, what counts more first; the labels are read elsewhere."""
        options = Facts(
            THE_OPTIONS,
            size=self.size,
            scale=self.scale,
            mean=_triple(self.mean),
            std=_triple(self.std),
            channels=self.channels,
            fit="crop" if self.crop_share is not None else self.fit,
            filter=self.filter,
            crop_share=self.crop_share,
        )
        return [options, LIKE[self.like]] if self.like else [options]


def _triple(numbers: tuple[float, ...] | None) -> tuple[float, float, float] | None:
    if numbers is None:
        return None
    first, second, third = numbers if len(numbers) == 3 else numbers * 3
    return first, second, third
