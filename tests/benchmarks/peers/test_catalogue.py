from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.peers.catalogue import ON_RESNET8, OURS, PEERS, Net, batchnorm, convert, resnet8
from edge_cifar.benchmarks.peers.runtimes import RUNTIMES
from edge_cifar.edge.errors import EdgeCifarError

LITERT = PEERS["LiteRT int8"]


@pytest.fixture
def net(tmp_path: Path) -> Net:
    for name in ("model.fp32.onnx", "model.int8.onnx"):
        (tmp_path / name).write_text(f"{tmp_path}")  # the cache goes by the content
    return Net("tiny", tmp_path / "model.fp32.onnx", tmp_path / "model.int8.onnx")


def test_peers_have_known_runtimes_and_one_of_each_precision_is_ours() -> None:
    assert {peer.runtime for peer in PEERS.values()} == set(RUNTIMES)
    assert all(PEERS[name].precision == precision for precision, name in OURS.items())
    assert set(ON_RESNET8) <= set(PEERS)


def test_the_shipped_files_are_ours() -> None:
    assert PEERS[OURS["int8"]].path(batchnorm()).name == "batchnorm.int8.onnx"


def test_a_file_that_was_not_made_yet_is_asked_for(net: Net) -> None:
    with pytest.raises(EdgeCifarError, match=r"^litert-int8/model\.tflite was not made yet; run again with --prepare$"):
        LITERT.path(net)
    made = net.converted / "litert-int8/model.tflite"
    made.parent.mkdir(parents=True)
    made.touch()
    assert LITERT.path(net) == made
    net.fp32.write_bytes(b"other weights")
    with pytest.raises(EdgeCifarError):
        LITERT.path(net)


def test_a_net_without_its_run_can_not_run_in_pytorch(net: Net) -> None:
    with pytest.raises(EdgeCifarError, match="its run is not there; run from the checkout"):
        PEERS["PyTorch eager"].path(net)


def test_a_resnet8_is_a_run_or_its_fp32_file(net: Net, tmp_path: Path) -> None:
    assert resnet8(tmp_path) == resnet8(net.fp32) == Net("resnet8", net.fp32, net.int8)
    net.int8.unlink()
    with pytest.raises(EdgeCifarError, match=r"model\.int8\.onnx is not there; export the run with --quantize"):
        resnet8(tmp_path)


def test_a_conversion_that_fails_is_told_and_leaves_nothing(net: Net) -> None:
    lines: list[str] = []
    convert(net, [PEERS[OURS["int8"]], LITERT], np.zeros((1, 32, 32, 4), np.uint8), lines.append)  # no ONNX
    assert lines[0] == "converting tiny for LiteRT int8"
    assert lines[1].startswith("LiteRT int8: not converted (")
    assert list(net.converted.iterdir()) == []


def test_what_was_made_is_not_made_again(net: Net) -> None:
    (net.converted / "litert-int8").mkdir(parents=True)
    lines: list[str] = []
    convert(net, [LITERT], np.zeros((1, 32, 32, 4), np.uint8), lines.append)
    assert lines == []
