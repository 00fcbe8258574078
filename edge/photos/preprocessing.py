"""How an upright photo becomes the square of pixels that a net takes; mean, deviation and layout lie in its graph."""

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias, get_args

from PIL import Image

Fit: TypeAlias = Literal["squash", "crop"]

FILTERS = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

GAP = 3.0
LARGE_GAP = 1.5
LARGE_SIZE = 128


@dataclass(frozen=True)
class Preprocessing:
    """Photos at `size` pixels square, resized by a filter of `FILTERS` with antialiasing.

    `fit` "squash" takes the whole photo, whatever its shape; "crop" takes the middle square, of `crop_share` (0 to 1)
    of the shorter side: what torchvision's `Resize(size / crop_share)` and `CenterCrop(size)` leave of a photo.

    Squash and bicubic, the rule of our own nets, were chosen on degraded validation images
    (`benchmarks/results/resize_rule.md`): of six filters bicubic is the best or equal to it however a photo is framed,
    and nearest loses 31 to 35 points. A crop of the middle gains 5 to 8 points where a square thing lies within a
    longer photo, and loses 19 where it fills it; how often a photo is which can't be known from such images, so the
    rule is the one that loses nothing of any photo.
    """

    size: int
    fit: Fit = "squash"
    filter: str = "bicubic"
    crop_share: float = 1.0

    def __post_init__(self) -> None:
        """Raise ValueError for values that no photo can be brought to."""
        if self.size < 1:
            raise ValueError(f"size {self.size}")
        if self.fit not in get_args(Fit) or self.filter not in FILTERS:
            raise ValueError(f"resize rule {self.fit}-{self.filter}")
        if not 0 < self.crop_share <= 1 or (self.fit == "squash" and self.crop_share != 1):
            raise ValueError(f"crop share {self.crop_share}")

    @property
    def reducing_gap(self) -> float:
        """How many times the size a photo keeps at least while it is reduced by whole factors, before it is resized.

        Three times can hardly be told from a full resize, as Pillow's documentation says of `reducing_gap`. From 128
        pixels on the half of that keeps pixels within 1 of 255 of one, on average, and leaves a quarter to resize.
        """
        return GAP if self.size < LARGE_SIZE else LARGE_GAP

    @property
    def draft_side(self) -> int:
        """Pixels each way that a large JPEG must keep when it is decoded at a fraction of its size."""
        return round(self.size * self.reducing_gap / self.crop_share)

    @property
    def rule(self) -> str:
        """All but the size, as model cards have it: "squash-bicubic", "crop-bilinear-0.875"."""
        return f"{self.fit}-{self.filter}" + (f"-{self.crop_share!r}" if self.crop_share != 1 else "")

    @classmethod
    def of(cls, to: "int | Preprocessing") -> "Preprocessing":
        """Return what `to` stands for: a number is the side of the square that our own nets take whole photos to."""
        return to if isinstance(to, Preprocessing) else cls(to)

    @classmethod
    def parse(cls, size: int, rule: str) -> Self:
        """Return the preprocessing with this `rule`. Raises ValueError unless it is written as `rule` writes it."""
        fit, _, rest = rule.partition("-")
        name, _, share = rest.partition("-")
        made = cls(size, fit, name, float(share or 1))  # type: ignore[arg-type]  # checked there
        if made.rule != rule:
            raise ValueError(f"resize rule {rule!r}")
        return made
