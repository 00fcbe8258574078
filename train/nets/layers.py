"""The layers that nets are made of, as data: what each is, the shapes behind it and what it costs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ...edge.errors import RunError

Padding: TypeAlias = Literal["symmetric", "same", "valid"]
"""Zeros around an image: (kernel - 1) // 2 on each side, or as many as make the side before / stride, rounded up, and
of them what is odd below and to the right (TensorFlow's SAME), or none."""


# Near CIFAR-10's own mean (120.7) and standard deviation (64.2), and a zero point and scale that uint8 quantization
# holds exactly, the same for all channels.
PIXEL_MEAN = 128  # uint8 levels
PIXEL_STD = 64  # uint8 levels


@dataclass(frozen=True)
class Pixels:
    """What pixels become, at the beginning of a net: (pixel - mean) / std of each channel, RGB, in uint8 levels."""

    mean: tuple[float, float, float] = (PIXEL_MEAN, PIXEL_MEAN, PIXEL_MEAN)
    std: tuple[float, float, float] = (PIXEL_STD, PIXEL_STD, PIXEL_STD)


@dataclass(frozen=True)
class Conv:
    """2D convolution; symmetric padding keeps height and width at stride 1 if the kernel is odd."""

    channels: int
    kernel: int = 3
    stride: int = 1
    padding: Padding = "symmetric"
    bias: bool = True


@dataclass(frozen=True)
class Depthwise:
    """Convolution of each channel by itself."""

    kernel: int = 3
    stride: int = 1
    padding: Padding = "symmetric"
    bias: bool = True


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation over channels; `momentum` is the share of a batch in the running statistics."""

    eps: float = 1e-5
    momentum: float = 0.1


@dataclass(frozen=True)
class Relu:
    """Rectified linear unit."""


@dataclass(frozen=True)
class Relu6:
    """ReLU cut at 6 (Howard et al. 2017, arXiv:1704.04861)."""


@dataclass(frozen=True)
class HardSigmoid:
    """ReLU6(x + 3) / 6 (Howard et al. 2019, arXiv:1905.02244, section 5.2)."""


@dataclass(frozen=True)
class HardSwish:
    """x * HardSigmoid(x)."""


@dataclass(frozen=True)
class Elu:
    """Exponential linear unit (Clevert et al. 2015, arXiv:1511.07289), alpha 1."""


@dataclass(frozen=True)
class MaxPool:
    """Max pooling, padded with less than any number; at the end, what fills no kernel is left out."""

    kernel: int = 2
    stride: int = 2
    padding: Padding = "valid"


@dataclass(frozen=True)
class AveragePool:
    """Mean over height and width: (B, C, H, W) -> (B, C, 1, 1)."""


@dataclass(frozen=True)
class Residual:
    """Sum of what `body` and `shortcut` make of one input; an empty shortcut hands it on as it is."""

    body: tuple["Layer", ...]
    shortcut: tuple["Layer", ...] = ()


@dataclass(frozen=True)
class Gate:
    """Product of an input and what `body` makes of it: a factor for each channel (Hu et al. 2018, arXiv:1709.01507)."""

    body: tuple["Layer", ...]


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


Window: TypeAlias = Conv | Depthwise | MaxPool
Layer: TypeAlias = (
    Pixels
    | Window
    | BatchNorm
    | Relu
    | Relu6
    | HardSigmoid
    | HardSwish
    | Elu
    | AveragePool
    | Residual
    | Gate
    | Dropout
    | Flatten
    | Dense
    | Classify
)


def from_pixels(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """Return a net that begins with `Pixels`, as those do that bring their own."""
    return layers if isinstance(layers[0], Pixels) else (Pixels(), *layers)


def pads(layer: Window, side: int) -> tuple[int, int]:
    """Return how many rows are added above an image (and columns at its left), and how many below (at its right)."""
    if layer.padding == "symmetric":
        return (layer.kernel - 1) // 2, (layer.kernel - 1) // 2
    if layer.padding == "valid":
        return 0, 0
    total = max((-(-side // layer.stride) - 1) * layer.stride + layer.kernel - side, 0)
    return total // 2, total - total // 2


def side_behind(layer: Window, side: int) -> int:
    """Return the height and width of what comes out; 0 of an image that is smaller than a stride."""
    return (side + sum(pads(layer, side)) - layer.kernel) // layer.stride + 1 if side >= layer.stride else 0


def scaled(layers: tuple[Layer, ...], width: float) -> tuple[Layer, ...]:
    """Return a net with `width` times the channels and units in each hidden layer, rounded to a multiple of 4.

    Multiples of 4 are what int8 kernels are fast with. At 1 every net of `nets.NETS` stays as it is.
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
            case Gate(body):
                result.append(Gate(scaled(body, width)))
            case _:
                result.append(layer)
    return tuple(result)


def shapes(layers: tuple[Layer, ...], size: int, channels: int = 3) -> Iterator[tuple[int, int]]:
    """Yield (channels, side) of what enters each layer. Raises RunError when nothing is left of the image."""
    side = size
    for layer in layers:
        if side < 1:
            raise RunError(f"--size {size}: too small for this net, whose poolings and strides leave nothing of it")
        yield channels, side
        channels, side = _shape_behind(layer, channels, side)


def _shape_behind(layer: Layer, channels: int, side: int) -> tuple[int, int]:
    match layer:
        case Conv(out):
            return out, side_behind(layer, side)
        case Depthwise() | MaxPool():
            return channels, side_behind(layer, side)
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
                macs += side_behind(layer, side) ** 2 * out * entering * kernel**2
            case Depthwise(kernel):
                macs += side_behind(layer, side) ** 2 * entering * kernel**2
            case Residual(body, shortcut):
                macs += sum(count_macs(part, size=side, channels=entering) for part in (body, shortcut))
            case Gate(body):
                macs += count_macs(body, size=side, channels=entering)
            case Dense(units):
                macs += entering * side**2 * units
            case Classify():
                macs += entering * side**2 * classes
    return macs
