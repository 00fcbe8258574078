"""Writing a model file: the graph with its card and golden logits, sealed, in one piece."""

from pathlib import Path

import onnx

from ..edge.files import write_bytes
from ..edge.golden import GOLDEN_KEY, golden_entry, golden_images
from ..edge.model_card import CARD_KEY, ModelCard
from ..edge.onnx_file import SEAL_KEY, UNSEALED, seal
from .run_model import run_logits

DYNAMIC = ("DynamicQuantizeLinear", "ConvInteger", "MatMulInteger")  # with scales found in float, image by image


def write_model(path: Path, model: onnx.ModelProto, card: ModelCard) -> None:
    """Write `model` to `path` with `card` in its metadata; the same input gives the same bytes on the same machine."""
    written = onnx.ModelProto()
    written.CopyFrom(model)
    del written.metadata_props[:]
    written.producer_name, written.producer_version = "edge-cifar", card.versions["edge-cifar"]
    golden = golden_entry(run_logits(model, golden_images(card.size)), exact=is_integer(model))
    entries = {CARD_KEY: card.to_json(), GOLDEN_KEY: golden, SEAL_KEY: UNSEALED}
    onnx.helper.set_model_props(written, entries)
    write_bytes(path, seal(written.SerializeToString(deterministic=True)))


def is_integer(model: onnx.ModelProto) -> bool:
    """Return whether every layer with weights computes in integers of fixed scales, so to the same bits everywhere."""
    makers = {node.output[0]: node.op_type for node in model.graph.node}
    return not any(
        node.op_type in DYNAMIC
        or (node.op_type in ("Conv", "Gemm") and {makers.get(name) for name in node.input[:2]} != {"DequantizeLinear"})
        for node in model.graph.node
    )
