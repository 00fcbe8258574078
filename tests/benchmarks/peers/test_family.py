from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.peers.family import UNIT, family, measure_row
from edge_cifar.benchmarks.peers.process import Finished
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.model.contract import Model


def test_a_missing_resnet8_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(EdgeCifarError, match=r"--resnet8: .*none is not there"):
        family(tmp_path / "none", data="synthetic")


def test_a_row_holds_accuracy_latency_and_the_ratio_to_the_unit(tiny_int8_model: Path, tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(bytes(100))
    targets = np.array([0, 1, 0, 1])
    test = LabelledImages(np.zeros((4, 8, 8, 4), np.uint8), targets, ("a", "b"), tuple("1234"))
    answers = np.array([[1, 0], [0, 1], [1, 0], [1, 0]], np.float32)  # three of four are right
    finished = {
        UNIT: Finished("1", answers, np.full((4, 10), 2e-3)),
        "net": Finished("1", answers, np.full((4, 10), 1e-3)),
    }
    card = Model(tiny_int8_model).card
    net = measure_row("net", tiny_int8_model, finished, test)
    assert (net.n, net.top1, net.parameters, net.macs) == (4, 0.75, card.parameters, card.macs)
    assert net.interval[0] < 0.75 < net.interval[1]
    assert (net.ms.p50, net.ms_interval.median, net.to_unit.median) == pytest.approx((1.0, 1.0, 0.5))
    assert net.bytes == tiny_int8_model.stat().st_size
    unit = measure_row(UNIT, tmp_path / "model.tflite", finished, test)
    assert (unit.bytes, unit.parameters, unit.macs, unit.to_unit.median) == (100, None, None, 1.0)
