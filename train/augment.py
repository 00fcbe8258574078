"""Augmentation of a whole batch at once, on the device that holds the images, as index arithmetic."""

import torch

from .nets import PIXEL_MEAN


def augment(
    images: torch.Tensor,
    chosen: torch.Tensor,
    generator: torch.Generator,
    *,
    crop: int,
    flip: bool,
    cutout: int,
) -> torch.Tensor:
    """Gather the images at `chosen` with a random shift, flip and cutout for each.

    `images` is uint8 (N, S, S, C), `chosen` int64 (B,); returns uint8 (B, S, S, C). `crop`: shift by up to so
    many pixels either way, the border mirrored (padded random crop of He et al. 2015, arXiv:1512.03385, with
    reflection); `flip`: mirror every other one on average; `cutout`: grey out a square of that side (DeVries
    and Taylor 2017, arXiv:1708.04552), its centre anywhere.
    """
    batch, side, device = len(chosen), images.shape[1], images.device

    def uniform(low: int, high: int) -> torch.Tensor:  # whole numbers from low to high, (B, 1)
        return torch.randint(low, high + 1, (batch, 1), generator=generator, device=device)

    line = torch.arange(side, device=device).expand(batch, side)  # (B, S)
    rows = _reflect(line + uniform(-crop, crop), side)
    columns = _reflect(line + uniform(-crop, crop), side)
    if flip:
        columns = torch.where(uniform(0, 1).bool(), columns.flip(1), columns)
    pixels = images[chosen[:, None, None], rows[:, :, None], columns[:, None, :]]  # (B, S, S, C)
    if cutout:
        top, left = uniform(-cutout // 2, side - cutout // 2), uniform(-cutout // 2, side - cutout // 2)
        inside_rows = (line >= top) & (line < top + cutout)
        inside_columns = (line >= left) & (line < left + cutout)
        hole = inside_rows[:, :, None] & inside_columns[:, None, :]  # (B, S, S)
        pixels = pixels.masked_fill(hole[..., None], PIXEL_MEAN)
    return pixels


def _reflect(index: torch.Tensor, side: int) -> torch.Tensor:
    """Fold indices outside 0 .. side - 1 back by mirroring at the border."""
    return (side - 1) - ((side - 1) - index.abs()).abs()
