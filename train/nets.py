"""Nets as data: a net is a tuple of layers, built here as a torch module and in `export` as an ONNX graph."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import nn

from ..edge.errors import RunError

# Pixels enter a net as (pixel - PIXEL_MEAN) / PIXEL_STD: near CIFAR-10's own mean (120.7) and standard deviation
# (64.2), and a zero point and scale that uint8 quantization holds exactly, the same for all channels.
PIXEL_MEAN = 128  # uint8 levels
PIXEL_STD = 64  # uint8 levels


@dataclass(frozen=True)
class Conv:
    """2D convolution with bias; `padded` with zeros so that height and width are what `stride` divides them to.

    For that a kernel must be odd at stride 1.
    """

    channels: int
    kernel: int = 3
    padded: bool = True
    stride: int = 1

    @property
    def padding(self) -> int:
        """Zeros on each side."""
        return (self.kernel - 1) // 2 if self.padded else 0

    def side(self, before: int) -> int:
        """Return the height and width of what comes out."""
        return (before + 2 * self.padding - self.kernel) // self.stride + 1


@dataclass(frozen=True)
class Depthwise:
    """Convolution of each channel by itself, with bias, stride 1, zero-padded to keep height and width."""

    kernel: int = 3


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation over channels."""


@dataclass(frozen=True)
class Relu:
    """Rectified linear unit."""


@dataclass(frozen=True)
class Elu:
    """Exponential linear unit (Clevert et al. 2015, arXiv:1511.07289), alpha 1."""


@dataclass(frozen=True)
class MaxPool:
    """2 x 2 max pooling, stride 2; an odd last row and column are left out."""


@dataclass(frozen=True)
class AveragePool:
    """Mean over height and width: (B, C, H, W) -> (B, C, 1, 1)."""


@dataclass(frozen=True)
class Residual:
    """Sum of what `body` and `shortcut` make of one input; an empty shortcut hands it on as it is."""

    body: tuple["Layer", ...]
    shortcut: tuple["Layer", ...] = ()


@dataclass(frozen=True)
class Dropout:
    """Dropout at `rate`, unless the recipe sets another for all."""

    rate: float = 0.0


@dataclass(frozen=True)
class Flatten:
    """(B, C, H, W) -> (B, C * H * W)."""


@dataclass(frozen=True)
class Dense:
    """Linear layer with bias, behind Flatten."""

    units: int


@dataclass(frozen=True)
class Classify:
    """Linear layer to one logit a class."""


Layer: TypeAlias = (
    Conv | Depthwise | BatchNorm | Relu | Elu | MaxPool | AveragePool | Residual | Dropout | Flatten | Dense | Classify
)


def _conv_bn_relu(channels: int, stride: int = 1) -> tuple[Layer, ...]:
    return Conv(channels, stride=stride), BatchNorm(), Relu()


def _residual(channels: int, stride: int = 1) -> tuple[Layer, ...]:
    """Return a block of two convolutions; one that changes the shape has a 1x1 convolution on its shortcut."""
    body = (*_conv_bn_relu(channels, stride), Conv(channels), BatchNorm())
    shortcut = (Conv(channels, 1, stride=stride),) if stride > 1 else ()
    return Residual(body, shortcut), Relu()


def _separable(channels: int) -> tuple[Layer, ...]:
    """Return a depthwise separable convolution (Howard et al. 2017, arXiv:1704.04861)."""
    return Depthwise(), BatchNorm(), Relu(), Conv(channels, 1), BatchNorm(), Relu()


def _stage(channels: int) -> tuple[Layer, ...]:
    return *_conv_bn_relu(channels), *_conv_bn_relu(channels), MaxPool(), Dropout()


def _elu_stage(channels: int, dropout: float) -> tuple[Layer, ...]:
    return (*(*(Conv(channels), Elu(), BatchNorm()) * 2, MaxPool(), Dropout(dropout)),)


def _conv_pool(*channels: int) -> tuple[Layer, ...]:
    """Return a padded convolution, ReLU and pooling for each of `channels`."""
    return tuple(layer for out in channels for layer in (Conv(out), Relu(), MaxPool()))


def _valid(channels: int, kernel: int = 3) -> tuple[Layer, ...]:
    """Return an unpadded convolution with ReLU."""
    return Conv(channels, kernel, padded=False), Relu()


def _head(*units: int, dropout: float = 0.0) -> tuple[Layer, ...]:
    """Return dense layers with ReLU, dropout behind the first where asked for, and the classifier."""
    first, *others = units
    drop = (Dropout(dropout),) if dropout else ()
    dense = tuple(layer for count in others for layer in (Dense(count), Relu()))
    return *(Flatten(), Dense(first), Relu()), *drop, *dense, Classify()


