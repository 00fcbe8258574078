import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar.edge.model.card import ModelCard, read_card
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.model.golden_logits import FLOAT_TOLERANCE, golden_entry, golden_images, verify_model
from edge_cifar.edge.model.onnx_file import SEAL_KEY, check_seal, read_onnx
from edge_cifar.export.graph.run_graph import run_logits
from edge_cifar.export.pipeline.model_file import write_model
from edge_cifar.export.quantization.calibration import Range
from edge_cifar.export.quantization.quantize import quantize
from edge_cifar.export.quantization.variants import VARIANTS


def test_the_card_survives_quantization_and_the_seal_holds(tiny_int8_model: Path, card: ModelCard) -> None:
    data, onnx_file = read_onnx(tiny_int8_model)
    assert read_card(onnx_file.metadata, tiny_int8_model) == replace(card, portability="same bits on every CPU")
    check_seal(data, onnx_file.metadata[SEAL_KEY], tiny_int8_model)
    assert onnx_file.opset == 13


def test_the_file_is_plain_onnx(tiny_int8_model: Path) -> None:
    onnx.checker.check_model(onnx.load(tiny_int8_model), full_check=True)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path, random_graph: onnx.ModelProto, card: ModelCard) -> None:
    for name in ("a.onnx", "b.onnx"):
        write_model(tmp_path / name, random_graph, card)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_file_that_is_not_portable_says_so_and_still_asks_for_equal_bits(
    tmp_path: Path, random_graph: onnx.ModelProto, activation_ranges: Mapping[str, Range], card: ModelCard
) -> None:
    write_model(tmp_path / "a.onnx", quantize(random_graph, activation_ranges, portable=False), card)
    verified = verify_model(tmp_path / "a.onnx")
    assert verified.exact  # so that a CPU on which sums overflow is found out
    assert verified.portability.startswith("NOT PORTABLE")


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_a_file_that_the_runtime_reads(
    variant: str,
    tmp_path: Path,
    random_graph: onnx.ModelProto,
    activation_ranges: Mapping[str, Range],
    card: ModelCard,
) -> None:
    fitted = replace(card, precision=variant, temperature=1.7, abstain_threshold=0.45)
    write_model(tmp_path / "a.onnx", VARIANTS[variant](random_graph, activation_ranges), fitted)
    model = Model(tmp_path / "a.onnx")
    assert (model.card.temperature, model.card.abstain_threshold) == (1.7, 0.45)
    assert verify_model(tmp_path / "a.onnx").passed


def test_golden_logits_carry_the_tolerance_that_their_layers_need(
    tmp_path: Path, random_graph: onnx.ModelProto, activation_ranges: Mapping[str, Range], card: ModelCard
) -> None:
    def tolerance(model: onnx.ModelProto, precision: str) -> float:
        write_model(tmp_path / "a.onnx", model, replace(card, precision=precision))
        return verify_model(tmp_path / "a.onnx").tolerance

    assert tolerance(quantize(random_graph, activation_ranges), "int8") == 0
    assert tolerance(random_graph, "fp32") == FLOAT_TOLERANCE
    logits = run_logits(random_graph, golden_images(32))
    mixed = tolerance(quantize(random_graph, activation_ranges, keep_float=["conv_4"]), "int8")
    assert mixed == pytest.approx(0.01 * np.ptp(logits), rel=0.1)


def test_the_tolerance_of_float_grows_with_the_logits() -> None:
    logits = np.linspace(-5000, 5000, 160, dtype=np.float32).reshape(16, 10)
    assert json.loads(golden_entry(logits, exact=False))["tolerance"] == pytest.approx(1)
    assert json.loads(golden_entry(logits / 5000, exact=False))["tolerance"] == FLOAT_TOLERANCE
