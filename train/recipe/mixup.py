"""Images of a batch mixed in pairs, whose targets are mixed as they are: mixup and CutMix."""

import math

import numpy as np
import torch

from .augmentation import Augmentation


def mix(
    pixels: torch.Tensor, augmentation: Augmentation, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Mix a batch by mixup or by CutMix, as `augmentation` asks; where it asks for both, chance chooses evenly.

    `pixels` is uint8 (B, S, S, C). Returns the mixed images, each one's partner, int64 (B,), and the first one's weight
    (0.5 to 1), drawn from Beta(alpha, alpha) once for the batch, on its own generator.
    """
    ways = [(way, alpha) for way, alpha in ((mixup, augmentation.mixup), (cutmix, augmentation.cutmix)) if alpha]
    way, alpha = ways[int(torch.rand(1, generator=generator, device=generator.device) < 0.5) if ways[1:] else 0]
    return way(pixels, alpha, generator)


def mixup(pixels: torch.Tensor, alpha: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Blend each image with its partner by the weight (Zhang et al. 2017, arXiv:1710.09412)."""
    partners, weight = _partners(pixels, generator), _beta(alpha, generator)
    mixed = pixels.float().lerp(pixels[partners].float(), 1 - weight)
    return mixed.round().to(torch.uint8), partners, weight


def cutmix(pixels: torch.Tensor, alpha: float, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor, float]:
    """Put a square of its partner into each image, at the same place (Yun et al. 2019, arXiv:1905.04899).

    Its centre is anywhere and what lies outside is cut off; the weight returned is the share of the image that is left.
    It is half or more, which of the two images the square belongs to being arbitrary.
    """
    partners, side = _partners(pixels, generator), pixels.shape[1]
    half = side * math.sqrt(1 - _beta(alpha, generator)) / 2
    centre = side * torch.rand(2, generator=generator, device=generator.device)
    first, last = (
        round_.clamp(0, side).int().tolist() for round_ in ((centre - half).round(), (centre + half).round())
    )
    rows, columns = (slice(*ends) for ends in zip(first, last, strict=True))
    mixed = pixels.clone()
    mixed[:, rows, columns] = pixels[partners, rows, columns]
    return mixed, partners, 1 - (last[0] - first[0]) * (last[1] - first[1]) / side**2


def _partners(pixels: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    return torch.randperm(len(pixels), generator=generator, device=pixels.device)


def _beta(alpha: float, generator: torch.Generator) -> float:
    """Return max(x, 1 - x) of x drawn from Beta(alpha, alpha) by numpy, which is quick for any alpha."""
    seed = int(torch.randint(2**32, (1,), generator=generator, device=generator.device))
    drawn = np.random.RandomState(seed).beta(alpha, alpha)
    return max(drawn, 1 - drawn)
