import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.benchmarks.peers.catalogue import PEERS, Net, convert
from edge_cifar.benchmarks.peers.process import PeerProcess
from edge_cifar.benchmarks.peers.report import agreement
from edge_cifar.benchmarks.peers.runtimes import MEAN, RUNTIMES, STD
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.model.contract import Model
from edge_cifar.train.nets.layers import PIXEL_MEAN, PIXEL_STD

MADE = [name for name, peer in PEERS.items() if peer.file and peer.runtime != "ncnn"]  # which needs a run
TOOLS = ("tensorflow", "ai_edge_litert", "openvino", "nncf")


def test_pixels_are_scaled_as_in_training() -> None:
    assert (MEAN, STD) == (PIXEL_MEAN, PIXEL_STD)


def test_onnxruntime_gives_the_logits_of_the_runtime(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    image = synthetic.images[:1]
    run = RUNTIMES["onnxruntime"].load(tiny_int8_model, 1)
    assert np.array_equal(run(image), Model(tiny_int8_model, threads=1).logits(image))


@pytest.mark.skipif(any(importlib.util.find_spec(tool) is None for tool in TOOLS), reason="the extra [peers]")
@pytest.mark.parametrize("name", MADE)
def test_a_converted_net_gives_the_logits_of_ours(
    name: str, tiny_fp32_model: Path, synthetic: LabelledImages, tmp_path: Path
) -> None:
    lines: list[str] = []
    net = Net("tiny", tiny_fp32_model, tiny_fp32_model)
    convert(net, [PEERS[name]], synthetic.images[:50], lines.append)
    assert len(lines) == 1
    np.save(tmp_path / "inputs.npy", synthetic.images)
    request = {"runtime": PEERS[name].runtime, "file": str(PEERS[name].path(net)), "threads": 1}
    request |= {"inputs": str(tmp_path / "inputs.npy"), "cores": list(os.sched_getaffinity(0))}
    with PeerProcess(request) as peer:
        peer.wait()
        expected = Model(tiny_fp32_model).logits(synthetic.images)
        found = agreement(peer.answers, expected, PEERS[name].precision)
    assert found.largest_difference < 0.3 * np.ptp(expected)
