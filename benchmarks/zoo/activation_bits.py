"""`python -m edge_cifar.benchmarks.zoo.activation_bits MODEL --data PHOTOS`: what rounding activations costs by itself.

Weights stay float, and every activation that a layer reads is rounded to 2^bits levels of its tensor's whole range on
photos of calibration. What no weights could win back is the bound of any quantization to so many bits.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import typer
from onnx import helper, numpy_helper

from ...edge.cli.exit_status import reporting
from ...edge.errors import EdgeCifarError
from ...edge.model.contract import Logits, Model
from ...edge.photos.contract import Pixels, read_photo
from ...export.graph.run_graph import run_logits, run_tensors
from ..portability.conformance_photos import images_of

LAYERS = ("Conv", "Gemm", "Add", "Mul", "GlobalAveragePool")  # whose inputs an int8 file has in integers
PIXEL_STEPS = ("Transpose", "DequantizeLinear")
Range = tuple[float, float]


def activation_bits(
    model: Annotated[Path, typer.Argument(help="Float file of an export.")],
    data: Annotated[str, typer.Option(help="Folder of photos.")],
    bits: Annotated[str, typer.Option(help="Bits of an activation, with commas between.")] = "8,9,10",
    calibration: Annotated[int, typer.Option(help="Photos to calibrate on.", min=1)] = 200,
    judged: Annotated[int, typer.Option(help="Other photos to compare answers on.", min=1)] = 400,
) -> None:
    """Print as JSON, for each number of bits, how many answers stay and how far logits move."""
    card, graph = Model(model).card, onnx.load(model)
    paths = images_of(data)[: judged + calibration]
    if len(paths) <= judged:
        raise EdgeCifarError(
            f"{data}: {len(paths)} photos, none of them to calibrate on; judge fewer than --judged {judged}"
        )
    photos = [read_photo(path, card.preprocessing) for path in paths]
    judging, calibrating = np.stack(photos[:judged]), np.stack(photos[judged:])
    found = whole_ranges(graph, activations(graph), calibrating)
    exact = run_logits(graph, judging)
    results = {each: compared(exact, run_logits(rounded(graph, found, int(each)), judging)) for each in bits.split(",")}
    typer.echo(json.dumps({"photos": len(judging), "activations": len(found), "bits": results}, indent=2))


def activations(model: onnx.ModelProto) -> list[str]:
    """Return the names of tensors that layers compute and other layers read."""
    makers = {name: node.op_type for node in model.graph.node for name in node.output}
    read = [name for node in model.graph.node if node.op_type in LAYERS for name in node.input]
    return [name for name in dict.fromkeys(read) if makers.get(name, "Transpose") not in PIXEL_STEPS]


def whole_ranges(model: onnx.ModelProto, names: Sequence[str], images: Pixels) -> dict[str, Range]:
    """Return the least and the greatest value of each tensor over images uint8 (N, S, S, 4), 0 always among them."""
    batches = list(_extremes(model, names, images))
    lows, highs = np.min([low for low, _ in batches], axis=0), np.max([high for _, high in batches], axis=0)
    return {name: (min(low, 0.0), max(high, 0.0)) for name, low, high in zip(names, lows, highs, strict=True)}


def _extremes(
    model: onnx.ModelProto, names: Sequence[str], images: Pixels
) -> Iterator[tuple[list[float], list[float]]]:
    for tensors in run_tensors(model, names, images):
        yield [float(tensor.min()) for tensor in tensors], [float(tensor.max()) for tensor in tensors]


def rounded(model: onnx.ModelProto, ranges: Mapping[str, Range], bits: int) -> onnx.ModelProto:
    """Return the model with the tensors of `ranges` rounded to 2^bits levels wherever they are read."""
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    nodes = []
    for node in changed.graph.node:
        node.input[:] = [f"{name}_rounded" if name in ranges else name for name in node.input]
        nodes.append(node)
        for name in node.output:
            if name in ranges:
                low, high = ranges[name]
                constants = {"step": max(high - low, 1e-9) / (2**bits - 1), "least": low, "most": high}
                changed.graph.initializer.extend(
                    numpy_helper.from_array(np.array(value, np.float32), f"{name}_{kind}")
                    for kind, value in constants.items()
                )
                nodes += [
                    helper.make_node("Clip", [name, f"{name}_least", f"{name}_most"], [f"{name}_kept"]),
                    helper.make_node("Div", [f"{name}_kept", f"{name}_step"], [f"{name}_steps"]),
                    helper.make_node("Round", [f"{name}_steps"], [f"{name}_level"]),
                    helper.make_node("Mul", [f"{name}_level", f"{name}_step"], [f"{name}_rounded"]),
                ]
    del changed.graph.node[:]
    changed.graph.node.extend(nodes)
    return changed


def compared(exact: Logits, other: Logits) -> dict[str, float]:
    """Return the share of same answers, 0 to 1, and the squared error of logits in terms of their variance."""
    same = float((exact.argmax(1) == other.argmax(1)).mean())
    return {"same answers": round(same, 4), "squared error": float(np.mean((exact - other) ** 2) / exact.var())}


if __name__ == "__main__":
    typer.run(reporting("activation_bits")(activation_bits))
