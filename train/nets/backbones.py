"""Nets that others have trained on ImageNet, layer by layer as their authors wrote them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .layers import (
    AveragePool,
    BatchNorm,
    Classify,
    Conv,
    Depthwise,
    Dropout,
    Flatten,
    Gate,
    HardSigmoid,
    HardSwish,
    Layer,
    MaxPool,
    Padding,
    Pixels,
    Relu,
    Relu6,
    Residual,
)

TORCHVISION_PIXELS = Pixels(  # torchvision/transforms/_presets.py, of pixels / 255
    mean=(255 * 0.485, 255 * 0.456, 255 * 0.406), std=(255 * 0.229, 255 * 0.224, 255 * 0.225)
)
NORM, RELU6 = BatchNorm(), Relu6()
TENSORFLOW_NORM = BatchNorm(eps=1e-3, momentum=0.01)  # as the authors of both nets with it have it


def _conv(
    channels: int,
    kernel: int = 3,
    stride: int = 1,
    padding: Padding = "symmetric",
    *,
    norm: BatchNorm,
    activation: Layer | None = None,
) -> tuple[Layer, ...]:
    return Conv(channels, kernel, stride, padding, bias=False), norm, *((activation,) if activation else ())


@dataclass(frozen=True)
class _Inverted:
    """An inverted residual (Sandler et al. 2018, arXiv:1801.04381): widened to `inner`, filtered, brought back.

    `squeezed`: channels of a squeeze-and-excitation behind the filter, 0 without one.
    """

    inner: int
    channels: int
    kernel: int = 3
    stride: int = 1
    squeezed: int = 0
    padding: Padding = "symmetric"
    norm: BatchNorm = NORM
    activation: Layer = RELU6

    def layers(self, entering: int) -> tuple[Layer, ...]:
        """Return the block for so many channels: added to what enters where the shapes are alike."""
        widened = _conv(self.inner, 1, norm=self.norm, activation=self.activation) if self.inner != entering else ()
        filtered = (Depthwise(self.kernel, self.stride, self.padding, bias=False), self.norm, self.activation)
        gates = (_squeeze_and_excite(self.inner, self.squeezed),) if self.squeezed else ()
        body = (*widened, *filtered, *gates, *_conv(self.channels, 1, norm=self.norm))
        return (Residual(body),) if self.stride == 1 and self.channels == entering else body


def _squeeze_and_excite(channels: int, squeezed: int) -> Gate:
    return Gate((AveragePool(), Conv(squeezed, 1), Relu(), Conv(channels, 1), HardSigmoid()))


def _joined(entering: int, blocks: Iterable[_Inverted]) -> tuple[Layer, ...]:
    layers: list[Layer] = []
    for block in blocks:
        layers += block.layers(entering)
        entering = block.channels
    return tuple(layers)


def _stages(entering: int, *stages: tuple[int, int, int, int, int]) -> Iterator[_Inverted]:
    """Yield the blocks of stages, each (blocks, factor that they widen by, channels, kernel, stride of the first)."""
    for count, factor, channels, kernel, stride in stages:
        for i in range(count):
            yield _Inverted(factor * entering, channels, kernel, 1 if i else stride)
            entering = channels


def _efficientnet_lite0() -> tuple[Layer, ...]:
    """Return EfficientNet-Lite0 (github.com/tensorflow/tpu, models/official/efficientnet/lite)."""
    norm = TENSORFLOW_NORM
    stages = _stages(
        32,
        *((1, 1, 16, 3, 1), (2, 6, 24, 3, 2), (2, 6, 40, 5, 2), (3, 6, 80, 3, 2)),
        *((3, 6, 112, 5, 1), (4, 6, 192, 5, 2), (1, 6, 320, 3, 1)),
    )
    return (
        Pixels(mean=(127, 127, 127), std=(128, 128, 128)),
        *_conv(32, 3, 2, "same", norm=norm, activation=RELU6),
        *_joined(32, (replace(block, padding="same", norm=norm) for block in stages)),
        *_conv(1280, 1, norm=norm, activation=RELU6),
        *(AveragePool(), Flatten(), Dropout(0.2), Classify()),
    )


def _mobilenet_v2() -> tuple[Layer, ...]:
    """Return MobileNetV2 (Sandler et al. 2018, table 2; torchvision/models/mobilenetv2.py)."""
    stages = _stages(
        32,
        *((1, 1, 16, 3, 1), (2, 6, 24, 3, 2), (3, 6, 32, 3, 2), (4, 6, 64, 3, 2)),
        *((3, 6, 96, 3, 1), (3, 6, 160, 3, 2), (1, 6, 320, 3, 1)),
    )
    return (
        TORCHVISION_PIXELS,
        *_conv(32, 3, 2, norm=NORM, activation=RELU6),
        *_joined(32, stages),
        *_conv(1280, 1, norm=NORM, activation=RELU6),
        *(AveragePool(), Flatten(), Dropout(0.2), Classify()),
    )


def _mobilenet_v3_small() -> tuple[Layer, ...]:
    """Return MobileNetV3-Small (Howard et al. 2019, arXiv:1905.02244, table 2; torchvision/models/mobilenetv3.py)."""
    relu, swish, norm = Relu(), HardSwish(), TENSORFLOW_NORM
    blocks = (
        *(_Inverted(16, 16, 3, 2, 8, activation=relu), _Inverted(72, 24, 3, 2, activation=relu)),
        *(_Inverted(88, 24, activation=relu), _Inverted(96, 40, 5, 2, 24, activation=swish)),
        *((_Inverted(240, 40, 5, 1, 64, activation=swish),) * 2),
        *(_Inverted(120, 48, 5, 1, 32, activation=swish), _Inverted(144, 48, 5, 1, 40, activation=swish)),
        *(_Inverted(288, 96, 5, 2, 72, activation=swish), *(_Inverted(576, 96, 5, 1, 144, activation=swish),) * 2),
    )
    return (
        TORCHVISION_PIXELS,
        *_conv(16, 3, 2, norm=norm, activation=swish),
        *_joined(16, (replace(block, norm=norm) for block in blocks)),
        *_conv(576, 1, norm=norm, activation=swish),
        *(AveragePool(), Conv(1024, 1), swish, Flatten(), Dropout(0.2), Classify()),
    )


def _basic_block(channels: int, stride: int = 1) -> tuple[Layer, ...]:
    """Return a residual block of two convolutions, that of ResNet-18 and ResNet-34 (He et al. 2015)."""
    body = (*_conv(channels, 3, stride, norm=NORM, activation=Relu()), *_conv(channels, norm=NORM))
    return Residual(body, _conv(channels, 1, stride, norm=NORM) if stride > 1 else ()), Relu()


def _resnet18() -> tuple[Layer, ...]:
    """Return ResNet-18 (He et al. 2015, arXiv:1512.03385, table 1; torchvision/models/resnet.py)."""
    return (
        TORCHVISION_PIXELS,
        *_conv(64, 7, 2, norm=NORM, activation=Relu()),
        MaxPool(3, 2, "symmetric"),
        *(_basic_block(64) * 2),
        *(layer for channels in (128, 256, 512) for layer in (*_basic_block(channels, 2), *_basic_block(channels))),
        *(AveragePool(), Flatten(), Dropout(), Classify()),
    )


IMAGENET = "imagenet"
"""What `--init` calls their weights."""
BACKBONES: dict[str, tuple[Layer, ...]] = {
    "efficientnet-lite0": _efficientnet_lite0(),
    "mobilenet-v2": _mobilenet_v2(),
    "mobilenet-v3-small": _mobilenet_v3_small(),
    "resnet18": _resnet18(),
}
