"""The schema against the descriptors of the onnx package."""

from importlib.util import find_spec, module_from_spec
from itertools import product
from types import ModuleType
from typing import Any

import onnx
import pytest
from edge_cifar.edge.model import onnx_schema
from edge_cifar.edge.model.protobuf import Field, RefusedError, float32, int32, int64, text
from google.protobuf.descriptor import FieldDescriptor as Theirs

MESSAGES: dict[str, Any] = {
    "MODEL": onnx.ModelProto,
    "GRAPH": onnx.GraphProto,
    "NODE": onnx.NodeProto,
    "ATTRIBUTE": onnx.AttributeProto,
    "TENSOR": onnx.TensorProto,
    "VALUE_INFO": onnx.ValueInfoProto,
    "TYPE": onnx.TypeProto,
    "TENSOR_TYPE": onnx.TypeProto.Tensor,
    "SHAPE": onnx.TensorShapeProto,
    "DIMENSION": onnx.TensorShapeProto.Dimension,
    "ENTRY": onnx.StringStringEntryProto,
    "OPERATOR_SET": onnx.OperatorSetIdProto,
}
WIRES = {
    Theirs.TYPE_DOUBLE: 1,
    Theirs.TYPE_FLOAT: 5,
    Theirs.TYPE_STRING: 2,
    Theirs.TYPE_MESSAGE: 2,
    Theirs.TYPE_BYTES: 2,
}
READS = {
    Theirs.TYPE_STRING: text,
    Theirs.TYPE_FLOAT: float32,
    Theirs.TYPE_INT32: int32,
    Theirs.TYPE_ENUM: int32,
    Theirs.TYPE_INT64: int64,
}
REASONS = {onnx_schema.CUSTOM, onnx_schema.EXTERNAL, onnx_schema.NESTED, onnx_schema.OTHER_TYPES, onnx_schema.PIECES}


@pytest.fixture
def schema() -> ModuleType:
    """Return the module, built anew while a test looks."""
    spec = find_spec(onnx_schema.__name__)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("message", MESSAGES)
def test_the_schema_is_that_of_the_onnx_package(schema: ModuleType, message: str) -> None:
    """Every field has the number, wire type, name, kind and repetition of onnx.proto's, and none is missed."""
    fields, theirs = getattr(schema, message), MESSAGES[message].DESCRIPTOR.fields
    for descriptor, (tag, ours) in product(theirs, fields.items()):
        if tag >> 3 == descriptor.number:
            assert ours.name in {descriptor.name, getattr(descriptor.containing_oneof, "name", descriptor.name)}
            assert tag & 7 == (2 if descriptor.is_packed else WIRES.get(descriptor.type, 0)), ours.name
            if _is("refused", ours):
                with pytest.raises(RefusedError) as reason:
                    ours.read(b"")
                assert str(reason.value) in REASONS | {"it holds quantization annotations"}
            else:
                _is_read_as_declared(schema, ours, descriptor)
    assert {tag >> 3 for tag in fields} == {descriptor.number for descriptor in theirs}


def _is_read_as_declared(schema: ModuleType, ours: Field, descriptor: Any) -> None:
    are_numbers = descriptor.is_packed and descriptor.type in (Theirs.TYPE_FLOAT, Theirs.TYPE_DOUBLE)
    assert (ours.many, ours.packed) == (
        descriptor.is_repeated and not descriptor.is_packed,
        descriptor.is_packed and not are_numbers,
    ), ours.name
    if descriptor.message_type:
        assert (ours.message, descriptor.message_type.name) in [
            (getattr(schema, name), message.DESCRIPTOR.name) for name, message in MESSAGES.items()
        ]
    elif are_numbers:
        assert _is("numbers", ours), ours.name
        assert ours.read is not None
        assert list(ours.read(memoryview(bytes(8)))) == [0.0] * (2 if descriptor.type == Theirs.TYPE_FLOAT else 1)
    elif ours.name != "data_location":
        assert ours.read is READS.get(descriptor.type), ours.name


def _is(reader: str, ours: Field) -> bool:
    return reader in getattr(ours.read, "__qualname__", "")


def test_weights_lie_in_the_file(schema: ModuleType) -> None:
    read = schema.TENSOR[14 << 3].read
    assert read(0) == 0
    with pytest.raises(RefusedError, match=r"^its weights lie in another file \(external data\)$"):
        read(1)
