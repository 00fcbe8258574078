"""A trained net as an ONNX graph, written layer by layer from its spec.

Written directly rather than traced: the same few nodes whatever the torch version, batchnorm folded into the
convolutions, pixels in as uint8 RGBX, opset and IR as low as the nodes allow, the same bytes every time. What could
go wrong in it shows in the parity check, which every export runs.
"""

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper
from torch import nn

from ...edge.model.contract import INPUT, OUTPUT
from ...train.nets.layers import (
    AveragePool,
    BatchNorm,
    Classify,
    Conv,
    Dense,
    Depthwise,
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
from ...train.nets.torch_modules import Product, Sum
from .graph_writer import GraphWriter
from .pixel_steps import Affine, PixelSteps
from .versions import NORMALIZED, with_lowest_opset

SIXTH = float(np.float32(1 / 6))  # the slope of a hard sigmoid

Array = npt.NDArray[np.float64]


def build_graph(layers: tuple[Layer, ...], net: nn.Sequential, size: int) -> onnx.ModelProto:
    """Return the float model: uint8 (N, size, size, 4) RGBX -> float32 logits (N, classes).

    `net` is what `build_net` made of `layers`, in evaluation mode on the CPU.
    """
    writer = GraphWriter()
    _write_layers(writer, from_pixels(layers), net, (3, size))
    writer.nodes[-1].output[0] = OUTPUT
    return _model(writer, size, classes=writer.initializers[-1].dims[0])  # of the last layer's bias


def _write_layers(
    writer: GraphWriter, layers: tuple[Layer, ...], modules: nn.Sequential, shape: tuple[int, int]
) -> None:
    """Add the nodes of `layers`, each with its module, for an input of `shape` (channels, side)."""
    before: nn.Module | None = None
    entering = shapes(layers, channels=shape[0], size=shape[1])
    for i, (layer, module, (channels, side)) in enumerate(zip(layers, modules, entering, strict=True)):
        following = modules[i + 1] if i + 1 < len(layers) else None
        match layer:
            case Pixels():
                _read_bytes(writer, _steps(layer))
            case Conv() | Depthwise():
                weight, bias = _folded(module, following)
                if isinstance(first := layers[i - 1], Pixels):
                    weight = _of_normalized(weight, first)
                above, below = pads(layer, side)
                writer.node(
                    "Conv",
                    *_weight_and_bias(writer, weight, bias),
                    group=len(weight) if isinstance(layer, Depthwise) else None,
                    kernel_shape=[layer.kernel] * 2,
                    pads=[above, above, below, below],
                    strides=[layer.stride] * 2 if layer.stride > 1 else None,
                )
            case BatchNorm() if not isinstance(before, nn.Conv2d):  # otherwise it is folded already
                _batchnorm(writer, module)
            case Relu():
                writer.node("Relu")
            case Relu6():
                writer.node("Clip", *_bounds(writer, 0, 6))
            case HardSigmoid():
                writer.node("HardSigmoid", alpha=SIXTH, beta=0.5)
            case HardSwish():
                writer.node("HardSwish")
            case Elu():
                writer.node("Elu")
            case MaxPool():
                above, below = pads(layer, side)
                writer.node(
                    "MaxPool",
                    kernel_shape=[layer.kernel] * 2,
                    pads=[above, above, below, below] if below else None,
                    strides=[layer.stride] * 2,
                )
            case AveragePool():
                writer.node("GlobalAveragePool")
            case Residual(body, shortcut):
                assert isinstance(module, Sum)
                value = writer.value
                _write_layers(writer, body, module.body, (channels, side))
                through_body, writer.value = writer.value, value
                _write_layers(writer, shortcut, module.shortcut, (channels, side))
                writer.node("Add", through_body)
            case Gate(body):
                assert isinstance(module, Product)
                value = writer.value
                _write_layers(writer, body, module.body, (channels, side))
                writer.node("Mul", value)
            case Flatten():
                # Channels last, as int8 convolutions compute: onnxruntime then needs no transpose at either end.
                writer.node("Transpose", perm=[0, 2, 3, 1])  # (N, H, W, C)
                writer.node("Flatten")
            case Dense() | Classify():
                weight = _array(module.weight)  # (units, C * H * W)
                weight = weight.reshape(len(weight), -1, side, side).transpose(0, 2, 3, 1).reshape(weight.shape)
                writer.node("Gemm", *_weight_and_bias(writer, weight, _array(module.bias)), transB=1)
        before = module


def _read_bytes(writer: GraphWriter, steps: PixelSteps) -> None:
    """Add the model contract's first nodes: pixels move to channels first while they are bytes, then become numbers."""
    writer.node("Transpose", perm=[0, 3, 1, 2])  # (N, 4, H, W)
    scale = writer.constant("pixel_scale", np.array(steps.scale, np.float32))
    zero_point = writer.constant("pixel_zero_point", np.array(steps.zero_point, np.uint8))
    writer.node("DequantizeLinear", scale, zero_point, output=NORMALIZED)


def _steps(pixels: Pixels) -> PixelSteps:
    return PixelSteps.of(pixels.mean, pixels.std)


def _of_normalized(weight: Array, pixels: Pixels) -> Array:
    """Return the weight (O, 4, K, K) of normalized RGBX that does what `weight` (O, 3, K, K) does with `pixels`."""
    steps = _steps(pixels)
    if pixels.mean == (steps.zero_point,) * 3 and pixels.std == (1 / steps.scale,) * 3:
        return np.pad(weight, ((0, 0), (0, 1), (0, 0), (0, 0)))  # X is ignored
    mean, std = np.array(pixels.mean), np.array(pixels.std)
    matrix = Affine(np.diag(1 / std), -mean / std).of_normalized(steps)
    return np.asarray(np.einsum("ochw,ci->oihw", weight, matrix))


def _bounds(writer: GraphWriter, *bounds: float) -> list[str]:
    name = f"layer_{len(writer.nodes)}"
    return [writer.constant(f"{name}_{i}", np.array(bound, np.float32)) for i, bound in enumerate(bounds, 1)]


def _model(writer: GraphWriter, size: int, classes: int) -> onnx.ModelProto:
    graph = helper.make_graph(
        writer.nodes,
        "edge-cifar",
        [helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", size, size, 4])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["N", classes])],
        writer.initializers,
    )
    return with_lowest_opset(graph)


def _folded(conv: nn.Module, following: nn.Module | None) -> tuple[Array, Array]:
    """Return a convolution's weight (O, I, K, K) and bias (O,) with the batchnorm that follows it folded in."""
    weight = _array(conv.weight)
    bias = np.zeros(len(weight)) if conv.bias is None else _array(conv.bias)
    if not isinstance(following, nn.BatchNorm2d):
        return weight, bias
    factor = _array(following.weight) / np.sqrt(_array(following.running_var) + following.eps)
    return weight * factor[:, None, None, None], (bias - _array(following.running_mean)) * factor + _array(
        following.bias
    )


def _batchnorm(writer: GraphWriter, norm: nn.Module) -> None:
    name = f"layer_{len(writer.nodes)}"
    parameters = [("scale", norm.weight), ("shift", norm.bias), ("mean", norm.running_mean), ("var", norm.running_var)]
    names = [writer.constant(f"{name}_{key}", _array(value).astype(np.float32)) for key, value in parameters]
    writer.node("BatchNormalization", *names, epsilon=float(norm.eps))  # type: ignore[arg-type]


def _weight_and_bias(writer: GraphWriter, weight: Array, bias: Array) -> tuple[str, str]:
    name = f"layer_{len(writer.nodes)}"
    return (
        writer.constant(f"{name}_weight", weight.astype(np.float32)),
        writer.constant(f"{name}_bias", bias.astype(np.float32)),
    )


def _array(tensor: object) -> Array:
    """Return a parameter or buffer as float64, so that folding rounds once."""
    return np.asarray(tensor.detach().numpy(), dtype=np.float64)  # type: ignore[attr-defined]
