"""Nets of a few small layers that have, each in its order, all kinds that the backbones are made of."""

from edge_cifar.train.nets.layers import (
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
    Pixels,
    Relu,
    Relu6,
    Residual,
)

NORM = BatchNorm(eps=1e-3, momentum=0.01)
UNEVEN_PIXELS = Pixels(mean=(124, 116, 104), std=(58, 57, 57))
HEAD: tuple[Layer, ...] = (AveragePool(), Flatten(), Dropout(0.2), Classify())


def conv(channels: int, kernel: int = 1, stride: int = 1) -> tuple[Layer, ...]:
    return Conv(channels, kernel, stride, bias=False), NORM


MINIATURES: dict[str, tuple[Layer, ...]] = {
    "same-padded": (
        Pixels(mean=(127, 127, 127), std=(128, 128, 128)),
        *(Conv(8, 3, 2, "same", bias=False), NORM, Relu6()),
        *(*conv(16), Relu6(), Depthwise(5, 2, "same", bias=False), NORM, Relu6(), *conv(12)),
        Residual((*conv(24), Relu6(), Depthwise(3, 1, "same", bias=False), NORM, Relu6(), *conv(12))),
        *(*conv(32), Relu6(), *HEAD),
    ),
    "gated": (
        UNEVEN_PIXELS,
        *(*conv(8, 3, 2), HardSwish(), Depthwise(5, 2, bias=False), NORM, HardSwish()),
        Gate((AveragePool(), Conv(4, 1), Relu(), Conv(8, 1), HardSigmoid())),
        *(*conv(12), Residual((*conv(16), HardSwish(), Depthwise(bias=False), NORM, HardSwish(), *conv(12)))),
        *(AveragePool(), Conv(16, 1), HardSwish(), Flatten(), Dropout(0.2), Classify()),
    ),
    "residual": (
        UNEVEN_PIXELS,
        *(*conv(8, 7, 2), Relu(), MaxPool(3, 2, "symmetric")),
        *(Residual((*conv(8, 3), Relu(), *conv(8, 3))), Relu()),
        *(Residual((*conv(12, 3, 2), Relu(), *conv(12, 3)), conv(12, 1, 2)), Relu()),
        *HEAD,
    ),
}
