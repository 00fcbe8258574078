"""What may stand in a model file: the messages of onnx.proto (ONNX IR 13) that an image classifier is made of.

Every field number of onnx.proto that is not here, and every number that onnx.proto doesn't know, is refused; those
that other people's files hold are refused by a reason. No message holds itself (subgraphs, sequences), so that no file
nests deeper than the tables. Repeated numbers come as writers of onnx.proto (proto2) write them: one by one, but for
the data of tensors, which are packed.
"""

from .protobuf import (
    BYTES,
    FIXED32,
    VARINT,
    Field,
    Read,
    RefusedError,
    Schema,
    float32,
    int32,
    int64,
    numbers,
    refused,
    text,
)

CUSTOM = "it holds training information, functions or devices"
EXTERNAL = "its weights lie in another file (external data)"
NESTED = "it holds subgraphs or sparse tensors"
OTHER_TYPES = "it holds values other than tensors"
PIECES = "it holds tensors in pieces, or of text"

IN_FILE = 0  # TensorProto.DataLocation.DEFAULT


def _text(number: int, name: str, many: bool = False) -> Schema:
    return {number << 3 | BYTES: Field(name, text, many=many)}


def _bytes(number: int, name: str, read: Read | None = None, many: bool = False) -> Schema:
    return {number << 3 | BYTES: Field(name, read, many=many)}


def _number(number: int, name: str, read: Read, many: bool = False) -> Schema:
    return {number << 3 | VARINT: Field(name, read, many=many)}


def _packed(number: int, name: str, read: Read | None) -> Schema:
    return {number << 3 | BYTES: Field(name, read, packed=True)}


def _one(number: int, name: str, schema: Schema) -> Schema:
    return {number << 3 | BYTES: Field(name, message=schema)}


def _many(number: int, name: str, schema: Schema) -> Schema:
    return {number << 3 | BYTES: Field(name, message=schema, many=True)}


def _refused(reason: str, **names: int) -> Schema:
    return {number << 3 | BYTES: Field(name, refused(reason)) for name, number in names.items()}


def _in_file(location: int) -> int:
    if location != IN_FILE:
        raise RefusedError(EXTERNAL)
    return location


ENTRY: Schema = {**_text(1, "key"), **_text(2, "value")}  # StringStringEntryProto

OPERATOR_SET: Schema = {**_text(1, "domain"), **_number(2, "version", int64)}

DIMENSION: Schema = {  # a oneof: a size, or the name of one
    **_number(1, "value", int64),
    **_text(2, "value"),
    **_text(3, "denotation"),
}

SHAPE = _many(1, "dim", DIMENSION)

TENSOR_TYPE: Schema = {**_number(1, "elem_type", int32), **_one(2, "shape", SHAPE)}

TYPE: Schema = {
    **_one(1, "tensor_type", TENSOR_TYPE),
    **_text(6, "denotation"),
    **_refused(OTHER_TYPES, sequence_type=4, map_type=5, opaque_type=7, sparse_tensor_type=8, optional_type=9),
}

VALUE_INFO: Schema = {
    **_text(1, "name"),
    **_one(2, "type", TYPE),
    **_text(3, "doc_string"),
    **_many(4, "metadata_props", ENTRY),
}

TENSOR: Schema = {
    **_number(1, "dims", int64, many=True),
    **_number(2, "data_type", int32),
    **_bytes(4, "float_data", numbers("f")),
    **_packed(5, "int32_data", int32),
    **_packed(7, "int64_data", int64),
    **_text(8, "name"),
    **_bytes(9, "raw_data"),
    **_bytes(10, "double_data", numbers("d")),
    **_packed(11, "uint64_data", None),
    **_text(12, "doc_string"),
    **_number(14, "data_location", _in_file),
    **_many(16, "metadata_props", ENTRY),
    **_refused(EXTERNAL, external_data=13),
    **_refused(PIECES, segment=3, string_data=6),
}

ATTRIBUTE: Schema = {
    **_text(1, "name"),
    2 << 3 | FIXED32: Field("f", float32),
    **_number(3, "i", int64),
    **_bytes(4, "s"),
    **_one(5, "t", TENSOR),
    7 << 3 | FIXED32: Field("floats", float32, many=True),
    **_number(8, "ints", int64, many=True),
    **_bytes(9, "strings", many=True),
    **_text(13, "doc_string"),
    **_number(20, "type", int32),
    **_refused(NESTED, g=6, tensors=10, graphs=11, sparse_tensor=22, sparse_tensors=23),
    **_refused(OTHER_TYPES, tp=14, type_protos=15),
    **_refused(CUSTOM, ref_attr_name=21),
}

NODE: Schema = {
    **_text(1, "input", many=True),
    **_text(2, "output", many=True),
    **_text(3, "name"),
    **_text(4, "op_type"),
    **_many(5, "attribute", ATTRIBUTE),
    **_text(6, "doc_string"),
    **_text(7, "domain"),
    **_many(9, "metadata_props", ENTRY),
    **_refused(CUSTOM, overload=8, device_configurations=10),
}

GRAPH: Schema = {
    **_many(1, "node", NODE),
    **_text(2, "name"),
    **_many(5, "initializer", TENSOR),
    **_text(10, "doc_string"),
    **_many(11, "input", VALUE_INFO),
    **_many(12, "output", VALUE_INFO),
    **_many(13, "value_info", VALUE_INFO),
    **_many(16, "metadata_props", ENTRY),
    **_refused(NESTED, sparse_initializer=15),
    **_refused("it holds quantization annotations", quantization_annotation=14),
}

MODEL: Schema = {
    **_number(1, "ir_version", int64),
    **_text(2, "producer_name"),
    **_text(3, "producer_version"),
    **_text(4, "domain"),
    **_number(5, "model_version", int64),
    **_text(6, "doc_string"),
    **_one(7, "graph", GRAPH),
    **_many(8, "opset_import", OPERATOR_SET),
    **_many(14, "metadata_props", ENTRY),
    **_refused(CUSTOM, training_info=20, functions=25, configuration=26),
}

TENSOR_DATA = frozenset({"raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data"})
"""The fields of which one holds a tensor's numbers."""

TENSOR_NUMBERS = {
    **dict.fromkeys((1,), ("float_data", 4)),  # FLOAT
    **dict.fromkeys((2, 3, 9), ("int32_data", 1)),  # UINT8, INT8, BOOL
    **dict.fromkeys((4, 5, 10, 16), ("int32_data", 2)),  # UINT16, INT16, FLOAT16, BFLOAT16
    **dict.fromkeys((6,), ("int32_data", 4)),  # INT32
    **dict.fromkeys((7,), ("int64_data", 8)),  # INT64
    **dict.fromkeys((11,), ("double_data", 8)),  # DOUBLE
    **dict.fromkeys((12,), ("uint64_data", 4)),  # UINT32
    **dict.fromkeys((13,), ("uint64_data", 8)),  # UINT64
}
"""By TensorProto.DataType: the field of the numbers when they aren't in raw_data, and the bytes of one that is."""

ATTRIBUTE_VALUES = {1: "f", 2: "i", 3: "s", 4: "t", 6: "floats", 7: "ints", 8: "strings"}
"""By AttributeProto.AttributeType: the field that holds the value."""
