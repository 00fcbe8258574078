"""Writing a model file: the graph with its card and golden logits, sealed, in one piece."""

from dataclasses import replace
from pathlib import Path

import onnx

from ...edge.files.atomic_write import write_bytes
from ...edge.model.card import CARD_KEY, ModelCard
from ...edge.model.golden_logits import GOLDEN_KEY, golden_entry, golden_images
from ...edge.model.onnx_file import SEAL_KEY, UNSEALED, seal
from ..graph.run_graph import run_logits
from ..proof.portability import is_integer, portability


def write_model(path: Path, model: onnx.ModelProto, card: ModelCard) -> None:
    """Write `model` to `path` with `card`, its portability filled in, as metadata.

    The same input gives the same bytes on the same machine.
    """
    written = onnx.ModelProto()
    written.CopyFrom(model)
    del written.metadata_props[:]
    written.producer_name, written.producer_version = "edge-cifar", card.versions["edge-cifar"]
    logits = run_logits(model, golden_images(card.size))
    golden = golden_entry(logits, exact=is_integer(model), mixed=card.precision != "fp32")
    card = replace(card, portability=portability(model))
    entries = {CARD_KEY: card.to_json(), GOLDEN_KEY: golden, SEAL_KEY: UNSEALED}
    onnx.helper.set_model_props(written, entries)
    write_bytes(path, seal(written.SerializeToString(deterministic=True)))
