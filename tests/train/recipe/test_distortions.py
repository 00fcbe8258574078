import math

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from edge_cifar.train.recipe.distortions import STRONGEST_BLUR, blurred, windowed
from torchvision.transforms import RandomResizedCrop

SIDE = 64


def _ramps(count: int) -> torch.Tensor:
    """Return images whose pixels say where they are: (count, 2, SIDE, SIDE), the columns and the rows."""
    line = torch.arange(SIDE) + 0.5
    return torch.stack([line.expand(SIDE, SIDE), line[:, None].expand(SIDE, SIDE)]).expand(count, 2, SIDE, SIDE)


def _windows(lowest: float, count: int = 4000) -> torch.Tensor:
    """Return the sides and centres of windows, as shares of the side: width, height, x and y, (count, 4)."""
    tries = torch.rand((count, 10, 4), generator=torch.Generator().manual_seed(0))
    seen = windowed(_ramps(count), lowest, tries) / SIDE
    columns, rows = seen[:, 0, 0], seen[:, 1, :, 0]
    inner = slice(SIDE // 4, -SIDE // 4)  # where no border is near
    sides = [(line[:, inner][:, -1] - line[:, inner][:, 0]) * SIDE / (SIDE // 2 - 1) for line in (columns, rows)]
    return torch.stack([*sides, columns.mean(1), rows.mean(1)], 1)


def test_windows_lie_in_the_image_and_keep_to_their_limits() -> None:
    width, height, x, y = _windows(0.25).unbind(1)
    assert (width * height).min() > 0.25 - 1e-4
    assert (width * height).min() < 0.26
    assert torch.maximum(width / height, height / width).max() < 4 / 3 + 1e-4
    assert torch.maximum(width, height).max() < 1 + 1e-4
    for place, side in ((x, width), (y, height)):
        assert (place - side / 2).min() > -2 / SIDE  # the outermost pixels are seen twice
        assert (place + side / 2).max() < 1 + 2 / SIDE


@pytest.mark.parametrize("lowest", [0.08, 0.5])
def test_windows_are_drawn_as_torchvision_draws_them(lowest: float) -> None:
    width, height, x, _ = _windows(lowest).unbind(1)
    torch.manual_seed(0)
    image = torch.empty(1, 1000, 1000)
    drawn = torch.tensor([RandomResizedCrop.get_params(image, [lowest, 1], [3 / 4, 4 / 3]) for _ in range(4000)]) / 1000
    quantiles = torch.tensor([0.1, 0.25, 0.5, 0.75, 0.9])
    for ours, theirs in ((width * height, drawn[:, 2] * drawn[:, 3]), (width, drawn[:, 3]), (height, drawn[:, 2])):
        assert torch.allclose(ours.quantile(quantiles), theirs.quantile(quantiles), atol=0.03)
    assert torch.allclose(x.quantile(quantiles), (drawn[:, 1] + drawn[:, 3] / 2).quantile(quantiles), atol=0.03)


def test_a_window_is_enlarged_linearly() -> None:
    values = torch.rand((1, 3, 16, 16), generator=torch.Generator().manual_seed(0))
    corner = windowed(values, 0.25, torch.tensor([[[0.0, 0.5, 0.0, 1.0]]]))  # a quarter, square, at the left and bottom
    expected = F.interpolate(values[:, :, 8:, :8], size=16, mode="bilinear", align_corners=False)
    assert torch.allclose(corner[..., 1:, :-1], expected[..., 1:, :-1], atol=1e-5)  # beyond them lie other pixels


def test_a_window_that_never_fits_is_the_whole_image() -> None:
    values = torch.rand((1, 3, 16, 16), generator=torch.Generator().manual_seed(0))
    assert torch.allclose(windowed(values, 0.9, torch.ones(1, 10, 4)), values, atol=1e-5)


@pytest.mark.parametrize("side", [112, 224])
def test_blur_spreads_a_point_by_its_share_of_the_side(side: int) -> None:
    point = torch.zeros(2, 3, side, side)
    point[:, :, side // 2, side // 2] = 1
    amounts = torch.tensor([[1.0], [-0.5]])
    places = torch.arange(side) - side // 2
    for spread, share in zip(blurred(point, amounts)[:, 0], (1.0, 0.5), strict=True):
        assert spread.sum().item() == pytest.approx(1, abs=1e-5)
        for along in (0, 1):
            deviation = math.sqrt((spread.sum(along) * places**2).sum().item())
            assert deviation == pytest.approx(share * STRONGEST_BLUR * side, rel=0.1)  # of samples of a Gaussian
