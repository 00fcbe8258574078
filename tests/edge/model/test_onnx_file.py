import hashlib
import os
import random
import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.benchmarks.robustness.protobuf_cases import field, varint
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model import onnx_file
from edge_cifar.edge.model.onnx_file import (
    MAX_BYTES,
    SEAL_KEY,
    UNSEALED,
    OnnxFile,
    check_seal,
    read_model,
    read_onnx,
    seal,
)
from onnx import AttributeProto, TensorProto, helper, numpy_helper

Change = Callable[[onnx.ModelProto], object]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def opens(tmp_path: Path) -> Callable[[bytes], OnnxFile]:
    """Write bytes to a file, read it as a model and check its seal."""

    def opens(data: bytes) -> OnnxFile:
        path = tmp_path / "model.onnx"
        path.write_bytes(data)
        data, onnx_file = read_onnx(path)
        check_seal(data, onnx_file.metadata.get(SEAL_KEY, ""), path)
        return onnx_file

    return opens


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


def test_what_a_file_declares_is_what_the_onnx_package_reads(tiny_int8_model: Path) -> None:
    data, onnx_file = read_onnx(tiny_int8_model)
    model = onnx.load_from_string(data)
    assert onnx_file == OnnxFile(
        ir_version=model.ir_version,
        opset=model.opset_import[0].version,
        metadata={entry.key: entry.value for entry in model.metadata_props},
        node_kinds=tuple(node.op_type for node in model.graph.node),
    )


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


def test_every_truncation_is_refused(opens: Callable[[bytes], OnnxFile], small_model: Path) -> None:
    data = small_model.read_bytes()
    opens(data)
    for length in range(len(data)):
        with pytest.raises(ModelError, match=r"model\.onnx: "):
            opens(data[:length])


def test_a_changed_bit_anywhere_is_refused(opens: Callable[[bytes], OnnxFile], small_model: Path) -> None:
    data = small_model.read_bytes()
    bits = random.Random(0)
    for place in range(0, len(data), 3):
        changed = bytearray(data)
        changed[place] ^= 1 << bits.randrange(8)
        with pytest.raises(ModelError, match=r"model\.onnx: "):
            opens(bytes(changed))


def test_random_damage_behind_a_new_seal_is_read_or_a_model_error(tmp_path: Path, small_model: Path) -> None:
    data = small_model.read_bytes()
    damage = random.Random(0)
    path = tmp_path / "damaged.onnx"
    for _ in range(300):
        changed = bytearray(data)
        for _ in range(damage.randrange(1, 4)):
            changed[damage.randrange(len(data))] = damage.randrange(256)
        path.write_bytes(changed)
        with suppress(ModelError):
            read_onnx(path)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0",
        b"GIF89a",
        b"\x08" + b"\xff" * 1_000_000,  # a number that never ends
        b"\x3a" + b"\xff" * 9 + b"\x01" + b"\0" * 100,  # a graph of 2**63 bytes
        b"\x0b" * 100_000,  # groups, one in the other
        b"\x3a\x04\x0a\x02\x22\x09",  # a node whose text is longer than itself
        b"\x3a\x02\x08\x01",  # a number where a node should be
        b"\x72\x04\x0a\x02\xff\xff",  # metadata that is no UTF-8
        b"\x08\x07\x42\x02\x10\x0d",  # no graph
    ],
    ids=lambda data: re.sub(r"\W+", "_", repr(data[:8])),
)
def test_garbage_is_no_model(opens: Callable[[bytes], OnnxFile], data: bytes) -> None:
    with pytest.raises(ModelError, match=r"model\.onnx: not an ONNX model, or damaged"):
        opens(data)


def test_a_file_over_the_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse: takes no disk
    with pytest.raises(ModelError, match=rf"huge\.onnx: {MAX_BYTES + 1} bytes, more than the limit"):
        read_onnx(path)


ODD: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.touch(),
    "a text": lambda path: path.write_text("<!DOCTYPE html><title>404</title>"),
    "noise": lambda path: path.write_bytes(random.Random(0).randbytes(100_000)),
    "4 GB": lambda path: os.truncate(path.touch() or path, 2**32),
    "zeros up to the limit": lambda path: os.truncate(path.touch() or path, MAX_BYTES),
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a device": lambda path: path.symlink_to("/dev/zero"),
}


@pytest.mark.parametrize("what", ODD)
def test_an_odd_file_is_named_with_what_is_wrong(tmp_path: Path, what: str) -> None:
    path = tmp_path / "odd.onnx"
    ODD[what](path)
    with pytest.raises(ModelError, match=r"odd\.onnx: [^\n]+$"):
        read_onnx(path)


