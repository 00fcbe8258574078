import numpy as np
import numpy.typing as npt
import onnx
import pytest
from edge_cifar.benchmarks.zoo.int8_share import int8_share
from onnx import TensorProto, helper, numpy_helper

FIRST, SECOND, HEAD = 8 * 8 * 4 * 3 * 9, 8 * 8 * 4 * 9, 4 * 5  # multiplications


def _net(float_layers: str) -> onnx.ModelProto:
    """Return convolution, depthwise convolution, global mean, dense layer, int8 but for those named."""
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, npt.NDArray[np.generic]] = {
        "scale": np.array(0.1, np.float32),
        "zero": np.array(128, np.uint8),
        "zero_w": np.array(0, np.int8),
    }

    def node(kind: str, inputs: list[str], output: str, **attributes: int) -> str:
        nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output

    def rounded(value: str) -> str:
        quantized = node("QuantizeLinear", [value, "scale", "zero"], f"{value}_q")
        return node("DequantizeLinear", [quantized, "scale", "zero"], f"{value}_d")

    def weight(name: str, *shape: int) -> str:
        if name in float_layers:
            constants[name] = np.ones(shape, np.float32)
            return name
        constants[name] = np.ones(shape, np.int8)
        return node("DequantizeLinear", [name, "scale", "zero_w"], f"{name}_d")

    value = rounded("image")
    value = node("Conv", [value, weight("first", 4, 3, 3, 3)], "a", pads=[1, 1, 1, 1])  # type: ignore[arg-type]
    value = rounded(node("Relu", [value], "a_relu"))
    value = node("Conv", [value, weight("second", 4, 1, 3, 3)], "b", pads=[1, 1, 1, 1], group=4)  # type: ignore[arg-type]
    value = value if "unrounded" in float_layers else rounded(value)
    value = rounded(node("Flatten", [node("GlobalAveragePool", [value], "c")], "d"))
    node("Gemm", [value, weight("head", 5, 4)], "logits", transB=1)
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 5])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


@pytest.mark.parametrize(
    ("float_layers", "macs"),
    [
        ("", FIRST + SECOND + HEAD),
        ("first", SECOND + HEAD),
        ("second", FIRST + HEAD),
        ("unrounded", FIRST + HEAD),
        ("head", FIRST + SECOND),
        ("first second head", 0),
    ],
)
def test_layers_count_by_their_multiplications(float_layers: str, macs: int) -> None:
    model = _net(float_layers)
    onnx.checker.check_model(model, full_check=True)
    assert int8_share(model) == pytest.approx(macs / (FIRST + SECOND + HEAD), abs=1e-12)
