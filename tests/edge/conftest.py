"""What the tests of the runtime share: the command line as users run it, photos, and the smallest model file."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from boards import board as board
from edge_cifar import Classifier
from edge_cifar.edge.model.card import CARD_KEY, ModelCard
from edge_cifar.edge.model.onnx_file import SEAL_KEY, UNSEALED, OnnxFile, check_seal, read_onnx, seal
from edge_cifar.edge.photos.contract import Photo
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

COMMAND = [sys.executable, "-W", "error", "-m", "edge_cifar.edge"]
SIZE = 2  # pixels, of the smallest model's input
SIDE = 16  # pixels, of the input of the model that looks at a corner

Run = Callable[..., "subprocess.CompletedProcess[str]"]
WriteSealed = Callable[[onnx.ModelProto, ModelCard], Path]


@pytest.fixture
def command() -> list[str]:
    """The command line's first words; in it, every warning is an error."""
    return COMMAND


@pytest.fixture
def stopped_command() -> list[str]:
    """The same for what a signal will stop: within Python's own `open` that leaves a file to the collector."""
    return [*COMMAND[:3], "-W", "ignore::ResourceWarning", *COMMAND[3:]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `edge-cifar` with arguments in an empty folder, its output captured."""

    def run(*arguments: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            errors="surrogateescape",
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A small PNG of noise."""
    pixels = np.random.RandomState(0).randint(0, 256, (32, 32, 3)).astype(np.uint8)
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    return path


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A dataset folder: 2 classes, of which cat is dark and dog is bright, 10 training and 5 test photos each."""
    root = tmp_path / "dataset"
    for split, count in (("train", 10), ("test", 5)):
        for label, base in (("cat", 0), ("dog", 200)):
            (root / split / label).mkdir(parents=True)
            for i in range(count):
                Image.new("RGB", (8, 8), (base + i, base, base)).save(root / split / label / f"{i}.png")
    return root


@pytest.fixture(scope="session")
def small_card(card: ModelCard) -> ModelCard:
    """The card of `small_graph`."""
    return replace(card, labels=("cat", "dog"), size=SIZE)


@pytest.fixture
def small_graph() -> onnx.ModelProto:
    """A model by the contract in two kilobytes: the brighter a 2 x 2 photo's first pixel, the more it is a dog.

    logits = [0, (r + g + b) - 300]
    """
    weights = np.zeros((SIZE * SIZE * 4, 2), np.float32)
    weights[:3, 1] = 1
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["float"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"]),
        ],
        "small",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIZE, SIZE, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 2])],
        [
            numpy_helper.from_array(weights, "weights"),
            numpy_helper.from_array(np.array([0, -300], np.float32), "bias"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


@pytest.fixture
def write_sealed(tmp_path: Path) -> WriteSealed:
    """Write a model with a card as a sealed file, whatever the exporter would say to it."""

    def write_sealed(model: onnx.ModelProto, card: ModelCard) -> Path:
        helper.set_model_props(model, {CARD_KEY: card.to_json(), SEAL_KEY: UNSEALED})
        path = tmp_path / "model.onnx"
        path.write_bytes(seal(model.SerializeToString()))
        return path

    return write_sealed


@pytest.fixture
def small_model(write_sealed: WriteSealed, small_graph: onnx.ModelProto, small_card: ModelCard) -> Path:
    """`small_graph` as a sealed model file."""
    return write_sealed(small_graph, small_card)


@pytest.fixture
def corner_model(small_card: ModelCard, write_sealed: WriteSealed) -> Classifier:
    """A model that says dog the brighter the upper left quarter of 16 x 16 pixels is: its mean, less 50."""
    weights = np.zeros((SIDE, SIDE, 4, 2), np.float32)
    weights[:8, :8, 0, 1] = 1 / 64
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
            helper.make_node("Flatten", ["float"], ["flat"]),
            helper.make_node("Gemm", ["flat", "weights", "bias"], ["logits"]),
        ],
        "corner",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, ["N", SIDE, SIDE, 4])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", 2])],
        [
            numpy_helper.from_array(weights.reshape(-1, 2), "weights"),
            numpy_helper.from_array(np.array([0, -50], np.float32), "bias"),
        ],
    )
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    return Classifier(write_sealed(model, replace(small_card, size=SIDE)))


@pytest.fixture
def bright_corner() -> Image.Image:
    """Black but for its upper left quarter, which is white."""
    image = Image.new("RGB", (400, 200))
    image.paste((255, 255, 255), (0, 0, 200, 100))
    return image


@pytest.fixture
def opens(tmp_path: Path) -> Callable[[bytes], OnnxFile]:
    """Write bytes to a file, read it as a model and check its seal."""

    def opens(data: bytes) -> OnnxFile:
        path = tmp_path / "model.onnx"
        path.write_bytes(data)
        data, onnx_file = read_onnx(path)
        check_seal(data, onnx_file.metadata.get(SEAL_KEY, ""), path)
        return onnx_file

    return opens


@pytest.fixture
def cat_or_dog(small_model: Path) -> Classifier:
    """A classifier with logits [0, (r + g + b) - 300] of the first of 2 x 2 pixels."""
    return Classifier(small_model)


def flat(value: int) -> Photo:
    """Return a gray photo of 2 x 2 pixels."""
    return np.full((2, 2), value, np.uint8)
