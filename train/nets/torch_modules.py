"""Nets as torch modules, built from their layers."""

from collections.abc import Iterator

import torch
from torch import nn

from .layers import (
    AveragePool,
    BatchNorm,
    Classify,
    Conv,
    Dense,
    Depthwise,
    Dropout,
    Elu,
    Flatten,
    Layer,
    MaxPool,
    Relu,
    Residual,
    shapes,
)

# Pixels enter a net as (pixel - PIXEL_MEAN) / PIXEL_STD: near CIFAR-10's own mean (120.7) and standard deviation
# (64.2), and a zero point and scale that uint8 quantization holds exactly, the same for all channels.
PIXEL_MEAN = 128  # uint8 levels
PIXEL_STD = 64  # uint8 levels


class Normalize(nn.Module):
    """Pixels to what the first layer sees: uint8 (B, H, W, 3 or more) -> float32 (B, 3, H, W), channels last."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return (pixel - PIXEL_MEAN) / PIXEL_STD; channels beyond RGB are ignored."""
        rgb = pixels[..., :3].permute(0, 3, 1, 2)  # (B, 3, H, W)
        return (rgb.float() - PIXEL_MEAN) / PIXEL_STD


class Sum(nn.Module):
    """The module of a `Residual`."""

    def __init__(self, body: nn.Sequential, shortcut: nn.Sequential):
        super().__init__()
        self.body = body
        self.shortcut = shortcut

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Return body(value) + shortcut(value)."""
        total: torch.Tensor = self.body(value) + self.shortcut(value)
        return total


def build_net(
    layers: tuple[Layer, ...], *, size: int = 32, classes: int = 10, dropout: float | None = None
) -> nn.Sequential:
    """Return the torch module of a net: uint8 (B, size, size, 3 or more) -> float logits (B, classes).

    `dropout` takes the place of all rates of the net's own. Module 0 normalises; module i + 1 is layer i, but for what
    `_pooling_first` exchanges. Weights lie channels last, the fastest layout on CPU and GPU. Raises RunError when
    `size` is too small for the net.
    """

    def module(layer: Layer, channels: int, side: int) -> nn.Module:
        match layer:
            case Conv(out, kernel):
                return nn.Conv2d(channels, out, kernel, layer.stride, layer.padding)
            case Depthwise(kernel):
                return nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels)
            case BatchNorm():
                return nn.BatchNorm2d(channels)
            case Relu():
                return nn.ReLU()
            case Elu():
                return nn.ELU()
            case MaxPool():
                return nn.MaxPool2d(2)
            case AveragePool():
                return nn.AdaptiveAvgPool2d(1)
            case Residual(body, shortcut):
                return Sum(
                    nn.Sequential(*modules(body, channels, side)), nn.Sequential(*modules(shortcut, channels, side))
                )
            case Dropout(rate):
                return nn.Dropout(rate if dropout is None else dropout)
            case Flatten():
                return nn.Flatten()
            case Dense(units):
                return nn.Linear(channels * side * side, units)
            case Classify():
                return nn.Linear(channels * side * side, classes)

    def modules(layers: tuple[Layer, ...], channels: int, side: int) -> Iterator[nn.Module]:
        for layer, shape in zip(layers, shapes(layers, side, channels), strict=True):
            yield module(layer, *shape)

    net = nn.Sequential(Normalize(), *_pooling_first(list(modules(layers, 3, size))))
    return net.to(memory_format=torch.channels_last)


def _pooling_first(modules: list[nn.Module]) -> list[nn.Module]:
    """Exchange each ReLU with the max pooling right behind it: the same values and gradients for a quarter of the work.

    The layers keep their order, and so does the exported graph, where a convolution and its ReLU become one int8 node.
    """
    for i in range(1, len(modules)):
        if isinstance(modules[i - 1], nn.ReLU) and isinstance(modules[i], nn.MaxPool2d):
            modules[i - 1 : i + 1] = modules[i], modules[i - 1]
    return modules


def count_parameters(net: nn.Module) -> int:
    """Return the number of parameters, batchnorm's running mean and variance counted."""
    return sum(tensor.numel() for tensor in net.state_dict().values() if tensor.is_floating_point())
