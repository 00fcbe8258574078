"""What JPEG compression does to a batch of images, computed on the device that holds them."""

import math

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it

LOWEST_QUALITY, HIGHEST_QUALITY = 30, 95  # as libjpeg counts: what messengers make of photos, and what cameras do
BLOCK = 8  # pixels
# ITU-T T.81 (1992), Annex K, tables K.1 (luminance) and K.2 (chrominance), rows from low to high vertical frequencies.
LUMINANCE = """
    16 11 10 16 24 40 51 61      12 12 14 19 26 58 60 55      14 13 16 24 40 57 69 56      14 17 22 29 51 87 80 62
    18 22 37 56 68 109 103 77    24 35 55 64 81 104 113 92    49 64 78 87 103 121 120 101  72 92 95 98 112 100 103 99
"""
CHROMINANCE = """
    17 18 24 47 99 99 99 99      18 21 26 66 99 99 99 99      24 26 56 99 99 99 99 99      47 66 99 99 99 99 99 99
    99 99 99 99 99 99 99 99      99 99 99 99 99 99 99 99      99 99 99 99 99 99 99 99      99 99 99 99 99 99 99 99
"""


def compressed(values: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Return images as they come back out of a JPEG file of some quality; `amounts` (B, 1) are -1 to 1."""
    return through_jpeg(values, HIGHEST_QUALITY - amounts[:, 0].abs() * (HIGHEST_QUALITY - LOWEST_QUALITY))


def through_jpeg(values: torch.Tensor, quality: torch.Tensor) -> torch.Tensor:
    """Return float RGB (B, 3, S, S), 0 to 255, as it comes back out of a JPEG file of `quality`, (B,), 1 to 100.

    Colours are those of JFIF 1.02, colour differences have half the resolution each way (4:2:0), blocks of 8 x 8 go
    through a DCT whose coefficients are rounded to multiples of the standard tables, and differences are interpolated
    linearly on the way back ("fancy upsampling"), all as libjpeg does by default; its integer arithmetic is not copied.
    """
    side = values.shape[3]
    rest = -side % (2 * BLOCK)
    values = F.pad(values.contiguous(), (0, rest, 0, rest), mode="replicate")
    red, green, blue = values.unbind(1)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue - 128
    differences = torch.stack([(blue - luma - 128) / 1.772, (red - luma - 128) / 1.402], 1)
    luma = _quantized(luma[:, None], _table(LUMINANCE, quality))[:, 0] + 128
    differences = _quantized(F.avg_pool2d(differences, 2), _table(CHROMINANCE, quality))
    blueness, redness = F.interpolate(differences, scale_factor=2, mode="bilinear", align_corners=False).unbind(1)
    green = luma - 0.344136 * blueness - 0.714136 * redness
    decoded = torch.stack([luma + 1.402 * redness, green, luma + 1.772 * blueness], 1)
    return decoded[:, :, :side, :side].clamp(0, 255)


def _table(numbers: str, quality: torch.Tensor) -> torch.Tensor:
    """Return the steps of each image's coefficients, (B, 1, 1, 8, 1, 8), scaled as jcparam.c of libjpeg does."""
    quality = quality.round()[:, None]
    scale = torch.where(quality < 50, (5000 / quality).floor(), 200 - 2 * quality)
    base = torch.tensor([float(number) for number in numbers.split()], device=quality.device)
    return ((base * scale + 50) / 100).floor().clamp(1, 255).view(-1, 1, 1, BLOCK, 1, BLOCK)


def _quantized(plane: torch.Tensor, steps: torch.Tensor) -> torch.Tensor:
    """Round the DCT coefficients of each 8 x 8 block of (B, C, H, W) to multiples of `steps`."""
    dct = _dct(plane.device)
    shape = plane.shape
    blocks = plane.view(*shape[:2], shape[2] // BLOCK, BLOCK, shape[3])
    coefficients = ((dct @ blocks).view(*blocks.shape[:4], -1, BLOCK) @ dct.T).div_(steps).round_().mul_(steps)
    return (dct.T @ (coefficients @ dct).view_as(blocks)).view(shape)


def _dct(device: torch.device) -> torch.Tensor:
    """Return the orthonormal DCT of type II, (8, 8), a row for each frequency (ITU-T T.81, A.3.3)."""
    frequency, place = torch.arange(BLOCK, device=device)[:, None], torch.arange(BLOCK, device=device)
    cosines = ((2 * place + 1) * frequency * (math.pi / (2 * BLOCK))).cos() * math.sqrt(2 / BLOCK)
    cosines[0] *= math.sqrt(0.5)
    return cosines