@pytest.mark.usefixtures("photo")
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("command", [("info",), ("verify",), ("doctor",), ("predict", "photo.png", "--model")])
def test_an_odd_file_is_one_line_of_every_command(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    done = run(*command, "pipe.onnx")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "pipe.onnx: not a regular file" in (done.stdout if command[0] == "doctor" else done.stderr)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights_is_named(small_model: Path) -> None:
    small_model.chmod(0)
    with pytest.raises(ModelError, match=r"model\.onnx: Permission denied"):
        read_onnx(small_model)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing\.onnx: no such model file"):
        read_onnx(tmp_path / "missing.onnx")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not a regular file"):
        read_onnx(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(ModelError, match="not a regular file"):
        read_onnx(tmp_path / "pipe.onnx")


def test_a_seal_needs_exactly_one_place() -> None:
    for data in (b"no place", UNSEALED.encode() + b"two" + UNSEALED.encode()):
        with pytest.raises(ValueError, match="place is not unique"):
            seal(data)


def test_a_file_without_a_seal_says_how_to_get_one(
    opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto
) -> None:
    with pytest.raises(ModelError, match="no edge-cifar checksum in it; export it with `edge-cifar export`"):
        opens(small_graph.SerializeToString())


@pytest.mark.parametrize("declared", ["0" * 63, "é" * 64, "a" * 64])
def test_no_other_seal_holds(declared: str) -> None:
    data = seal(b"before" + UNSEALED.encode() + b"after")
    with pytest.raises(ModelError, match="checksum differs"):
        check_seal(data, declared, Path("model.onnx"))
    check_seal(data, data[6:-5].decode(), Path("model.onnx"))


def test_what_a_file_leaves_out_is_nothing(tmp_path: Path) -> None:
    model = onnx.ModelProto(ir_version=7)
    model.opset_import.add()
    model.opset_import.add(domain="com.microsoft", version=1)
    model.graph.node.add()
    model.metadata_props.add(key="a")
    model.metadata_props.add(value="b")
    (tmp_path / "bare.onnx").write_bytes(model.SerializeToString())
    data, declared = read_onnx(tmp_path / "bare.onnx")
    assert data == model.SerializeToString()
    assert declared == OnnxFile(7, 0, {"a": "", "": "b"}, ("",))


@pytest.mark.parametrize("domain", ["", "ai.onnx"])
def test_the_version_is_that_of_the_operators_under_either_name(tmp_path: Path, domain: str) -> None:
    model = onnx.ModelProto(ir_version=7)
    model.opset_import.add(domain="com.microsoft", version=1)
    model.opset_import.add(domain=domain, version=13)
    model.graph.SetInParent()
    (tmp_path / "bare.onnx").write_bytes(model.SerializeToString())
    assert read_onnx(tmp_path / "bare.onnx")[1] == OnnxFile(7, 13, {}, ())


def test_a_file_at_the_limit_is_read(monkeypatch: pytest.MonkeyPatch, small_model: Path) -> None:
    size = small_model.stat().st_size
    monkeypatch.setattr(onnx_file, "MAX_BYTES", size)
    assert len(read_onnx(small_model)[0]) == size
    monkeypatch.setattr(onnx_file, "MAX_BYTES", size - 1)
    with pytest.raises(ModelError, match=rf"model\.onnx: {size} bytes, more than the limit of {size - 1}$"):
        read_onnx(small_model)


@pytest.mark.parametrize(("rank", "is_right"), [(32, True), (33, False)])
def test_a_tensor_has_at_most_32_dimensions(rank: int, is_right: bool) -> None:
    model = onnx.ModelProto(ir_version=7)
    model.opset_import.add(version=13)
    model.graph.initializer.add(dims=[1] * rank, data_type=TensorProto.FLOAT, raw_data=bytes(4))
    if is_right:
        read_model(model.SerializeToString())
    else:
        with pytest.raises(ValueError, match=r"^a tensor of no shape$"):
            read_model(model.SerializeToString())


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


def test_a_seal_is_the_digest_of_the_file_without_it() -> None:
    data = b"before" + UNSEALED.encode() + b"after"
    assert seal(data) == b"before" + hashlib.sha256(data).hexdigest().encode() + b"after"
    with pytest.raises(ModelError, match=r"^m: no edge-cifar checksum in it; export it with `edge-cifar export`$"):
        check_seal(data, "", Path("m"))
    words = r"^m: damaged or changed since it was exported \(its checksum differs\); copy it again$"
    with pytest.raises(ModelError, match=words):
        check_seal(seal(data) + b" ", seal(data)[6:-5].decode(), Path("m"))
    with pytest.raises(ValueError, match=r"^the checksum's place is not unique$"):
        seal(b"no place")
