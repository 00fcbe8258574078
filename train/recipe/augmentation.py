"""Augmentation of a whole batch at once, on the device that holds the images."""

from dataclasses import dataclass, field, fields
from typing import Any

import torch

from ...edge.errors import RunError
from ..nets.torch_modules import PIXEL_MEAN
from .distortions import photographed, recoloured, turned


def _strength(default: Any, highest: float, lowest: float = 0.0) -> Any:
    """Return a dataclass field that knows its largest useful strength, and the smallest above 0."""
    return field(default=default, metadata={"lowest": lowest, "highest": highest})


@dataclass(frozen=True)
class Augmentation:
    """What is done to an image at random, and how strongly; 0 or False: nothing. Raises RunError for what can't be."""

    crop: int = _strength(0, 255)  # pixels either way, fewer than the image has
    flip: bool = False  # left to right
    vflip: bool = False  # top to bottom
    rotate: float = _strength(0.0, 360)  # degrees either way
    zoom: float = _strength(0.0, 0.99)  # share of the size, in or out
    cutout: int = _strength(0, 511)  # pixels, side of the square, less than two images
    color: float = _strength(0.0, 1)  # share of brightness, contrast and saturation, up or down
    photo: float = _strength(0.0, 1)  # share of the images that are made to look like shrunken photos
    mixup: float = _strength(0.0, 100, 0.001)  # alpha of the Beta distribution that weights are drawn from
    cutmix: float = _strength(0.0, 100, 0.001)  # the same

    def __post_init__(self) -> None:
        for option in fields(self):
            value, lowest, highest = getattr(self, option.name), *map(option.metadata.get, ("lowest", "highest"))
            if option.metadata and value != 0 and not lowest <= value <= highest:
                nor = ", nor 0" if lowest else ""
                raise RunError(f"--augment {option.name}={value}: not between {lowest:g} and {highest:g}{nor}")

    def check_size(self, size: int) -> None:
        """Raise RunError if nothing would be left of images of `size` pixels square."""
        for name, value, limit in (("crop", self.crop, size), ("cutout", self.cutout, 2 * size)):
            if value >= limit:
                raise RunError(f"--augment {name}={value}: too much for --size {size}; give less than {limit}")

    @classmethod
    def parse(cls, text: str) -> "Augmentation":
        """Return what a text such as "crop=4,flip,cutout=8" or "none" asks for. Raises RunError."""
        strengths: dict[str, Any] = {}
        for item in [] if text == "none" else text.split(","):
            name, given, strength = (part.strip() for part in item.partition("="))
            if name in strengths:
                raise RunError(f"--augment {item}: {name} is given twice")
            try:
                strengths[name] = cls._read(name, strength if given else None)
            except (KeyError, TypeError, ValueError) as error:
                raise RunError(
                    f"--augment {item}: expected any of {cls.usage()}, separated by commas, or none"
                ) from error
        return cls(**strengths)

    @classmethod
    def _read(cls, name: str, text: str | None) -> float:
        """Return the value of field `name`: True without a text for a switch, else a number."""
        default = {field.name: field.default for field in fields(cls)}[name]
        if isinstance(default, bool) != (text is None):
            raise ValueError(name)
        if text is None:
            return True
        return int(text) if isinstance(default, int) else float(text)

    @classmethod
    def usage(cls) -> str:
        """Return the names, with = where a strength belongs."""
        return ", ".join(field.name if field.type is bool else f"{field.name}=" for field in fields(cls))


def augment(
    images: torch.Tensor,
    chosen: torch.Tensor,
    generator: torch.Generator,
    augmentation: Augmentation,
    part: slice = slice(None),
) -> torch.Tensor:
    """Gather the images at `chosen[part]`, each changed at random as `augmentation` says (all but what `mixup` does).

    `images` is uint8 (N, S, S, C), `chosen` int64 (B,); returns uint8 (B, S, S, C). Random numbers are drawn for
    the whole batch, so that processes that share one see the same. Crop mirrors the border (padded random crop
    of He et al. 2015, arXiv:1512.03385, with reflection); cutout greys out a square, its centre anywhere (DeVries
    and Taylor 2017, arXiv:1708.04552).
    """
    batch, side, device = len(chosen), images.shape[1], images.device
    crop, cutout = augmentation.crop, augmentation.cutout

    def uniform(low: int, high: int) -> torch.Tensor:  # whole numbers from low to high, (B, 1)
        return torch.randint(low, high + 1, (batch, 1), generator=generator, device=device)[part]

    def signed(count: int) -> torch.Tensor:  # -1 to 1, (B, count)
        return torch.rand((batch, count), generator=generator, device=device)[part] * 2 - 1

    chosen = chosen[part]
    line = torch.arange(side, device=device).expand(len(chosen), side)  # (B, S)
    rows = _reflect(line + uniform(-crop, crop), side)
    columns = _reflect(line + uniform(-crop, crop), side)
    if augmentation.flip:
        columns = torch.where(uniform(0, 1).bool(), columns.flip(1), columns)
    if augmentation.vflip:
        rows = torch.where(uniform(0, 1).bool(), rows.flip(1), rows)
    pixels = images[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]  # (B, S, S, C)
    if augmentation.rotate or augmentation.zoom or augmentation.color:
        pixels = _distort(pixels, augmentation, signed(5))
    if augmentation.photo:
        pixels = _photograph(pixels, augmentation.photo, signed(4))
    if cutout:
        top, left = uniform(-cutout // 2, side - cutout // 2), uniform(-cutout // 2, side - cutout // 2)
        inside_rows = (line >= top) & (line < top + cutout)
        inside_columns = (line >= left) & (line < left + cutout)
        hole = inside_rows[:, :, None] & inside_columns[:, None, :]  # (B, S, S)
        pixels = pixels.masked_fill(hole[..., None], PIXEL_MEAN)
    return pixels


def _distort(pixels: torch.Tensor, augmentation: Augmentation, amounts: torch.Tensor) -> torch.Tensor:
    values = _values(pixels)
    if augmentation.rotate or augmentation.zoom:
        values = turned(values, amounts[:, 0] * augmentation.rotate, 1 + amounts[:, 1] * augmentation.zoom)
    if augmentation.color:
        values = recoloured(values, 1 + amounts[:, 2:] * augmentation.color)
    return _pixels(values)


def _photograph(pixels: torch.Tensor, share: float, amounts: torch.Tensor) -> torch.Tensor:
    """Change the `share` of the images that the first of their `amounts`, -1 to 1, falls on."""
    chosen = amounts[:, 0] < 2 * share - 1
    if not chosen.any():
        return pixels
    changed = pixels.clone()
    changed[chosen] = _pixels(photographed(_values(pixels[chosen]), amounts[chosen, 1:]))
    return changed


def _values(pixels: torch.Tensor) -> torch.Tensor:
    """Return (B, S, S, C) as float (B, C, S, S)."""
    return pixels.permute(0, 3, 1, 2).float()


def _pixels(values: torch.Tensor) -> torch.Tensor:
    """Return float (B, C, S, S) as uint8 (B, S, S, C)."""
    return values.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def _reflect(index: torch.Tensor, side: int) -> torch.Tensor:
    """Fold indices outside 0 .. side - 1 back by mirroring at the border."""
    return (side - 1) - ((side - 1) - index.abs()).abs()
