import os
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.onnx_file import MAX_BYTES, SEAL_KEY, UNSEALED, OnnxFile, check_seal, read_onnx, seal
from onnx import TensorProto, helper, numpy_helper

Change = Callable[[onnx.ModelProto], object]


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
    ids=lambda data: repr(data[:8]),
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
