"""A start for short trainings: each convolution hands on what it is given, the first one uncorrelated."""

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
from torch import nn

LOGIT_SCALE = 1 / 9  # airbench94's; a head that learns at LOGIT_SCALE**2 of the rate is its scaled one
SMALLEST_VARIANCE = 5e-4  # added, so that directions which hold nothing but noise aren't blown up


@torch.no_grad()
def start_as_identity(net: nn.Sequential, pixels: torch.Tensor) -> None:
    """Give `net` the start of airbench94 (Jordan 2024, arXiv:2404.00498), found on `pixels`, uint8 (N, S, S, C).

    The first convolution whitens patches: its filters are the directions in which they vary most, each with both
    signs, divided by the deviation. Of each further convolution, as many filters as there are channels hand one on
    as it is; what filters are left keep their random weights. Logits start at a ninth of theirs.
    """
    first, *others = (module for module in net.modules() if isinstance(module, nn.Conv2d) and module.groups == 1)
    _whiten(first, net[0](pixels))
    for convolution in others:
        nn.init.dirac_(convolution.weight[: convolution.in_channels])
    head = net[-1]
    assert isinstance(head, nn.Linear)
    head.weight.mul_(LOGIT_SCALE)


def _whiten(convolution: nn.Conv2d, images: torch.Tensor) -> None:
    """Set the filters to the principal directions of the patches of float32 `images` (N, C, H, W)."""
    patches = F.unfold(images, convolution.weight.shape[2:]).transpose(1, 2).flatten(0, 1)  # (patches, C * k * k)
    variances, directions = torch.linalg.eigh(patches.T @ patches / len(patches))  # smallest first
    filters = (directions / (variances + SMALLEST_VARIANCE).sqrt()).T.flip(0)
    both = filters[: convolution.out_channels // 2].unflatten(1, convolution.weight.shape[1:])
    convolution.weight[: 2 * len(both)] = torch.cat([both, -both])
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)
