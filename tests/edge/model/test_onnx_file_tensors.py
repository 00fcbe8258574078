"""Which tensors and attributes of a model file have one meaning, and are read; `test_onnx_file.py` has what isn't."""

from typing import Any

import numpy as np
import onnx
import pytest
from edge_cifar.edge.model.onnx_file import SEAL_KEY, UNSEALED, read_model
from edge_cifar.edge.model.onnx_schema import TENSOR_NUMBERS
from onnx import AttributeProto, TensorProto, helper


def with_tensor(**values: Any) -> bytes:
    model = onnx.ModelProto(ir_version=7)
    model.opset_import.add(version=13)
    model.graph.initializer.add(name="weights", **values)
    return model.SerializeToString()


@pytest.mark.parametrize("kind", TENSOR_NUMBERS, ids=lambda kind: TensorProto.DataType.Name(kind))
@pytest.mark.parametrize("is_raw", [True, False], ids=["raw", "typed"])
def test_a_tensor_holds_as_many_numbers_as_its_shape_says(kind: int, is_raw: bool) -> None:
    numbers = np.ones(6, helper.tensor_dtype_to_np_dtype(kind))
    tensor = helper.make_tensor("weights", kind, [2, 3], numbers.tobytes() if is_raw else numbers, raw=is_raw)
    field = "raw_data" if is_raw else TENSOR_NUMBERS[kind][0]
    held = getattr(tensor, field)
    read_model(with_tensor(dims=[2, 3], data_type=kind, **{field: held}))
    for dims in ([2, 3, 2], [5], [7], []):
        with pytest.raises(ValueError, match=r"^not as many numbers as the shape says$"):
            read_model(with_tensor(dims=dims, data_type=kind, **{field: held}))


@pytest.mark.parametrize(
    "values",
    [
        {"dims": [], "raw_data": bytes(4)},
        {"float_data": [1.5]},
        {"dims": [1], "float_data": [1.5]},
        {"dims": [0], "raw_data": b""},
        {"dims": [0, 3]},
        {"dims": [2, 0]},
    ],
    ids=["scalar", "typed scalar", "one", "empty raw", "empty", "empty rows"],
)
def test_scalars_and_empty_tensors_are_read(values: dict[str, Any]) -> None:
    read_model(with_tensor(data_type=TensorProto.FLOAT, **values))


@pytest.mark.parametrize(
    "values",
    [{"dims": [2], "raw_data": b"", "float_data": [1, 2]}, {"dims": [2], "raw_data": bytes(8), "double_data": [1]}],
    ids=["two places", "another type"],
)
def test_numbers_stand_in_one_place(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^numbers in two places, or of another type$"):
        read_model(with_tensor(data_type=TensorProto.FLOAT, **values))


def with_attribute(**values: Any) -> bytes:
    model = onnx.ModelProto(ir_version=7)
    model.opset_import.add(version=13)
    model.graph.node.add(op_type="Op").attribute.append(AttributeProto(**values))
    return model.SerializeToString()


VALUES: dict[str, dict[str, Any]] = {
    "FLOAT": {"f": 1.5},
    "INT": {"i": 1},
    "STRING": {"s": b"a"},
    "TENSOR": {"t": TensorProto(data_type=TensorProto.FLOAT, raw_data=bytes(4))},
    "FLOATS": {"floats": [1.5]},
    "INTS": {"ints": [1]},
    "STRINGS": {"strings": [b"a"]},
}


@pytest.mark.parametrize("kind", VALUES)
def test_an_attribute_holds_the_value_of_its_type_alone(kind: str) -> None:
    number = AttributeProto.AttributeType.Value(kind)
    read_model(with_attribute(name="a", doc_string="why", type=number, **VALUES[kind]))
    for others in [{}, *(values for other, values in VALUES.items() if other != kind)]:
        with pytest.raises(ValueError, match=r"^an attribute of another type than its value$"):
            read_model(with_attribute(name="a", type=None if not others else number, **VALUES[kind], **others))


def test_a_sealed_file_is_read_before_it_is_asked_for_inputs() -> None:
    model = onnx.ModelProto(ir_version=7)
    model.opset_import.add(version=13)
    model.graph.name = "empty"
    model.metadata_props.add(key=SEAL_KEY, value=UNSEALED)
    assert read_model(model.SerializeToString())["graph"] == {"name": "empty"}
