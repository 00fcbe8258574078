import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from edge_cifar.edge.errors import ModelError
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.golden_logits import (
    GOLDEN_IMAGES,
    GOLDEN_KEY,
    Verification,
    golden_entry,
    golden_images,
    verify_model,
)
from edge_cifar.edge.model.onnx_file import SEAL_KEY, UNSEALED, seal


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
    assert json.loads(golden_entry(logits, exact=False))["tolerance"] == pytest.approx(0.004)
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
        {"logits": [[3e38, -3e38] * 5] * 16, "tolerance": 1e300},  # as far apart as no float32 can say
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


def test_golden_images_of_any_size_never_change() -> None:
    digests = {size: hashlib.sha256(golden_images(size).tobytes()).hexdigest()[:16] for size in (32, 33, 50)}
    assert digests == {32: "6037cd36bb464f3f", 33: "05da2199ca09b108", 50: "7e0922833c958419"}
    assert golden_images(33).dtype == np.uint8


def test_the_verdict_in_words() -> None:
    right = Verification("a.onnx", 16, 15, 0.00123, False, 0.01, True, "")
    assert right.describe() == (
        "right: 15 of 16 golden images give the same logits; largest difference 0.0012 (within 0.01 expected)"
    )
    wrong = Verification("a.onnx", 16, 3, 0.5, True, 0.0, False, "")
    assert wrong.describe() == (
        "WRONG: 3 of 16 golden images give the same logits; largest difference 0.5 (to the bit expected)"
    )


def test_what_a_golden_entry_holds() -> None:
    logits = np.linspace(-1, 1e5 - 1, GOLDEN_IMAGES * 2, dtype=np.float32).reshape(GOLDEN_IMAGES, 2)
    assert json.loads(golden_entry(logits, exact=False)) == {
        "exact": False,
        "tolerance": pytest.approx(10),  # a ten thousandth of the range
        "logits": logits.tolist(),
    }
    assert json.loads(golden_entry(logits, exact=True, mixed=True))["tolerance"] == 0


def test_all_that_verifying_finds(tmp_path: Path, tiny_int8_model: Path) -> None:
    off = _with_golden(tmp_path / "off.onnx", tiny_int8_model, 0.5)
    found = verify_model(off)
    assert (found.model, found.n, found.identical, found.exact, found.tolerance) == (str(off), 16, 15, True, 0)
    assert found.largest_logit_difference == pytest.approx(0.5, rel=1e-4)
    assert found.portability == "same bits on every CPU"
    assert verify_model(tiny_int8_model).largest_logit_difference == 0


def test_a_tolerance_may_be_absent_or_a_hundredth_of_the_range_at_most(tmp_path: Path, tiny_fp32_model: Path) -> None:
    entry = _golden(tiny_fp32_model)
    most = 0.01 * float(np.ptp(np.array(entry["logits"], np.float32)))
    for tolerance, allowed in ((most, True), (most * 1.001, False), (0, True), (0.0, True), (1e-3, True)):
        path = _with_entry(tmp_path / "a.onnx", tiny_fp32_model, json.dumps({**entry, "tolerance": tolerance}))
        if allowed or tolerance <= 1e-3:
            assert verify_model(path).tolerance == tolerance
        else:
            with pytest.raises(ModelError, match="carries no golden logits to verify") as refused:
                verify_model(path)
            assert str(refused.value.__cause__) == f"tolerance {tolerance}"
    del entry["tolerance"]
    path = _with_entry(tmp_path / "a.onnx", tiny_fp32_model, json.dumps(entry))
    assert verify_model(path).tolerance == 1e-3


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"logits": [[0.0] * 9] * 16}, "wrong shape, or too large"),
        ({"logits": [[1.71e38] * 10] * 16}, "wrong shape, or too large"),
        ({"exact": 1}, "values of other types"),
    ],
)
def test_why_an_entry_is_refused(tmp_path: Path, tiny_fp32_model: Path, change: dict[str, object], cause: str) -> None:
    path = _with_entry(tmp_path / "a.onnx", tiny_fp32_model, json.dumps({**_golden(tiny_fp32_model), **change}))
    with pytest.raises(ModelError) as refused:
        verify_model(path)
    assert str(refused.value) == f"{path}: carries no golden logits to verify; export it again"
    assert str(refused.value.__cause__) == cause


def test_logits_of_an_entry_may_be_half_as_large_as_float32_allows(tmp_path: Path, tiny_fp32_model: Path) -> None:
    largest = float(np.finfo(np.float32).max) / 2
    entry = {**_golden(tiny_fp32_model), "logits": [[largest, -largest] * 5] * 16}
    found = verify_model(_with_entry(tmp_path / "a.onnx", tiny_fp32_model, json.dumps(entry)))
    assert (found.passed, found.identical) == (False, 0)
    assert found.largest_logit_difference == pytest.approx(largest)


def test_the_tolerance_of_a_mixed_entry_is_accepted_however_the_range_is_rounded(
    tmp_path: Path, tiny_fp32_model: Path
) -> None:
    logits = np.zeros((GOLDEN_IMAGES, 10), np.float32)
    logits[0, :2] = 2, -0.75 * 2**-22  # float32 has no number between 2 and 2 + 2**-22
    text = golden_entry(logits, exact=False, mixed=True)
    assert verify_model(_with_entry(tmp_path / "a.onnx", tiny_fp32_model, text)).tolerance == 0.01 * (2 + 2**-22)


@pytest.mark.parametrize(
    ("exact", "tolerance", "change", "passed"),
    [(True, 1e-3, 1e-5, False), (True, 1e-3, 0, True), (False, 1e-3, 1e-5, True), (False, 0, 0, True)],
)
def test_where_bits_are_promised_no_tolerance_is_given(
    tmp_path: Path, tiny_int8_model: Path, exact: bool, tolerance: float, change: float, passed: bool
) -> None:
    entry = {**_golden(tiny_int8_model), "exact": exact, "tolerance": tolerance}
    entry["logits"][0][0] += change
    assert verify_model(_with_entry(tmp_path / "a.onnx", tiny_int8_model, json.dumps(entry))).passed is passed
