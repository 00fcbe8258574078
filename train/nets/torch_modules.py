"""Nets as torch modules, built from their layers."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812, PyTorch's own name for it
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
    Gate,
    HardSigmoid,
    HardSwish,
    Layer,
    MaxPool,
    Pixels,
    Relu,
    Relu6,
    Residual,
    from_pixels,
    pads,
    shapes,
)


class Normalize(nn.Module):
    """The module of `Pixels`: uint8 (B, H, W, 3 or more) -> float32 (B, 3, H, W), channels last."""

    mean: torch.Tensor  # (3, 1, 1)
    std: torch.Tensor

    def __init__(self, pixels: Pixels):
        super().__init__()
        for name, values in (("mean", pixels.mean), ("std", pixels.std)):
            self.register_buffer(name, torch.tensor(values, dtype=torch.float32)[:, None, None], persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return (pixel - mean) / std; channels beyond RGB are ignored."""
        rgb = pixels[..., :3].permute(0, 3, 1, 2)  # (B, 3, H, W)
        return (rgb.float() - self.mean) / self.std


class UnevenConv2d(nn.Conv2d):
    """A convolution with other numbers of zeros above (and at the left) than below (and at the right), `pads`.

    What `nn.Conv2d` offers as "same" is for stride 1 only.
    """

    def __init__(
        self, pads: tuple[int, int], channels: int, out: int, kernel: int, stride: int, groups: int, bias: bool
    ):
        super().__init__(channels, out, kernel, stride, groups=groups, bias=bias)
        self.uneven = (*pads, *pads)  # left, right, top, bottom

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Return the convolution of `value` (B, C, H, W) with zeros around it."""
        return super().forward(F.pad(value, self.uneven))


class _CutAt6(torch.autograd.Function):
    """ReLU6 that keeps what it gives, which the layer behind keeps anyway; PyTorch's own keeps what it is given, too.

    A third of what training a MobileNet needs of memory is spared so.
    """

    @staticmethod
    def forward(context: Any, value: torch.Tensor) -> torch.Tensor:
        cut = value.clamp(0, 6)
        context.save_for_backward(cut)
        return cut

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        [cut] = context.saved_tensors
        passed: torch.Tensor = torch.ops.aten.hardtanh_backward(gradient, cut, 0, 6)
        return passed


class ReLU6(nn.Module):
    """The module of `Relu6`."""

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Return `value`, cut at 0 and 6."""
        cut: torch.Tensor = _CutAt6.apply(value)
        return cut


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


class Product(nn.Module):
    """The module of a `Gate`."""

    def __init__(self, body: nn.Sequential):
        super().__init__()
        self.body = body

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        """Return value * body(value)."""
        product: torch.Tensor = value * self.body(value)
        return product


def build_net(
    layers: tuple[Layer, ...], *, size: int = 32, classes: int = 10, dropout: float | None = None
) -> nn.Sequential:
    """Return the torch module of a net: uint8 (B, size, size, 3 or more) -> float logits (B, classes).

    `dropout` takes the place of all rates of the net's own. Module i is layer i of `from_pixels(layers)`, but for what
    `_pooling_first` exchanges. Weights lie channels last, the fastest layout on CPU and GPU. Raises RunError when
    `size` is too small for the net.
    """

    def module(layer: Layer, channels: int, side: int) -> nn.Module:
        match layer:
            case Pixels():
                return Normalize(layer)
            case Conv(out):
                return _convolution(layer, channels, out, side)
            case Depthwise():
                return _convolution(layer, channels, channels, side)
            case BatchNorm(eps, momentum):
                return nn.BatchNorm2d(channels, eps, momentum)
            case Relu():
                return nn.ReLU()
            case Relu6():
                return ReLU6()
            case HardSigmoid():
                return nn.Hardsigmoid()
            case HardSwish():
                return nn.Hardswish()
            case Elu():
                return nn.ELU()
            case MaxPool():
                return nn.MaxPool2d(layer.kernel, layer.stride, pads(layer, side)[0])
            case AveragePool():
                return nn.AdaptiveAvgPool2d(1)
            case Residual(body, shortcut):
                return Sum(
                    nn.Sequential(*modules(body, channels, side)), nn.Sequential(*modules(shortcut, channels, side))
                )
            case Gate(body):
                return Product(nn.Sequential(*modules(body, channels, side)))
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

    net = nn.Sequential(*_pooling_first(list(modules(from_pixels(layers), 3, size))))
    return net.to(memory_format=torch.channels_last)


def _convolution(layer: Conv | Depthwise, channels: int, out: int, side: int) -> nn.Conv2d:
    before, after = pads(layer, side)
    groups = channels if isinstance(layer, Depthwise) else 1
    if before == after:
        return nn.Conv2d(channels, out, layer.kernel, layer.stride, before, groups=groups, bias=layer.bias)
    return UnevenConv2d((before, after), channels, out, layer.kernel, layer.stride, groups, layer.bias)


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
