"""Layers that keep the weights they start with, and the statistics of batchnorm that aren't to move."""

from itertools import accumulate

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from ..nets.layers import Conv, Dense, Depthwise, Layer


def frozen_layers(layers: tuple[Layer, ...], share: float) -> int:
    """Return how many of a net's first layers keep their weights: those that hold `share` of its weighted layers.

    Weighted are convolutions and dense layers; the classifier is none of them, and 1 is all in front of it. A block
    that would be cut is trained as a whole.
    """
    if not share:
        return 0
    so_far = list(accumulate(map(_weighted, layers)))
    frozen = round(share * so_far[-1])
    return sum(count <= frozen for count in so_far[:-1])


def freeze(net: nn.Sequential, layers: tuple[Layer, ...], share: float) -> nn.Sequential:
    """Keep the weights of the net's first layers from any gradient; return these modules, none where `share` is 0.

    What enters the layers behind them needs no gradient either, so that nothing is kept for a way back.
    """
    count = frozen_layers(layers, share)
    front = net[: len(net) - len(layers) + count] if count else nn.Sequential()
    front.requires_grad_(False)
    return front


def train_mode(net: nn.Sequential, front: nn.Sequential, freeze_statistics: bool) -> None:
    """Set `net` to training mode, but `front` to evaluation, and all batchnorm where its statistics are frozen."""
    net.train()
    front.eval()
    if freeze_statistics:
        for module in net.modules():
            if isinstance(module, _BatchNorm):
                module.eval()


def _weighted(layer: Layer) -> int:
    """Return the number of convolutions and dense layers in a layer."""
    inner = (*getattr(layer, "body", ()), *getattr(layer, "shortcut", ()))
    return isinstance(layer, Conv | Depthwise | Dense) + sum(map(_weighted, inner))
