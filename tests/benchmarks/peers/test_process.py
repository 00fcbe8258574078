import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from edge_cifar.benchmarks.peers.process import PeerProcess, race
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.synthetic_shapes import write_photos
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.model.contract import Model


@pytest.fixture
def request_of(tmp_path: Path, tiny_int8_model: Path, synthetic: LabelledImages) -> dict[str, Any]:
    """A request for onnxruntime with three images."""
    np.save(tmp_path / "inputs.npy", synthetic.images[:3])
    core = min(os.sched_getaffinity(0))
    file, inputs = str(tiny_int8_model), str(tmp_path / "inputs.npy")
    return {"runtime": "onnxruntime", "file": file, "inputs": inputs, "cores": [core], "threads": 1}


def test_peers_are_timed_if_they_answer_rightly_and_named_if_not(
    request_of: dict[str, Any], tiny_fp32_model: Path, tiny_int8_model: Path, synthetic: LabelledImages
) -> None:
    def accept(name: str, answers: npt.NDArray[Any]) -> None:
        if name == "wrong":
            raise EdgeCifarError(f"wrong answers: {answers.shape}")

    requests = {
        "int8": request_of,
        "wrong": {**request_of, "file": str(tiny_fp32_model)},
        "missing": {**request_of, "file": "nowhere.onnx"},
    }
    found, failures = race(requests, accept, rounds=2, calls=5)
    assert set(found) == {"int8"}
    assert found["int8"].seconds.shape == (2, 5)
    assert (found["int8"].seconds > 0).all()
    assert np.array_equal(found["int8"].answers, Model(tiny_int8_model, threads=1).logits(synthetic.images[:3]))
    assert failures["wrong"] == "wrong answers: (3, 10)"
    assert "nowhere.onnx: no such model file" in failures["missing"]


def test_a_peer_that_dies_says_so_and_its_process_is_gone(request_of: dict[str, Any]) -> None:
    with PeerProcess(request_of) as peer:
        peer.wait()
        assert peer.version
        peer._process.kill()
        peer._process.wait()
        with pytest.raises(EdgeCifarError, match="exit status -9"):
            peer.turn(0, 1)


def test_photos_become_labels(tmp_path: Path, request_of: dict[str, Any], tiny_int8_model: Path) -> None:
    photos = [str(photo) for photo in write_photos(tmp_path, 1, seed=0)[:2]]
    request = {**request_of, "way": "Pillow", "inputs": photos}
    with PeerProcess(request) as peer:
        peer.wait()
        assert len(peer.answers) == 2
        assert set(peer.answers) <= set(Model(tiny_int8_model).card.labels)
        assert len(peer.turn(0, 3)) == 3
