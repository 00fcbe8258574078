from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.peers.catalogue import ON_OTHERS, OURS, PEERS
from edge_cifar.benchmarks.peers.foreign_nets import exported_net, foreign_nets, photos_of
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.model.contract import Model
from PIL import Image


@pytest.fixture
def folder(tiny_fp32_model: Path, tiny_int8_model: Path, tmp_path: Path) -> Path:
    """What an export leaves."""
    for path in (tiny_fp32_model, tiny_int8_model):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def _write_photos(folder: Path, count: int) -> None:
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(count):
        Image.fromarray(random.integers(0, 256, (40, 60, 3), np.uint8)).save(folder / f"{i}.png")


def test_peers_of_others_need_no_run() -> None:
    assert {*OURS.values(), "quantize_static", "LiteRT int8", "OpenVINO int8"} <= set(ON_OTHERS)
    assert all(PEERS[name].runtime not in ("torch", "torch-compiled", "ncnn") for name in ON_OTHERS)


def test_an_export_without_int8_is_asked_for_it(folder: Path) -> None:
    net = exported_net(folder)
    assert (net.name, net.run) == (Model(folder / "model.fp32.onnx").card.net, None)
    (folder / "model.int8.onnx").unlink()
    with pytest.raises(EdgeCifarError, match=r"model\.int8\.onnx is not there; export the net with --quantize"):
        exported_net(folder)


def test_photos_are_dealt_out_as_by_the_export_and_none_twice(folder: Path, tmp_path: Path) -> None:
    _write_photos(tmp_path / "photos", 30)
    splits = photos_of(exported_net(folder), str(tmp_path / "photos"))

    assert sum(map(len, (splits.train, splits.val, splits.test))) == 30
    size = Model(folder / "model.fp32.onnx").card.size
    assert splits.test.images.shape[1:] == (size, size, 4)
    shown = np.concatenate([splits.train.images, splits.val.images, splits.test.images])
    assert len(np.unique(shown.reshape(30, -1), axis=0)) == 30


def test_a_run_is_measured_and_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edge_cifar.benchmarks.peers.foreign_nets.ON_OTHERS", tuple(OURS.values()))
    _write_photos(tmp_path / "photos", 20)

    foreign_nets([folder], str(tmp_path / "photos"), rounds=2, cores="0", out=tmp_path / "peers.json")

    page = (tmp_path / "peers.md").read_text()
    assert capsys.readouterr().out in page
    assert "| onnxruntime int8 |" in page
    assert '"failures": []' in (tmp_path / "peers.json").read_text()