NETS: dict[str, tuple[Layer, ...]] = {
    # Six 3x3 convolutions in three stages: 309,290 parameters, batchnorm statistics counted, at 32 x 32, 10 classes.
    "batchnorm": (*_stage(32), *_stage(64), *_stage(128), Flatten(), Classify()),
    # A teacher for distillation: wide where pixels are few, as in airbench94 (Jordan 2024, arXiv:2404.00498).
    "wide": (
        *(*_conv_bn_relu(32), *_conv_bn_relu(64), MaxPool()),
        *(*_conv_bn_relu(64), *_conv_bn_relu(256), MaxPool()),
        *(*_conv_bn_relu(256), *_conv_bn_relu(256), MaxPool()),
        *(*_conv_bn_relu(256), MaxPool(), Dropout()),
        *(Flatten(), Classify()),
    ),
    # Few parameters and hard to quantize: each channel of a depthwise layer has a range of its own.
    "depthwise": (
        *_conv_bn_relu(24),
        *(*_separable(32), MaxPool()),
        *(*_separable(64), *_separable(64), MaxPool()),
        *(*_separable(96), *_separable(96), MaxPool(), Dropout()),
        *(Flatten(), Classify()),
    ),
    # The layout of MLPerf Tiny's image classification net: 78,666 parameters (Banbury et al. 2021, arXiv:2106.07597).
    "resnet8": (
        *(*_conv_bn_relu(16), *_residual(16), *_residual(32, stride=2), *_residual(64, stride=2)),
        *(AveragePool(), Flatten(), Classify()),
    ),
    # The nets of public CIFAR-10 notebooks, layer by layer.
    "plain": (*(*_valid(32), MaxPool(), *_valid(64), MaxPool(), *_valid(64)), *_head(64)),
    "plain-dropout": (
        *(*_valid(32), MaxPool(), Dropout(0.2), *_valid(64), MaxPool(), *_valid(64)),
        *_head(64, dropout=0.4),
    ),
    "wide-kernel": (*(*_valid(32, 4), MaxPool(), *_valid(32, 4), MaxPool()), *_head(256)),
    "single": (*_conv_pool(16), *_head(16)),
    "augmented": (*_conv_pool(16, 32, 64), *_head(64)),
    "deep": (*_conv_pool(16, 32, 64, 128, 256), *_head(1024, dropout=0.5)),
    "deep-augmented": (*_conv_pool(16, 32, 64, 128, 256), *_head(512)),
    "plain-128": (
        *(layer for channels in (32, 64, 128) for layer in (*_valid(channels), MaxPool())),
        *_head(128, 64, dropout=0.5),
    ),
    # The batchnorm CNN in its first author's order: batchnorm behind the activation, where it can't be folded.
    "batchnorm-elu": (
        *(*_elu_stage(32, 0.2), *_elu_stage(64, 0.3), *_elu_stage(128, 0.4)),
        *(Flatten(), Classify()),
    ),
}


def scaled(layers: tuple[Layer, ...], width: float) -> tuple[Layer, ...]:
    """Return a net with `width` times the channels and units in each hidden layer, rounded to a multiple of 4.

    Multiples of 4 are what int8 kernels are fast with. At 1 every net of `NETS` stays as it is.
    """

    def widened(count: int) -> int:
        return max(4, 4 * round(count * width / 4))

    result: list[Layer] = []
    for layer in layers:
        match layer:
            case Conv(channels):
                result.append(replace(layer, channels=widened(channels)))
            case Dense(units):
                result.append(Dense(widened(units)))
            case Residual(body, shortcut):
                result.append(Residual(scaled(body, width), scaled(shortcut, width)))
            case _:
                result.append(layer)
    return tuple(result)


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

    `dropout` takes the place of all rates of the net's own. Module 0 normalises; module i + 1 is layer i. Weights
    lie channels last, the fastest layout on CPU and GPU. Raises RunError when `size` is too small for the net.
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

    return nn.Sequential(Normalize(), *modules(layers, 3, size)).to(memory_format=torch.channels_last)


def shapes(layers: tuple[Layer, ...], size: int, channels: int = 3) -> Iterator[tuple[int, int]]:
    """Yield (channels, side) of what enters each layer. Raises RunError when nothing is left of the image."""
    side = size
    for layer in layers:
        if side < 1:
            raise RunError(f"--size {size}: too small for this net, whose poolings leave nothing of it")
        yield channels, side
        channels, side = _shape_behind(layer, channels, side)


def _shape_behind(layer: Layer, channels: int, side: int) -> tuple[int, int]:
    match layer:
        case Conv(out):
            return out, layer.side(side)
        case MaxPool():
            return channels, side // 2
        case AveragePool():
            return channels, 1
        case Residual(body):
            for inner in body:
                channels, side = _shape_behind(inner, channels, side)
            return channels, side
        case Dense(units):
            return units, 1
        case _:
            return channels, side


def count_macs(layers: tuple[Layer, ...], *, size: int = 32, classes: int = 10, channels: int = 3) -> int:
    """Return the multiply-accumulates of one image of `channels` through the convolutions and linear layers."""
    macs = 0
    for layer, (entering, side) in zip(layers, shapes(layers, size, channels), strict=True):
        match layer:
            case Conv(out, kernel):
                macs += layer.side(side) ** 2 * out * entering * kernel**2
            case Depthwise(kernel):
                macs += side**2 * entering * kernel**2
            case Residual(body, shortcut):
                macs += sum(count_macs(part, size=side, channels=entering) for part in (body, shortcut))
            case Dense(units):
                macs += entering * side**2 * units
            case Classify():
                macs += entering * side**2 * classes
    return macs


def count_parameters(net: nn.Module) -> int:
    """Return the number of parameters, batchnorm's running mean and variance counted."""
    return sum(tensor.numel() for tensor in net.state_dict().values() if tensor.is_floating_point())
