import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.onnx_file.open_onnx import open_onnx
from foreign import net, save
from onnx import TensorProto, helper, numpy_helper

BYTES = 108 * 4


def outside(folder: Path, **entries: str) -> Path:
    """A net whose weight is said to lie elsewhere; `weights.bin` holds it after 8 other bytes."""
    model = net()
    weight = model.graph.initializer[0]
    (folder / "weights.bin").write_bytes(bytes(8) + weight.raw_data)
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, text in ({"location": "weights.bin", "offset": "8", "length": str(BYTES)} | entries).items():
        if text:
            weight.external_data.add(key=key, value=text)
    return save(model, folder)


@pytest.mark.parametrize("entries", [{}, {"length": ""}, {"location": "./weights.bin"}])
def test_weights_beside_the_file_come_into_the_model(entries: Mapping[str, str], tmp_path: Path) -> None:
    path = outside(tmp_path, **entries)
    model, digest = open_onnx(path)
    assert model == net()
    assert digest == hashlib.sha256(path.read_bytes() + (tmp_path / "weights.bin").read_bytes()).hexdigest()


def test_constants_beside_the_file_come_in_too(tmp_path: Path) -> None:
    array = np.arange(32, dtype=np.float32).reshape(1, 32)
    constant = helper.make_node("Constant", [], ["scores"], value=numpy_helper.from_array(array, "array"))
    model = net([constant])
    onnx.save_model(
        model,
        tmp_path / "net.onnx",
        save_as_external_data=True,
        convert_attribute=True,
        size_threshold=0,
        location="data",
    )
    opened, _ = open_onnx(tmp_path / "net.onnx")
    assert numpy_helper.to_array(opened.graph.node[0].attribute[0].t).tolist() == array.tolist()


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"location": "gone.bin"}, "'gone.bin' is missing; put it beside"),
        ({"location": "/etc/hostname"}, "'/etc/hostname' is outside of its folder"),
        ({"location": "../weights.bin"}, "outside of its folder"),
        ({"location": "a/../../weights.bin"}, "outside of its folder"),
        ({"location": "..\\weights.bin"}, "outside of its folder"),
        ({"location": "C:\\weights.bin"}, "outside of its folder"),
        ({"location": ""}, "outside of its folder"),
        ({"location": "."}, "is no file"),
        ({"location": "a" * 300}, "can't be read .File name too long|is missing"),  # to Python 3.14 it isn't there
        ({"offset": "12"}, "'weights.bin' doesn't hold the tensor 'weight'"),
        ({"offset": "-8"}, "doesn't hold"),
        ({"offset": "one"}, "doesn't hold"),
        ({"length": "4"}, "doesn't hold"),
    ],
)
def test_what_lies_elsewhere_or_is_cut_is_refused(entries: Mapping[str, str], words: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "weights.bin").write_bytes(bytes(1000))
    with pytest.raises(ModelError, match=words):
        open_onnx(outside(folder, **entries))


def test_links_stay_within_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    path = outside(folder, location="link.bin")
    (folder / "link.bin").symlink_to("weights.bin")
    assert open_onnx(path)[0] == net()
    (folder / "weights.bin").rename(tmp_path / "weights.bin")
    (folder / "link.bin").unlink()
    (folder / "link.bin").symlink_to(tmp_path / "weights.bin")
    with pytest.raises(ModelError, match=r"'link.bin' is a link out of its folder; copy"):
        open_onnx(path)


def test_more_than_two_gigabytes_beside_the_file_are_not_read(tmp_path: Path) -> None:
    path = outside(tmp_path)
    model = onnx.load_model(path, load_external_data=False)
    model.graph.initializer[0].dims[0] = 2**26
    with pytest.raises(ModelError, match="GB with its external data; at most 2 GB"):
        open_onnx(save(model, tmp_path))


@pytest.mark.parametrize("kind", [TensorProto.STRING, TensorProto.UNDEFINED, 99])
def test_a_tensor_without_a_size_is_damage(kind: int, tmp_path: Path) -> None:
    model = onnx.load_model(outside(tmp_path), load_external_data=False)
    model.graph.initializer[0].data_type = kind
    with pytest.raises(ModelError, match="'weight' has no size"):
        open_onnx(save(model, tmp_path))


def test_a_negative_length_is_damage(tmp_path: Path) -> None:
    model = onnx.load_model(outside(tmp_path), load_external_data=False)
    model.graph.initializer[0].dims[0] = -4
    with pytest.raises(ModelError, match="'weight' has no size"):
        open_onnx(save(model, tmp_path))
