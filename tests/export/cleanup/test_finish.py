from typing import Any

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.photos.preprocessing import Preprocessing
from edge_cifar.export.cleanup.finish import finish
from edge_cifar.export.cleanup.pixels_in import take_pixels
from edge_cifar.export.foreign.pixel_rule import PixelRule
from foreign_graphs import compute, draft, node, weights

PIXELS = np.random.default_rng(4).integers(0, 256, (2, 8, 8, 4)).astype(np.uint8)
CONSTANTS = {"w": weights(3, 3, 1, 1), "v": weights(5, 3), "b": weights(5)}
END = [node("GlobalAveragePool", "h", "p"), node("Flatten", "p", "f"), node("Gemm", "f v b", "y", transB=1)]


def finished(*nodes: Any, **constants: Any) -> onnx.ModelProto:
    made = draft(node("Conv", "x w", "a"), *nodes, *END, **CONSTANTS, **constants)
    take_pixels(made, PixelRule(Preprocessing(8)))
    want = compute(made, PIXELS)
    model = finish(made, 5)
    np.testing.assert_array_equal(compute(model, PIXELS), want)
    return model


def test_it_is_called_and_declared_as_the_contract_says() -> None:
    model = finished(node("Conv", "a w", "normalized"), node("Relu", "normalized", "h"))
    assert [node.name for node in model.graph.node] == [
        *(
            "transpose_0",
            "dequantizelinear_1",
            "conv_2",
            "conv_3",
            "relu_4",
            "globalaveragepool_5",
            "flatten_6",
            "gemm_7",
        )
    ]
    assert [node.output[0] for node in model.graph.node][1:4] == ["normalized", "conv_2_out", "conv_3_out"]
    [image], [logits] = model.graph.input, model.graph.output
    assert (image.name, image.type.tensor_type.elem_type) == ("image", onnx.TensorProto.UINT8)
    assert [dim.dim_param or dim.dim_value for dim in image.type.tensor_type.shape.dim] == ["N", 8, 8, 4]
    assert (logits.name, [dim.dim_param or dim.dim_value for dim in logits.type.tensor_type.shape.dim]) == (
        "logits",
        ["N", 5],
    )


def test_each_layer_has_weights_and_a_bias_of_its_own() -> None:
    model = finished(node("Conv", "a w", "h"))
    names = [tensor.name for tensor in model.graph.initializer]
    assert names == [
        *("pixel_scale", "pixel_zero_point", "conv_2_weight", "conv_2_bias", "conv_3_weight", "conv_3_bias"),
        *("gemm_6_weight", "gemm_6_bias"),
    ]


@pytest.mark.parametrize(
    ("nodes", "opset", "ir_version"),
    [
        ([node("Relu", "a", "h")], 13, 7),
        ([node("HardSwish", "a", "h")], 14, 7),
        ([node("LayerNormalization", "a scale", "h", axis=1)], 17, 8),
    ],
)
def test_the_lowest_operator_set_that_has_all_is_declared(nodes: list[Any], opset: int, ir_version: int) -> None:
    constants = {"scale": np.ones((3, 8, 8), np.float32)} if nodes[0].op_type == "LayerNormalization" else {}
    model = finished(*nodes, **constants)
    assert ([(entry.domain, entry.version) for entry in model.opset_import], model.ir_version) == (
        [("", opset)],
        ir_version,
    )


def test_operators_that_no_such_set_has_are_refused_by_name() -> None:
    for other, said in (
        (node("Mish", "a", "h"), "no operator set up to 17 has all its operators.*Mish"),
        (node("FastGelu", "a", "h", domain="com.microsoft"), "no standard operators: FastGelu"),
    ):
        made = draft(node("Conv", "x w", "a"), other, *END, opset=18, **CONSTANTS)
        take_pixels(made, PixelRule(Preprocessing(8)))
        with pytest.raises(ModelError, match=said):
            finish(made, 5)


def test_classes_that_the_graph_does_not_give_are_refused() -> None:
    made = draft(node("Conv", "x w", "h"), *END, **CONSTANTS)
    take_pixels(made, PixelRule(Preprocessing(8)))
    with pytest.raises(ModelError):
        finish(made, 6)
