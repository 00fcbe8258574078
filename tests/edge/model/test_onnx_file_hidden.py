"""What a model file could hide: weights of other files, loops, and what onnxruntime reads in another way."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.benchmarks.robustness.protobuf_cases import field, varint
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.onnx_file import SEAL_KEY, UNSEALED, OnnxFile, read_model, seal
from onnx import AttributeProto, TensorProto, helper, numpy_helper

Change = Callable[[onnx.ModelProto], object]


def external(tensor: TensorProto, location: str) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)


def external_without_a_place(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL


def external_in_a_node(model: onnx.ModelProto) -> None:
    constant = numpy_helper.from_array(np.zeros(2, np.float32))
    external(constant, "weights.bin")
    model.graph.node.append(helper.make_node("Constant", [], ["unused"], value=constant))


def external_with_unknown_keys(model: onnx.ModelProto) -> None:
    external(model.graph.initializer[0], "weights.bin")
    model.graph.initializer[0].external_data.add(key="__class__", value="elsewhere")


def subgraph(model: onnx.ModelProto) -> None:
    branch = helper.make_graph([], "branch", [], [])
    model.graph.node.append(helper.make_node("If", ["image"], ["unused"], then_branch=branch, else_branch=branch))


def sparse(model: onnx.ModelProto) -> None:
    values = numpy_helper.from_array(np.ones(1, np.float32), "sparse")
    indices = numpy_helper.from_array(np.zeros(1, np.int64))
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4]))


def external_in_a_list(model: onnx.ModelProto) -> None:
    attribute = AttributeProto(name="values", type=AttributeProto.TENSORS)
    external(attribute.tensors.add(name="w", data_type=TensorProto.FLOAT, dims=[1]), "weights.bin")
    model.graph.node[0].attribute.append(attribute)


def external_in_a_sparse_attribute(model: onnx.ModelProto) -> None:
    attribute = AttributeProto(name="values", type=AttributeProto.SPARSE_TENSOR)
    external(attribute.sparse_tensor.values, "weights.bin")
    model.graph.node[0].attribute.append(attribute)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda model: external(model.graph.initializer[0], "weights.bin"), "external data"),
        (lambda model: external(model.graph.initializer[0], "/etc/passwd"), "external data"),
        (lambda model: external(model.graph.initializer[1], "../../secret"), "external data"),
        (external_without_a_place, "external data"),
        (external_in_a_node, "external data"),
        (external_with_unknown_keys, "external data"),
        (lambda model: model.opset_import.append(helper.make_opsetid("evil", 1)), r"custom operators \('evil'\)"),
        (lambda model: model.graph.node.append(helper.make_node("Run", [], [], domain="evil")), "custom operators"),
        (subgraph, "subgraphs"),
        (lambda model: model.functions.add(name="f"), "functions"),
        (lambda model: model.training_info.add(), "training information"),
        (sparse, "sparse tensors"),
        (external_in_a_list, "subgraphs or sparse tensors"),
        (external_in_a_sparse_attribute, "subgraphs or sparse tensors"),
        (lambda model: model.graph.node[0].attribute.add(name="body").graphs.add(), "subgraphs"),
        (lambda model: model.graph.node[0].attribute.add(name="a", ref_attr_name="b"), "functions"),
        (lambda model: model.graph.node[0].device_configurations.add(), "devices"),
        (lambda model: model.configuration.add(name="d"), "devices"),
        (lambda model: model.graph.initializer[0].external_data.add(), "external data"),
        (lambda model: model.graph.initializer[0].segment.SetInParent(), "in pieces"),
        (lambda model: model.graph.initializer[0].string_data.append(b"a"), "of text"),
        (lambda model: model.graph.input[0].type.sequence_type.SetInParent(), "other than tensors"),
        (lambda model: model.graph.quantization_annotation.add(), "quantization annotations"),
    ],
)
def test_whatever_reaches_outside_the_file_is_refused(
    opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto, change: Change, reason: str
) -> None:
    change(small_graph)
    with pytest.raises(ModelError, match=rf"model\.onnx: .*{reason}.*; refused"):
        opens(small_graph.SerializeToString())


def test_a_link_to_weights_elsewhere_is_not_followed(
    opens: Callable[[bytes], OnnxFile], tmp_path: Path, small_graph: onnx.ModelProto
) -> None:
    (tmp_path / "secret").write_bytes(bytes(128))
    (tmp_path / "weights.bin").symlink_to(tmp_path / "secret")
    external(small_graph.graph.initializer[0], "weights.bin")
    with pytest.raises(ModelError, match=r"external data.*; refused"):
        opens(small_graph.SerializeToString())


@pytest.mark.parametrize("keys", [["ort_config"], ["edge_cifar.card", "edge_cifar.card"]])
def test_metadata_that_no_file_of_ours_holds_is_refused(
    opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto, keys: list[str]
) -> None:
    for key in (*keys, SEAL_KEY):
        small_graph.metadata_props.add(key=key, value=UNSEALED if key == SEAL_KEY else "{}")
    with pytest.raises(ModelError, match=f"entr.*{keys[0]}.*; refused"):
        opens(seal(small_graph.SerializeToString()))


def first(model: onnx.ModelProto) -> TensorProto:
    return model.graph.initializer[0]


def empty_but_large(model: onnx.ModelProto) -> None:
    first(model).ClearField("raw_data")
    first(model).dims[:] = [2**40]


def of_another_field(model: onnx.ModelProto) -> None:
    numbers = numpy_helper.to_array(first(model)).ravel()
    first(model).ClearField("raw_data")
    first(model).double_data.extend(numbers)


def add_attribute(model: onnx.ModelProto, **values: object) -> None:
    model.graph.node[0].attribute.append(AttributeProto(name="extra", **values))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda model: first(model).dims.append(2), "damaged"),
        (lambda model: first(model).dims.__setitem__(0, -16), "damaged"),
        (lambda model: first(model).dims.__setitem__(0, 0), "damaged"),
        (lambda model: first(model).dims.extend([1] * 40), "damaged"),
        (lambda model: first(model).float_data.append(1), "damaged"),
        (empty_but_large, "damaged"),
        (of_another_field, "damaged"),
        (lambda model: setattr(first(model), "data_type", TensorProto.DOUBLE), "damaged"),
        (lambda model: setattr(first(model), "data_type", TensorProto.STRING), "a tensor of the type 8; refused"),
        (lambda model: setattr(first(model), "data_type", 77), "a tensor of the type 77; refused"),
        (lambda model: first(model).ClearField("data_type"), "a tensor of the type 0; refused"),
        (lambda model: model.graph.initializer.append(first(model)), "two entries 'weights'; refused"),
        (lambda model: add_attribute(model, type=AttributeProto.INT, f=1.5), "damaged"),
        (lambda model: add_attribute(model, type=AttributeProto.INT, i=1, ints=[1]), "damaged"),
        (lambda model: add_attribute(model, type=AttributeProto.GRAPH), "damaged"),
        (lambda model: add_attribute(model, i=1), "damaged"),
        (lambda model: add_attribute(model, type=AttributeProto.TENSOR), "a tensor of the type 0; refused"),
        (lambda model: model.graph.node[0].attribute.append(model.graph.node[0].attribute[0]), "two entries 'to'"),
        (lambda model: model.opset_import.append(helper.make_opsetid("", 14)), "two entries ''; refused"),
        (lambda model: model.opset_import.append(helper.make_opsetid("ai.onnx", 14)), "damaged"),
        (lambda model: setattr(model.opset_import[0], "version", 2**32 + 13), "damaged"),
        (lambda model: setattr(model, "ir_version", 0), "damaged"),
        (lambda model: model.ClearField("opset_import"), "damaged"),
    ],
)
def test_what_onnxruntime_could_take_for_something_else_is_refused(
    opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto, change: Change, reason: str
) -> None:
    change(small_graph)
    with pytest.raises(ModelError, match=reason):
        opens(small_graph.SerializeToString())


def test_a_weight_that_is_an_input_is_refused(opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto) -> None:
    small_graph.graph.input.append(helper.make_tensor_value_info("weights", TensorProto.FLOAT, [16, 2]))
    with pytest.raises(ModelError, match="no edge-cifar checksum"):  # as in old files of others
        opens(small_graph.SerializeToString())
    small_graph.metadata_props.add(key=SEAL_KEY, value=UNSEALED)
    with pytest.raises(ModelError, match="one of its weights is an input, too; refused"):
        opens(seal(small_graph.SerializeToString()))


def hide(model: onnx.ModelProto, entry: bytes) -> bytes:
    """Return the model with an encoded field in its first weight."""
    tensor = first(model).SerializeToString() + entry
    del model.graph.initializer[0]
    graph = model.graph.SerializeToString() + field(5 << 3 | 2, tensor)
    model.ClearField("graph")
    return model.SerializeToString() + field(7 << 3 | 2, graph)


@pytest.mark.parametrize("bit", [32, 35, 40, 62])
def test_external_data_cannot_hide_behind_a_long_tag(
    opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto, bit: int
) -> None:
    place = field(1 << 3 | 2, b"location") + field(2 << 3 | 2, b"secret.bin")
    hidden = varint(1 << bit | 13 << 3 | 2) + varint(len(place)) + place + varint(1 << bit | 14 << 3) + b"\x01"
    with pytest.raises(ModelError, match="not an ONNX model, or damaged"):
        opens(hide(small_graph, hidden))


def test_a_loop_cannot_hide_behind_a_long_tag(opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto) -> None:
    body = varint(1 << 32 | 6 << 3 | 2) + varint(0)
    attribute = field(1 << 3 | 2, b"body") + body + varint(20 << 3) + b"\x05"
    node = field(4 << 3 | 2, b"Loop") + field(5 << 3 | 2, attribute)
    graph = small_graph.graph.SerializeToString() + field(1 << 3 | 2, node)
    small_graph.ClearField("graph")
    with pytest.raises(ModelError, match="not an ONNX model, or damaged"):
        opens(small_graph.SerializeToString() + field(7 << 3 | 2, graph))


@pytest.mark.parametrize("one", [b"\x0a\x02\x0a\0", b"\x0a\0", b"\x2a\0", b"\x5a\0"], ids=lambda one: one.hex())
def test_a_file_of_millions_of_small_messages_is_refused(opens: Callable[[bytes], OnnxFile], one: bytes) -> None:
    with pytest.raises(ModelError, match="it holds more than 200,000 numbers; refused"):
        opens(b"\x08\x07\x42\x02\x10\x0d" + field(7 << 3 | 2, one * 2**20))


def test_a_second_graph_is_refused(opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto) -> None:
    data = small_graph.SerializeToString()  # parsers merge the two; what was checked must be what is run
    with pytest.raises(ModelError, match="not an ONNX model, or damaged"):
        opens(data + data)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda model: setattr(model, "ir_version", 0), "not a ModelProto"),
        (lambda model: model.graph.initializer[0].float_data.append(1), "numbers in two places, or of another type"),
        (lambda model: model.graph.initializer[0].dims.append(2), "not as many numbers as the shape says"),
        (lambda model: add_attribute(model, i=1), "an attribute of another type than its value"),
        (lambda model: add_attribute(model, type=AttributeProto.INT, f=1.5), "an attribute of another type than its v"),
    ],
)
def test_what_is_damaged_is_said(small_graph: onnx.ModelProto, change: Change, reason: str) -> None:
    read_model(small_graph.SerializeToString())
    change(small_graph)
    with pytest.raises(ValueError, match=f"^{reason}"):
        read_model(small_graph.SerializeToString())
