import numpy as np
import onnx
import pytest
from edge_cifar.export.proof.int8_share import int8_share
from judged import CONSTANTS, READ, ROUNDING, WEIGHTS, node
from onnx import TensorProto, helper, numpy_helper


def graph(*nodes: onnx.NodeProto, shape: tuple[int | str, ...], **more: np.ndarray) -> onnx.ModelProto:
    values = {**CONSTANTS, **more}
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
    read = helper.make_tensor_value_info("x", TensorProto.UINT8, shape)
    last = helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, None)
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(helper.make_graph(nodes, "graph", [read], [last], tensors), opset_imports=opsets)


CONV = node("Conv", "read weights")  # 2 channels to 3, 1x1
GIVEN = node("DequantizeLinear", "given t z", "again", name="d")


@pytest.mark.parametrize("batch", ["N", 1, 7])
def test_it_is_the_share_of_multiplications(batch: int | str) -> None:
    wide = np.ones((4, 3, 3, 3), np.float32)
    float_conv = node("Conv", "again wide", "last", pads=[1] * 4)
    model = graph(READ, WEIGHTS, CONV, ROUNDING, GIVEN, float_conv, shape=(batch, 2, 5, 5), wide=wide)
    assert int8_share(model) == pytest.approx(25 * 6 / (25 * 6 + 25 * 4 * 27))
    assert int8_share(graph(READ, WEIGHTS, CONV, shape=(batch, 2, 5, 5))) == 1


def test_depthwise_convolutions_multiply_by_what_they_read() -> None:
    deep = node("Conv", "read deep", "last", group=2, kernel_shape=[3, 3])
    each = node("Conv", "last each", "end")
    more = {"deep": np.ones((2, 1, 3, 3), np.float32), "each": np.ones((1, 2, 1, 1), np.float32)}
    integer = node("Conv", "read weights", "other")
    model = graph(READ, WEIGHTS, integer, deep, each, shape=(1, 2, 3, 3), **more)
    assert int8_share(model) == pytest.approx(9 * 6 / (9 * 6 + 2 * 9 + 2))


def test_products_of_matrices_count_and_are_float() -> None:
    dense = node("DequantizeLinear", "rows s minus", "weights", name="w")
    gemm, product = node("Gemm", "read weights", transB=1), node("MatMul", "y floats", "last")
    assert int8_share(graph(READ, dense, gemm, product, shape=("N", 2))) == 0.5
    columns = node("DequantizeLinear", "columns s minus", "weights", name="w")
    turned = node("Gemm", "read weights")
    assert int8_share(graph(READ, columns, turned, product, shape=("N", 2))) == 0.5


def test_a_model_without_products_has_no_share() -> None:
    assert int8_share(graph(READ, node("Relu", "read"), shape=(1, 2))) == 0
