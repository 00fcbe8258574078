from dataclasses import replace

import numpy as np
import pytest
from edge_cifar.benchmarks.peers.report import (
    Agreement,
    Failure,
    PhotoRow,
    Row,
    agreement,
    in_units_of_litert,
    markdown,
    net_table,
)
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.stats.paired_timing import Latency, Ratio

OURS = Row(
    name="onnxruntime int8",
    net="batchnorm",
    precision="int8",
    version="1.31.1",
    takes="uint8 RGBX",
    made="our file",
    threads=1,
    agreement=Agreement(1000, 994, 0.37),
    ms=Latency(0.2, 0.3, 0.4),
    rounds=[0.2, 0.2, 0.21],
    to_ours=Ratio(1, 1, 1),
)
LITERT = replace(OURS, name="LiteRT int8", rounds=[0.1, 0.1, 0.1], to_ours=Ratio(0.5, 0.45, 0.55))
PHOTO = PhotoRow("Pillow", "decoded whole", "13", "JPEGs", 4, 3, Latency(9, 9, 9), [9.0], Ratio(4, 3, 5))


def _logits(same: int) -> np.ndarray:
    """Logits of 100 images, of which so many are answered like `np.eye(2)[[0] * 100]`."""
    return np.eye(2, dtype=np.float32)[[0] * same + [1] * (100 - same)]


def test_the_same_net_agrees() -> None:
    reference = _logits(100)
    assert agreement(reference + np.float32(0.25), reference, "fp32") == Agreement(100, 100, 0.25)
    assert agreement(_logits(70), reference, "int8").same == 70


def test_another_net_is_refused() -> None:
    with pytest.raises(EdgeCifarError, match="the same answer for 69 of 100 images"):
        agreement(_logits(69), _logits(100), "int8")
    with pytest.raises(EdgeCifarError, match="something else"):
        agreement(_logits(97), _logits(100), "fp32")
    with pytest.raises(EdgeCifarError, match="shape"):
        agreement(_logits(100)[:, :1], _logits(100), "fp32")


def test_a_faster_peer_is_said_to_be_faster() -> None:
    page = markdown({"cpu": "fast"}, [OURS, LITERT], [PHOTO], [])
    assert "**0.50 (0.45 - 0.55)**, faster" in page
    assert "- **batchnorm, 1 thread: LiteRT int8** takes 0.50 of ours" in page
    assert "- cpu: fast" in page
    assert "Pillow** takes" not in page
    assert "3 of 4" in page


def test_a_peer_that_is_not_always_faster_is_not_said_to_be() -> None:
    page = markdown({}, [OURS, replace(LITERT, to_ours=Ratio(0.9, 0.8, 1.0))], [], [])
    assert "faster |" not in page
    assert "## Faster than ours\n\n- none" in page


def test_a_failed_peer_is_named() -> None:
    assert "- ncnn: no wheel\n" in markdown({}, [OURS], [], [Failure("ncnn", "no wheel")])


def test_a_peer_that_failed_on_two_threads_keeps_its_row() -> None:
    table = net_table([OURS, LITERT, replace(OURS, threads=2)])
    assert len({line.count("|") for line in table}) == 1
    assert table[3].startswith("| LiteRT int8 |")
    assert table[3].endswith("|  |  |")


def test_ours_is_told_in_units_of_litert() -> None:
    assert in_units_of_litert([OURS, LITERT]) == [
        "- batchnorm, 1 thread, in units of batchnorm: 2.000 (quartiles 2.000 - 2.050)"
    ]
    assert in_units_of_litert([OURS]) == []
