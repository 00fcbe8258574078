"""Nets as data: a net is a tuple of layers, built here as a torch module and in `export` as an ONNX graph."""

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import nn

# Pixels enter a net as (pixel - PIXEL_MEAN) / PIXEL_STD: near CIFAR-10's own mean (120.7) and standard deviation
# (64.2), and a zero point and scale that uint8 quantization holds exactly, the same for all channels.
PIXEL_MEAN = 128  # uint8 levels
PIXEL_STD = 64  # uint8 levels


@dataclass(frozen=True)
class Conv:
    """2D convolution with bias, stride 1, zero-padded to keep height and width."""

    channels: int
    kernel: int = 3


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
class MaxPool:
    """2 x 2 max pooling, stride 2."""


@dataclass(frozen=True)
class Dropout:
    """Dropout at the rate that the recipe sets."""


@dataclass(frozen=True)
class Flatten:
    """(B, C, H, W) -> (B, C * H * W)."""


@dataclass(frozen=True)
class Classify:
    """Linear layer to one logit a class."""


Layer: TypeAlias = Conv | Depthwise | BatchNorm | Relu | MaxPool | Dropout | Flatten | Classify


def _conv_bn_relu(channels: int) -> tuple[Layer, ...]:
    return Conv(channels), BatchNorm(), Relu()


def _separable(channels: int) -> tuple[Layer, ...]:
    """Return a depthwise separable convolution (Howard et al. 2017, arXiv:1704.04861)."""
    return Depthwise(), BatchNorm(), Relu(), Conv(channels, 1), BatchNorm(), Relu()


def _stage(channels: int) -> tuple[Layer, ...]:
    return *_conv_bn_relu(channels), *_conv_bn_relu(channels), MaxPool(), Dropout()


NETS: dict[str, tuple[Layer, ...]] = {
    # Six 3x3 convolutions in three stages: 309,290 parameters, batchnorm statistics counted, at 32 x 32, 10 classes.
    "batchnorm": (*_stage(32), *_stage(64), *_stage(128), Flatten(), Classify()),
    # Few parameters and hard to quantize: each channel of a depthwise layer has a range of its own.
    "depthwise": (
        *_conv_bn_relu(24),
        *(*_separable(32), MaxPool()),
        *(*_separable(64), *_separable(64), MaxPool()),
        *(*_separable(96), *_separable(96), MaxPool(), Dropout()),
        *(Flatten(), Classify()),
    ),
}


class Normalize(nn.Module):
    """Pixels to what the first layer sees: uint8 (B, H, W, 3 or more) -> float32 (B, 3, H, W), channels last."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return (pixel - PIXEL_MEAN) / PIXEL_STD; channels beyond RGB are ignored."""
        rgb = pixels[..., :3].permute(0, 3, 1, 2)  # (B, 3, H, W)
        return (rgb.float() - PIXEL_MEAN) / PIXEL_STD


def build_net(layers: tuple[Layer, ...], *, size: int = 32, classes: int = 10, dropout: float = 0.0) -> nn.Sequential:
    """Return the torch module of a net: uint8 (B, size, size, 3 or more) -> float logits (B, classes).

    Module 0 normalises; module i + 1 is layer i. Weights lie channels last, the fastest layout on CPU and GPU.
    """
    modules: list[nn.Module] = [Normalize()]
    channels, side = 3, size
    for layer in layers:
        match layer:
            case Conv(out, kernel):
                modules.append(nn.Conv2d(channels, out, kernel, padding=kernel // 2))
                channels = out
            case Depthwise(kernel):
                modules.append(nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels))
            case BatchNorm():
                modules.append(nn.BatchNorm2d(channels))
            case Relu():
                modules.append(nn.ReLU())
            case MaxPool():
                modules.append(nn.MaxPool2d(2))
                side //= 2
            case Dropout():
                modules.append(nn.Dropout(dropout))
            case Flatten():
                modules.append(nn.Flatten())
                channels, side = channels * side * side, 1
            case Classify():
                modules.append(nn.Linear(channels, classes))
    return nn.Sequential(*modules).to(memory_format=torch.channels_last)


def count_parameters(net: nn.Module) -> int:
    """Return the number of parameters, batchnorm's running mean and variance counted."""
    return sum(tensor.numel() for tensor in net.state_dict().values() if tensor.is_floating_point())
