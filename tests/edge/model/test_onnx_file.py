import os
import random
import re
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model import onnx_file
from edge_cifar.edge.model.onnx_file import (
    MAX_BYTES,
    OnnxFile,
    read_model,
    read_onnx,
)
from onnx import TensorProto

Change = Callable[[onnx.ModelProto], object]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def test_what_a_file_declares_is_what_the_onnx_package_reads(small_model: Path) -> None:
    data, onnx_file = read_onnx(small_model)
    model = onnx.load_from_string(data)
    assert onnx_file == OnnxFile(
        ir_version=model.ir_version,
        opset=model.opset_import[0].version,
        metadata={entry.key: entry.value for entry in model.metadata_props},
        node_kinds=tuple(node.op_type for node in model.graph.node),
    )


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
    with pytest.raises(ModelError, match="a folder; name a model file"):
        read_onnx(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "\ud800.onnx"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="a name that no file can have"):
        read_onnx(Path(name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    with pytest.raises(ModelError, match=": not a regular file"):
        read_onnx(tmp_path / "pipe.onnx")


def test_a_file_without_a_seal_says_how_to_get_one(
    opens: Callable[[bytes], OnnxFile], small_graph: onnx.ModelProto
) -> None:
    with pytest.raises(ModelError, match="no edge-cifar checksum in it; export it with `edge-cifar export`"):
        opens(small_graph.SerializeToString())


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


def test_a_file_that_grows_is_read_up_to_the_size_that_was_checked(
    monkeypatch: pytest.MonkeyPatch, small_model: Path
) -> None:
    data = small_model.read_bytes()

    def grow(_: int) -> bool:
        with small_model.open("ab") as file:
            return file.write(b"more") > 0

    monkeypatch.setattr(onnx_file.stat, "S_ISREG", grow)
    assert read_onnx(small_model)[0] == data
