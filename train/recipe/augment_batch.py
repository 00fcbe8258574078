"""Augmentation of a whole batch at once, on the device that holds the images."""

from collections.abc import Callable
from typing import TypeAlias

import torch

from ..nets.layers import PIXEL_MEAN
from .augmentation import Augmentation, in_pixels
from .distortions import blurred, photographed, recoloured, turned, windowed
from .jpeg import compressed

WINDOW_TRIES = 10
Change: TypeAlias = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]  # float (B, C, S, S) by amounts (B, A)


def augment(
    images: torch.Tensor,
    chosen: torch.Tensor,
    generator: torch.Generator,
    augmentation: Augmentation,
    part: slice = slice(None),
) -> torch.Tensor:
    """Gather the images at `chosen[part]`, each changed at random as `augmentation` says (all but what `mixup` does).

    `images` is uint8 (N, S, S, C), `chosen` int64 (B,); returns uint8 (B, S, S, C). Random numbers are drawn for
    the whole batch, so that processes that share one see the same. Where `images` are a batch's rows alone, gathered
    before, `torch.arange(B)` as `chosen` gives the same bits. Crop mirrors the border (padded random crop of He et al.
    2015, arXiv:1512.03385, with reflection); cutout greys out a square, its centre anywhere (DeVries and Taylor 2017,
    arXiv:1708.04552).
    """
    batch, side, device = len(chosen), images.shape[1], images.device
    crop, cutout = in_pixels(augmentation.crop, side), in_pixels(augmentation.cutout, side)

    def uniform(low: int, high: int) -> torch.Tensor:  # whole numbers from low to high, (B, 1)
        return torch.randint(low, high + 1, (batch, 1), generator=generator, device=device)[part]

    def shares(*shape: int) -> torch.Tensor:  # 0 to 1, (B, ...)
        return torch.rand((batch, *shape), generator=generator, device=device)[part]

    def signed(count: int) -> torch.Tensor:  # -1 to 1, (B, count)
        return shares(count) * 2 - 1

    chosen = chosen[part]
    line = torch.arange(side, device=device).expand(len(chosen), side)  # (B, S)
    rows = _reflect(line + uniform(-crop, crop), side)
    columns = _reflect(line + uniform(-crop, crop), side)
    if augmentation.flip:
        columns = torch.where(uniform(0, 1).bool(), columns.flip(1), columns)
    if augmentation.vflip:
        rows = torch.where(uniform(0, 1).bool(), rows.flip(1), rows)
    places = (chosen[:, None, None] * side + rows[:, :, None]) * side + columns[:, None, :]  # among all pixels
    pixels = images.flatten(0, 2).index_select(0, places.flatten()).view(*places.shape, -1)  # (B, S, S, C)
    if augmentation.resized:
        pixels = _pixels(windowed(_values(pixels), augmentation.resized, shares(WINDOW_TRIES, 4)))
    if augmentation.rotate or augmentation.zoom or augmentation.color:
        pixels = _distort(pixels, augmentation, signed(5))
    if augmentation.photo:
        pixels = _change_some(pixels, augmentation.photo, signed(4), photographed)
    if augmentation.blur:
        pixels = _change_some(pixels, augmentation.blur, signed(2), blurred)
    if augmentation.jpeg:
        pixels = _change_some(pixels, augmentation.jpeg, signed(2), compressed)
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


def _change_some(pixels: torch.Tensor, share: float, amounts: torch.Tensor, change: Change) -> torch.Tensor:
    """Change the `share` of the images that the first of their `amounts`, -1 to 1, falls on."""
    chosen = amounts[:, 0] < 2 * share - 1
    if not chosen.any():
        return pixels
    changed = pixels.clone()
    changed[chosen] = _pixels(change(_values(pixels[chosen]), amounts[chosen, 1:]))
    return changed


def _values(pixels: torch.Tensor) -> torch.Tensor:
    """Return (B, S, S, C) as float (B, C, S, S)."""
    return pixels.permute(0, 3, 1, 2).float()


def _pixels(values: torch.Tensor) -> torch.Tensor:
    """Return float (B, C, S, S), which is overwritten, as uint8 (B, S, S, C)."""
    return values.round_().clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1)


def _reflect(index: torch.Tensor, side: int) -> torch.Tensor:
    """Fold indices outside 0 .. side - 1 back by mirroring at the border."""
    return (side - 1) - ((side - 1) - index.abs()).abs()
