"""What augmentation does to the pixels themselves: (B, C, S, S) float batches, each image by its own random amounts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it

LONGEST_PHOTO = 16 / 9  # longer side by shorter
MOST_BLUR = 0.8  # standard deviation in pixels; a photo shrunk with a good filter is no more blurred
BLUR_RADIUS = 2  # pixels


def turned(values: torch.Tensor, degrees: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Rotate and zoom each image about its centre, the border mirrored; `degrees` and `scale` are (B,)."""
    angle = degrees * (math.pi / 180)
    cos, sin, zero = angle.cos() * scale, angle.sin() * scale, torch.zeros_like(angle)
    return _sampled(values, [cos, -sin, zero], [sin, cos, zero])


def recoloured(values: torch.Tensor, factors: torch.Tensor) -> torch.Tensor:
    """Scale brightness, contrast and saturation of each image by `factors` (B, 3)."""
    brightness, contrast, saturation = factors[:, :, None, None, None].unbind(1)
    values = values * brightness
    mean = values.mean((1, 2, 3), keepdim=True)
    values = mean + (values - mean) * contrast
    gray = values.mean(1, keepdim=True)
    return gray + (values - gray) * saturation


def photographed(values: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Make each image look like a photo of the same thing, shrunk to a square; `amounts` (B, 3) are -1 to 1.

    The photo is longer than high, or higher than long, by up to `LONGEST_PHOTO`, the thing anywhere in it, and what
    surrounds it mirrored; so the thing comes out squeezed. Then it is blurred by up to `MOST_BLUR`.
    """
    across, along, blur = amounts.unbind(1)
    squeeze = 1 + across.abs() * (LONGEST_PHOTO - 1)
    shift = along * (squeeze - 1)
    long, one, zero = across > 0, torch.ones_like(squeeze), torch.zeros_like(squeeze)
    x = [torch.where(long, squeeze, one), zero, torch.where(long, shift, zero)]
    y = [zero, torch.where(long, one, squeeze), torch.where(long, zero, shift)]
    return _blurred(_sampled(values, x, y), blur.abs() * MOST_BLUR)


def _sampled(values: torch.Tensor, x: list[torch.Tensor], y: list[torch.Tensor]) -> torch.Tensor:
    """Take each pixel from where the rows of an affine map, three times (B,) each, say; the border is mirrored."""
    theta = torch.stack([torch.stack(x, 1), torch.stack(y, 1)], 1)  # (B, 2, 3)
    grid = F.affine_grid(theta, list(values.shape), align_corners=False)
    return F.grid_sample(values, grid, padding_mode="reflection", align_corners=False)


def _blurred(values: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Blur each image by a Gaussian of its own standard deviation, (B,) pixels, cut off at `BLUR_RADIUS`."""
    offsets = torch.arange(-BLUR_RADIUS, BLUR_RADIUS + 1, device=values.device)
    weights = (-0.5 * (offsets / sigma.clamp(min=1e-3)[:, None]) ** 2).softmax(1)[
        :, None, None, None
    ]  # (B, 1, 1, 1, K)
    for _ in range(2):  # along rows; transposed, along columns
        windows = F.pad(values, (BLUR_RADIUS, BLUR_RADIUS, 0, 0), mode="reflect").unfold(3, len(offsets), 1)
        values = (windows * weights).sum(4).transpose(2, 3)
    return values
