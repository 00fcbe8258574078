from pathlib import Path

import onnx
from edge_cifar.edge.model_card import ModelCard, read_card
from edge_cifar.edge.onnx_file import SEAL_KEY, check_seal, read_onnx
from edge_cifar.export.model_file import write_model


def test_the_card_survives_quantization_and_the_seal_holds(tiny_int8_model: Path, card: ModelCard) -> None:
    data, onnx_file = read_onnx(tiny_int8_model)
    assert read_card(onnx_file.metadata, tiny_int8_model) == card
    check_seal(data, onnx_file.metadata[SEAL_KEY], tiny_int8_model)
    assert onnx_file.opset == 13


def test_the_file_is_plain_onnx(tiny_int8_model: Path) -> None:
    onnx.checker.check_model(onnx.load(tiny_int8_model), full_check=True)


def test_writing_twice_gives_the_same_bytes(tmp_path: Path, random_graph: onnx.ModelProto, card: ModelCard) -> None:
    for name in ("a.onnx", "b.onnx"):
        write_model(tmp_path / name, random_graph, card)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()
