"""What augmentation does to the pixels themselves: (B, C, S, S) float batches, each image by its own random amounts."""

import math

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it

LONGEST_PHOTO = 16 / 9  # longer side by shorter
MOST_BLUR = 0.8  # standard deviation in pixels; a photo shrunk with a good filter is no more blurred
BLUR_RADIUS = 2  # pixels
STRONGEST_BLUR = 2 / 224  # standard deviation by the image's side
WIDEST_WINDOW = 4 / 3  # width by height


def turned(values: torch.Tensor, degrees: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Rotate and zoom each image about its centre, the border mirrored; `degrees` and `scale` are (B,)."""
    angle = degrees * (math.pi / 180)
    cos, sin, zero = angle.cos() * scale, angle.sin() * scale, torch.zeros_like(angle)
    return _sampled(values, [cos, -sin, zero], [sin, cos, zero])


def windowed(values: torch.Tensor, lowest: float, tries: torch.Tensor) -> torch.Tensor:
    """Enlarge a window of each image to the whole of it; `tries` (B, T, 4) are 0 to 1.

    A window has `lowest` to all of the image's area, is 3/4 to 4/3 as wide as high (evenly on a logarithmic scale), and
    lies anywhere (Szegedy et al. 2015, arXiv:1409.4842). As in torchvision's RandomResizedCrop the first of the tries
    that fits into the image is taken, or else the whole image; but windows don't end at whole pixels.
    """
    area = lowest + tries[..., 0] * (1 - lowest)
    aspect = ((tries[..., 1] * 2 - 1) * math.log(WIDEST_WINDOW)).exp()
    sides = torch.stack([(area * aspect).sqrt(), (area / aspect).sqrt()], 2)  # (B, T, 2): width, height
    places = (tries[..., 2:] * 2 - 1) * (1 - sides)  # of the centres, in an image from -1 to 1
    fits = (sides <= 1).all(2)  # (B, T)
    first = fits.byte().argmax(1)[:, None, None].expand(-1, 1, 2)
    none = ~fits.any(1)[:, None]
    width, height = sides.gather(1, first)[:, 0].masked_fill(none, 1).unbind(1)
    x, y = places.gather(1, first)[:, 0].masked_fill(none, 0).unbind(1)
    side = values.shape[3]
    line = torch.arange(1 - side, side, 2, device=x.device) / side  # centres of the pixels, in an image from -1 to 1
    across, down = line * width[:, None] + x[:, None], line * height[:, None] + y[:, None]
    grid = torch.stack([across[:, None, :].expand(-1, side, -1), down[:, :, None].expand(-1, -1, side)], 3)
    return F.grid_sample(values, grid, padding_mode="border", align_corners=False)


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


def blurred(values: torch.Tensor, amounts: torch.Tensor) -> torch.Tensor:
    """Blur each image as a lens out of focus does; `amounts` (B, 1), -1 to 1, are shares of the strongest blur.

    It is measured by the side, so that it is as strong to the eye at any size: 2 pixels at 224, as contrastive
    learning has it (Chen et al. 2020, arXiv:2002.05709).
    """
    most = STRONGEST_BLUR * values.shape[3]
    radius = math.ceil(3 * most)
    weights = _gaussian(amounts[:, 0].abs() * most, radius).repeat_interleave(values.shape[1], 0)[:, None, None]
    planes = F.pad(values, (radius, radius, radius, radius), mode="reflect").flatten(0, 1)[None]  # (1, B C, S, S)
    planes = F.conv2d(F.conv2d(planes, weights, groups=len(weights)), weights.mT, groups=len(weights))
    return planes.view_as(values.contiguous())


def _sampled(values: torch.Tensor, x: list[torch.Tensor], y: list[torch.Tensor]) -> torch.Tensor:
    """Take each pixel from where the rows of an affine map, three times (B,) each, say; the border is mirrored."""
    theta = torch.stack([torch.stack(x, 1), torch.stack(y, 1)], 1)  # (B, 2, 3)
    grid = F.affine_grid(theta, list(values.shape), align_corners=False)
    return F.grid_sample(values, grid, padding_mode="reflection", align_corners=False)


def _blurred(values: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """Blur each image by a Gaussian of its own standard deviation, (B,) pixels, cut off at `BLUR_RADIUS`.

    Sums are taken in this order, which `blurred` doesn't keep, so that recorded recipes give the bits they gave.
    """
    weights = _gaussian(sigma, BLUR_RADIUS)[:, None, None, None]  # (B, 1, 1, 1, K)
    for _ in range(2):  # along rows; transposed, along columns
        windows = F.pad(values, (BLUR_RADIUS, BLUR_RADIUS, 0, 0), mode="reflect").unfold(3, weights.shape[4], 1)
        values = (windows * weights).sum(4).transpose(2, 3)
    return values


def _gaussian(sigma: torch.Tensor, radius: int) -> torch.Tensor:
    """Return the weights of Gaussians of the standard deviations `sigma`, (B,) pixels, as (B, 2 radius + 1)."""
    offsets = torch.arange(-radius, radius + 1, device=sigma.device)
    return (-0.5 * (offsets / sigma.clamp(min=1e-3)[:, None]) ** 2).softmax(1)
