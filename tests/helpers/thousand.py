"""A net of a thousand classes in 256 kilobytes, and photos of a few hundred of them, to be told of in bounded pages."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.export.pipeline.model_file import write_model
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

LABELS = tuple(f"class {i}" for i in range(1000))
SIZE = 4  # pixels
PHOTOS = 300


def write_thousand(path: Path, card: ModelCard, noise: float = 0) -> Path:
    """Write a model file of random weights, always the same but for `noise`."""
    weights = _weights() + noise * np.random.RandomState(1).normal(size=(SIZE * SIZE * 4, 1000))
    constants = {
        "weights": weights.astype(np.float32),
        "bias": np.zeros(1000, np.float32),
        "grey": np.array(-128, np.float32),
    }
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["float"], "cast", to=TensorProto.FLOAT),
            helper.make_node("Add", ["float", "grey"], ["centred"], "add"),
            helper.make_node("Flatten", ["centred"], ["flat"], "flatten"),
            helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"], "gemm"),
        ],
        "thousand",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIZE, SIZE, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 1000])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    write_model(path, model, replace(card, labels=LABELS, size=SIZE, net="thousand", temperature=50.0))
    return path


def write_test_photos(folder: Path) -> str:
    """Write `folder/test/<class>/<i>.png`, each of the class that the net answers, but every third of the next one."""
    random, answers = np.random.RandomState(2), []
    for i in range(PHOTOS):
        pixels = random.randint(0, 256, (SIZE, SIZE, 4)).astype(np.uint8)
        pixels[..., 3] = 255
        answers.append(int(((pixels.astype(np.float64) - 128).reshape(-1) @ _weights()).argmax()))
        own = folder / "test" / LABELS[(answers[-1] + (i % 3 == 0)) % 1000]
        own.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[..., :3]).save(own / f"{i}.png")
    return str(folder)


def _weights() -> np.ndarray:
    return np.random.RandomState(0).normal(size=(SIZE * SIZE * 4, 1000))
