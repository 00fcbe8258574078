import hashlib
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.onnx_file.open_onnx import open_onnx
from foreign import net, save
from onnx import TensorProto, helper

ONE = np.float32(1)
SCALES = {"scale": ONE, "zero": np.uint8(0)}


def node(kind: str, *inputs: str, domain: str = "") -> onnx.NodeProto:
    return helper.make_node(kind, list(inputs) or ["image"], ["scores"], domain=domain)


def branch(name: str) -> onnx.GraphProto:
    output = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
    return helper.make_graph([helper.make_node("Identity", ["image"], [name])], name, [], [output])


def test_a_model_comes_with_the_digest_of_its_file(tmp_path: Path) -> None:
    model = net()
    path = save(model, tmp_path)
    opened, digest = open_onnx(path)
    assert opened == model
    assert digest == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"PK\x03\x04" + bytes(100), b"\x08\x08", bytes(range(256)), onnx.ModelProto().SerializeToString()],
)
def test_what_is_no_onnx_is_called_so(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(ModelError, match=r"not an ONNX file; .*torch\.onnx\.export"):
        open_onnx(tmp_path / "net.onnx")


def test_names_that_are_no_text_make_no_onnx(tmp_path: Path) -> None:
    path = save(net(metadata={"author": "XX"}), tmp_path)
    path.write_bytes(path.read_bytes().replace(b"XX", b"\xff\xff"))
    with pytest.raises(ModelError, match="not an ONNX file"):
        open_onnx(path)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"net\.onnx: no such file"):
        open_onnx(tmp_path / "net.onnx")
    with pytest.raises(ModelError, match="not a file"):
        open_onnx(tmp_path)


def test_a_pointer_of_git_lfs_is_told_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(ModelError, match="git lfs pull"):
        open_onnx(tmp_path / "net.onnx")


def test_a_file_beyond_two_gigabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "net.onnx").open("wb") as file:
        file.truncate(2**31)  # takes no room
    with pytest.raises(ModelError, match=r"2\.1 GB; at most 2 GB"):
        open_onnx(tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (net([node("QuantizeLinear", "image", "scale", "zero")], **SCALES), r"already quantized \(QuantizeLinear\)"),
        (net([node("DequantizeLinear", "image", "scale")], **SCALES), "already quantized"),
        (net([node("QLinearAdd", domain="com.microsoft")]), r"already quantized \(com.microsoft.QLinearAdd\)"),
        (net([node("FusedConv", domain="com.microsoft")]), r"aren't ONNX's own \(com.microsoft.FusedConv\)"),
        (net([node("Crop", domain="shop")]), r"aren't ONNX's own \(shop.Crop\)"),
        (net(opset=6), "operator set 6; export it with 7 or newer"),
        (net(opset=99), r"operator set 99, but the installed onnx knows \d+; update onnx"),
        (net([node("C" * 100)]), r"\(C{60}\.\.\.\)"),
        (net([node("Crop")]), r"aren't ONNX's own \(Crop\)"),
        (net([node("Relu", "nobody")]), "not valid ONNX"),
        (net(metadata={"edge_cifar.card": "{}"}), "already a model of edge-cifar"),
        (net(weight=np.full((4, 3, 3, 3), np.nan, np.float32)), "weights 'weight' hold 108 NaN or infinite"),
        (net(weight=np.full((4, 3, 3, 3), np.inf, np.float16)), "weights 'weight' hold 108 NaN or infinite"),
        (net(bound=np.float32(np.nan)), "'bound'"),
        (net(**{"b" * 100: np.float32(np.nan)}), r"'b{60}\.\.\.'"),
    ],
)
def test_what_is_no_plain_float_graph_is_refused(model: onnx.ModelProto, words: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=words) as raised:
        open_onnx(save(model, tmp_path))
    assert str(raised.value).startswith(str(tmp_path / "net.onnx"))


def test_control_flow_is_refused(tmp_path: Path) -> None:
    choice = helper.make_node("If", ["which"], ["scores"], then_branch=branch("one"), else_branch=branch("two"))
    with pytest.raises(ModelError, match=r"control flow \(If\)"):
        open_onnx(save(net([choice], which=np.array(True)), tmp_path))


def test_sparse_weights_and_training_are_refused(tmp_path: Path) -> None:
    sparse, training = net(), net()
    sparse.graph.sparse_initializer.add()
    training.training_info.add()
    for model in (sparse, training):
        with pytest.raises(ModelError, match="sparse weights or training information in it"):
            open_onnx(save(model, tmp_path))


def test_many_kinds_of_operators_are_named_in_short(tmp_path: Path) -> None:
    nodes = [helper.make_node(f"Own{i}", ["image"], [f"t{i}"], domain="shop") for i in range(7)]
    with pytest.raises(ModelError, match=r"shop.Own0, .*, shop.Own4 and 2 more\)"):
        open_onnx(save(net(nodes), tmp_path))


def test_a_lone_infinity_is_a_bound(tmp_path: Path) -> None:
    model = net(bound=np.float32(np.inf))
    assert open_onnx(save(model, tmp_path))[0] == model


def test_a_tensor_shorter_than_its_shape_is_damage(tmp_path: Path) -> None:
    model = net()
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]
    with pytest.raises(ModelError, match="tensor name: weight"):
        open_onnx(save(model, tmp_path))
