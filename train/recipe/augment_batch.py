"""Augmentation of a whole batch at once, on the device that holds the images."""

import torch

from ..nets.layers import PIXEL_MEAN
from .augmentation import Augmentation
from .distortions import photographed, recoloured, turned


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
