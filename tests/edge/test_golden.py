import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.golden import GOLDEN_IMAGES, GOLDEN_KEY, golden_images, verify_model
from edge_cifar.edge.model_card import ModelCard
from edge_cifar.edge.onnx_file import SEAL_KEY, UNSEALED, seal


def _with_golden(path: Path, original: Path, change: float) -> Path:
    """Write a copy of a model whose first golden logit is off by `change`."""
    model = onnx.load(original)
    entries = {entry.key: entry.value for entry in model.metadata_props}
    golden = json.loads(entries[GOLDEN_KEY])
    golden["logits"][0][0] += change
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {**entries, GOLDEN_KEY: json.dumps(golden), SEAL_KEY: UNSEALED})
    path.write_bytes(seal(model.SerializeToString()))
    return path


def test_both_kinds_of_file_verify_where_they_were_made(tiny_fp32_model: Path, tiny_int8_model: Path) -> None:
    for path, exact in ((tiny_fp32_model, False), (tiny_int8_model, True)):
        result = verify_model(path)
        assert result.passed
        assert result.exact is exact
        assert result.n == GOLDEN_IMAGES
    assert verify_model(tiny_int8_model).identical == GOLDEN_IMAGES


def test_an_int8_file_must_agree_to_the_bit_and_fp32_within_rounding(
    tmp_path: Path, tiny_fp32_model: Path, tiny_int8_model: Path
) -> None:
    assert not verify_model(_with_golden(tmp_path / "a.onnx", tiny_int8_model, 1e-5)).passed
    assert verify_model(_with_golden(tmp_path / "b.onnx", tiny_fp32_model, 1e-5)).passed
    assert not verify_model(_with_golden(tmp_path / "c.onnx", tiny_fp32_model, 0.1)).passed


def test_a_wrong_machine_is_exit_1_and_a_right_one_exit_0(tmp_path: Path, tiny_int8_model: Path) -> None:
    wrong = _with_golden(tmp_path / "wrong.onnx", tiny_int8_model, 0.5)
    for path, status in ((tiny_int8_model, 0), (wrong, 1)):
        command = [sys.executable, "-m", "edge_cifar.edge", "verify", str(path), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status
        assert json.loads(done.stdout)["passed"] is (status == 0)
        assert "Traceback" not in done.stderr


def test_a_file_without_golden_logits_is_refused(
    tmp_path: Path, random_graph: onnx.ModelProto, card: ModelCard
) -> None:
    model = onnx.ModelProto()
    model.CopyFrom(random_graph)
    onnx.helper.set_model_props(model, {"edge_cifar.card": card.to_json(), SEAL_KEY: UNSEALED})
    path = tmp_path / "bare.onnx"
    path.write_bytes(seal(model.SerializeToString()))
    with pytest.raises(ModelError, match="carries no golden logits"):
        verify_model(path)


def test_golden_images_never_change() -> None:
    images = golden_images(32)
    assert images.shape == (GOLDEN_IMAGES, 32, 32, 4)
    assert np.array_equal(golden_images(32), images)
    assert int(images.astype(np.int64).sum()) == 8_456_554
