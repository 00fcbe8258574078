import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.golden import GOLDEN_IMAGES, GOLDEN_KEY, golden_entry, golden_images, verify_model
from edge_cifar.edge.model_card import ModelCard
from edge_cifar.edge.onnx_file import SEAL_KEY, UNSEALED, seal


def _with_golden(path: Path, original: Path, change: float) -> Path:
    """Write a copy of a model whose first golden logit is off by `change`."""
    golden = _golden(original)
    golden["logits"][0][0] += change
    return _with_entry(path, original, json.dumps(golden))


def _golden(path: Path) -> dict[str, Any]:
    """Return the golden entry of a model file."""
    entries = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    found: dict[str, Any] = json.loads(entries[GOLDEN_KEY])
    return found


def _with_entry(path: Path, original: Path, text: str) -> Path:
    """Write a copy of a model with another golden entry, sealed."""
    model = onnx.load(original)
    entries = {entry.key: entry.value for entry in model.metadata_props}
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {**entries, GOLDEN_KEY: text, SEAL_KEY: UNSEALED})
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


def test_fp32_may_differ_by_a_thousandth_and_no_more(tmp_path: Path, tiny_fp32_model: Path) -> None:
    assert verify_model(tiny_fp32_model).tolerance == 1e-3
    assert verify_model(_with_golden(tmp_path / "a.onnx", tiny_fp32_model, 9e-4)).passed
    assert not verify_model(_with_golden(tmp_path / "b.onnx", tiny_fp32_model, 1.1e-3)).passed


def test_mixed_files_may_differ_by_a_hundredth_of_the_range() -> None:
    logits = np.linspace(-10, 30, GOLDEN_IMAGES * 2, dtype=np.float32).reshape(GOLDEN_IMAGES, 2)
    assert json.loads(golden_entry(logits, exact=False, mixed=True))["tolerance"] == pytest.approx(0.4)
    assert json.loads(golden_entry(logits, exact=False))["tolerance"] == 1e-3
    assert json.loads(golden_entry(logits, exact=True))["tolerance"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"tolerance": float("inf")},
        {"tolerance": float("nan")},
        {"tolerance": -1},
        {"tolerance": True},
        {"tolerance": "1"},
        {"tolerance": None},
        {"tolerance": int("7" * 400)},
        {"tolerance": 0.99},  # of more than a hundredth of any range of these logits
        {"exact": "false"},
        {"exact": 1},
        {"logits": []},
        {"logits": [[0.0] * 10] * 15},
        {"logits": [[0.0] * 9] * 16},
        {"logits": [[0.0] * 10] * 15 + [[0.0]]},
        {"logits": [["0.0"] * 10] * 16},
        {"logits": [[True] * 10] * 16},
        {"logits": [[1e300] * 10] * 16},
        {"logits": [[int("7" * 400)] * 10] * 16},
        {"logits": [[float("nan")] * 10] * 16},
        {"logits": [[[0.0]] * 10] * 16},
        {"logits": {"0": 1}},
        {"logits": "0" * 16},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_golden_entry_that_is_never_written_is_refused(
    tmp_path: Path, tiny_fp32_model: Path, change: dict[str, object]
) -> None:
    text = json.dumps({**_golden(tiny_fp32_model), **change})
    with pytest.raises(ModelError, match="carries no golden logits to verify"):
        verify_model(_with_entry(tmp_path / "a.onnx", tiny_fp32_model, text))


@pytest.mark.parametrize("text", ["", "null", "3", "[" * 100_000, '{"exact": true, "exact": false}'])
def test_a_golden_entry_of_other_json_is_refused(tmp_path: Path, tiny_fp32_model: Path, text: str) -> None:
    with pytest.raises(ModelError, match="carries no golden logits to verify"):
        verify_model(_with_entry(tmp_path / "a.onnx", tiny_fp32_model, text))


def test_logits_that_are_no_numbers_are_named(tmp_path: Path, tiny_fp32_model: Path) -> None:
    model = onnx.load(tiny_fp32_model)
    bias = next(tensor for tensor in model.graph.initializer if len(tensor.dims) == 1 and tensor.data_type == 1)
    bias.CopyFrom(onnx.numpy_helper.from_array(np.full(bias.dims, np.nan, np.float32), bias.name))
    onnx.save(model, tmp_path / "nan.onnx")
    path = _with_entry(tmp_path / "a.onnx", tmp_path / "nan.onnx", json.dumps(_golden(tiny_fp32_model)))
    with pytest.raises(ModelError, match="compute logits that are no numbers"):
        verify_model(path)


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
