"""The layers that nets are made of, as data: what each is, the shapes behind it and what it costs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

from ...edge.errors import RunError


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
            case _:
                result.append(layer)
    return tuple(result)


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
