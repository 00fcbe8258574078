from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.photos.preprocessing import Preprocessing
from edge_cifar.export.cleanup.to_contract import to_contract
from edge_cifar.export.foreign.foreign_net import ForeignNet
from edge_cifar.export.foreign.pixel_rule import PixelRule
from edge_cifar.export.graph.run_graph import run_logits
from foreign_graphs import compute, graph, kinds, node, weights

IMAGENET = PixelRule(Preprocessing(16), mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
TF = PixelRule(Preprocessing(16), scale=1 / 127.5, mean=(1.0, 1.0, 1.0), layout="nhwc", channels="bgr")
NORM = {name: np.abs(weights(6)) + 1 for name in ("scale", "shift", "mean", "var")}


def foreign(model: onnx.ModelProto, rule: PixelRule, labels: str = "abcd") -> ForeignNet:
    return ForeignNet(Path("their.onnx"), "their", model, "", "x", model.graph.output[0].name, tuple(labels), rule)


def pixels(n: int = 3) -> Any:
    rgbx = np.random.default_rng(5).integers(0, 256, (n, 16, 16, 4)).astype(np.uint8)
    rgbx[..., 3] = 255
    rgbx[0] = rgbx[0, :1, :1]
    return rgbx


def torch_like(batch: int | str) -> onnx.ModelProto:
    """Conv, BatchNorm, hard swish, squeeze and excitation, a hidden layer: as old exporters wrote MobileNetV3."""
    return graph(
        *(node("Conv", "x w", "c", pads=[1, 1, 1, 1], strides=[2, 2]), node("Dropout", "c", "c2")),
        *(node("BatchNormalization", "c2 scale shift mean var", "n"), node("Add", "n three", "a")),
        *(node("Clip", "a zero six", "k"), node("Mul", "n k", "m"), node("Div", "m six", "h")),
        *(node("ReduceMean", "h", "s", axes=[2, 3]), node("Conv", "s squeeze", "q"), node("HardSigmoid", "q", "e")),
        *(node("Mul", "h e", "g"), node("ReduceMean", "g", "p", axes=[2, 3], keepdims=0)),
        *(node("Gemm", "p hidden bias", "f", transB=1), node("Relu", "f", "r"), node("Gemm", "r head", "y", transB=1)),
        shape=(batch, 3, 16, 16),
        **{"w": weights(6, 3, 3, 3), "squeeze": weights(6, 6, 1, 1), "hidden": weights(5, 6), "bias": weights(5)},
        **{"head": weights(4, 5), "three": np.float32(3), "zero": np.float32(0), "six": np.float32(6)},
        **NORM,
    )


def keras_like() -> onnx.ModelProto:
    """Channels last, padding by itself, Transposes at both ends, Softmax: as tf2onnx writes Keras' nets."""
    return graph(
        *(node("Sub", "x centre", "s"), node("Transpose", "s", "t", perm=[0, 3, 1, 2])),
        *(node("Pad", "t around", "p"), node("Conv", "p w", "c", strides=[2, 2]), node("Clip", "c zero six", "r")),
        *(node("Conv", "r deep", "d", group=6, auto_pad="SAME_UPPER", strides=[2, 2]), node("Relu", "d", "e")),
        *(node("Transpose", "e", "u", perm=[0, 2, 3, 1]), node("ReduceMean", "u", "m", axes=[1, 2], keepdims=0)),
        *(node("MatMul", "m head", "l"), node("Add", "l bias", "b"), node("Softmax", "b", "y", axis=-1)),
        shape=("batch", 16, 16, 3),
        **{"w": weights(6, 3, 3, 3), "deep": weights(6, 1, 3, 3), "head": weights(6, 4) * 9, "bias": weights(4)},
        **{"centre": np.array([0.1, 0, -0.1], np.float32), "around": np.array([0, 0, 0, 0, 0, 0, 1, 1])},
        **{"zero": np.float32(0), "six": np.float32(6)},
    )


def softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("batch", ["N", 1])
def test_a_net_of_torch_becomes_one_by_the_contract(batch: int | str) -> None:
    model = torch_like(batch)
    made = to_contract(foreign(model, IMAGENET))
    assert kinds(made) == [
        *("Transpose", "DequantizeLinear", "Conv", "HardSwish", "GlobalAveragePool", "Conv", "HardSigmoid", "Mul"),
        *("GlobalAveragePool", "Conv", "Relu", "Flatten", "Gemm"),
    ]
    want = np.concatenate([compute(model, image[None]) for image in IMAGENET.inputs(pixels())])
    np.testing.assert_allclose(run_logits(made, pixels()), want, atol=1e-5 * np.ptp(want))


def test_a_net_of_keras_becomes_one_by_the_contract() -> None:
    model = keras_like()
    made = to_contract(foreign(model, TF))
    assert kinds(made) == [
        *("Transpose", "DequantizeLinear", "Conv", "Clip", "Conv", "Relu", "GlobalAveragePool", "Flatten", "Gemm")
    ]
    want = compute(model, TF.inputs(pixels()))
    np.testing.assert_allclose(softmax(run_logits(made, pixels())), want, atol=1e-5)


def test_errors_name_the_file() -> None:
    with pytest.raises(ModelError, match=r"^their.onnx: "):
        to_contract(foreign(keras_like(), TF, labels="abc"))


def test_shapes_of_one_image_that_can_not_be_freed_are_refused() -> None:
    moved = [node("Transpose", "x", "t", perm=[1, 0, 2, 3]), node("Reshape", "t to", "r")]
    mean = [node("ReduceMean", "r", "m", axes=[1], keepdims=0), node("Reshape", "m row", "y")]
    fixed = graph(*moved, *mean, shape=(1, 3, 16, 16), to=np.array([3, 256]), row=np.array([1, 3]))
    with pytest.raises(ModelError, match="one image at a time; export it anew"):
        to_contract(foreign(fixed, IMAGENET, labels="abc"))
