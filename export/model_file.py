"""Writing a model file: the graph with its card, sealed, in one piece."""

from pathlib import Path

import onnx

from ..edge.files import write_bytes
from ..edge.model_card import CARD_KEY, ModelCard
from ..edge.onnx_file import SEAL_KEY, UNSEALED, seal


def write_model(path: Path, model: onnx.ModelProto, card: ModelCard) -> None:
    """Write `model` to `path` with `card` as its metadata; the same input gives the same bytes."""
    del model.metadata_props[:]
    model.producer_name, model.producer_version = "edge-cifar", card.versions["edge-cifar"]
    onnx.helper.set_model_props(model, {CARD_KEY: card.to_json(), SEAL_KEY: UNSEALED})
    write_bytes(path, seal(model.SerializeToString(deterministic=True)))
