"""The nets: each is a tuple of layers, built as a torch module in `torch_modules`, as an ONNX graph in `export`."""

from .backbones import BACKBONES
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
)


def _conv_bn_relu(channels: int, stride: int = 1) -> tuple[Layer, ...]:
    return Conv(channels, stride=stride), BatchNorm(), Relu()


def _residual(channels: int, stride: int = 1) -> tuple[Layer, ...]:
    """Return a block of two convolutions; one that changes the shape has a 1x1 convolution on its shortcut."""
    body = (*_conv_bn_relu(channels, stride), Conv(channels), BatchNorm())
    shortcut = (Conv(channels, 1, stride=stride),) if stride > 1 else ()
    return Residual(body, shortcut), Relu()


def _bottleneck(channels: int, inner: int) -> tuple[Layer, ...]:
    """Return a residual block of three convolutions, of `inner` channels but for what comes out (He et al. 2015)."""
    body = (Conv(inner, 1), BatchNorm(), Relu(), *_conv_bn_relu(inner), Conv(channels, 1), BatchNorm())
    return Residual(body), Relu()


def _separable(channels: int) -> tuple[Layer, ...]:
    """Return a depthwise separable convolution (Howard et al. 2017, arXiv:1704.04861)."""
    return Depthwise(), BatchNorm(), Relu(), Conv(channels, 1), BatchNorm(), Relu()


def _stage(*channels: int) -> tuple[Layer, ...]:
    return *(layer for out in channels for layer in _conv_bn_relu(out)), MaxPool(), Dropout()


def _pooled_stage(channels: int) -> tuple[Layer, ...]:
    return Conv(channels), MaxPool(), BatchNorm(), Relu(), *_conv_bn_relu(channels)


def _elu_stage(channels: int, dropout: float) -> tuple[Layer, ...]:
    return (*(*(Conv(channels), Elu(), BatchNorm()) * 2, MaxPool(), Dropout(dropout)),)


def _conv_pool(*channels: int) -> tuple[Layer, ...]:
    """Return a padded convolution, ReLU and pooling for each of `channels`."""
    return tuple(layer for out in channels for layer in (Conv(out), Relu(), MaxPool()))


def _valid(channels: int, kernel: int = 3) -> tuple[Layer, ...]:
    """Return an unpadded convolution with ReLU."""
    return Conv(channels, kernel, padding="valid"), Relu()


def _head(*units: int, dropout: float = 0.0) -> tuple[Layer, ...]:
    """Return dense layers with ReLU, dropout behind the first where asked for, and the classifier."""
    first, *others = units
    drop = (Dropout(dropout),) if dropout else ()
    dense = tuple(layer for count in others for layer in (Dense(count), Relu()))
    return *(Flatten(), Dense(first), Relu()), *drop, *dense, Classify()


NETS: dict[str, tuple[Layer, ...]] = {
    # Six 3x3 convolutions in three stages: 309,290 parameters, batchnorm statistics counted, at 32 x 32, 10 classes.
    "batchnorm": (*_stage(32, 32), *_stage(64, 64), *_stage(128, 128), Flatten(), Classify()),
    # Its family. Convolutions at full resolution cost most and carry the accuracy: one is what the small ones have.
    # Of their parameters, two more convolutions do better than wider ones and a larger last layer.
    "nano": (*_stage(32), *_stage(32, 32), *_stage(48, 48), *_stage(48), Flatten(), Classify()),
    "small": (*_stage(32), *_stage(48, 48), *_stage(80, 80), *_stage(64), Flatten(), Classify()),
    "large": (
        *(*_stage(32, 48), *_stage(96, 96)),
        *(*_conv_bn_relu(192), *_conv_bn_relu(192), *_bottleneck(192, 64), MaxPool(), Dropout()),
        *(*_conv_bn_relu(192), *_bottleneck(192, 80), MaxPool(), Dropout()),
        *(Flatten(), Classify()),
    ),
    # `large` without its residual blocks, which `--init` begins it from.
    "large-plain": (*_stage(32, 48), *_stage(96, 96), *_stage(192, 192), *_stage(192), Flatten(), Classify()),
    # A teacher for distillation: the layout of airbench94 (Jordan 2024, arXiv:2404.00498) with ReLU and a mean at the
    # end. Wide where pixels are few, and batchnorm behind the pooling: short trainings are what it is for.
    "wide": (
        *(Conv(24, 2, padding="valid"), Relu()),
        *(*_pooled_stage(64), *_pooled_stage(256), *_pooled_stage(256)),
        *(AveragePool(), Flatten(), Classify()),
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
    # Those whose weights of ImageNet `--init imagenet` brings, for photos of 96 pixels and more.
    **BACKBONES,
}
