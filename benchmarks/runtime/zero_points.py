"""`python -m edge_cifar.benchmarks.runtime.zero_points MODEL`: what a zero point of -1 for the weights brings.

An int8 file stores its weights with zero point 0. Stored one lower, with zero point -1, they mean the same, and the
logits are the same bits; but onnxruntime computes a convolution whose weights have zero point 0 by kernels of its
own (MLAS ConvSym), any other as a matrix product. On most CPUs the former are faster. On some only the matrix product
knows the fastest instructions: AMX (onnxruntime's qgemm_kernel_amx.cpp). Needs the extra [train] for changing graphs.
"""

import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from ...edge.cli.exit_status import reporting
from ...edge.errors import ModelError
from ...edge.machine.description import this_machine
from ...edge.model.contract import Model
from ...edge.model.golden_logits import golden_images
from ...edge.model.onnx_file import SEAL_KEY, UNSEALED, seal
from ...edge.model.shipped_models import MODEL_HELP, SHIPPED_DEFAULT, model_file
from ...edge.photos.contract import Pixels
from ...edge.stats.paired_timing import Task, latency, ratio, time_in_turns
from ...edge.text_table import text_table

CALLS = {1: 60, 32: 6}  # a turn, by images in a batch
LEAST_CHANNELS = (192, 128, 64, 32, 1)  # output channels from which a convolution's weights are stored one lower


def zero_points(
    model: Annotated[Path, typer.Argument(help=MODEL_HELP, parser=model_file, metavar="MODEL")] = SHIPPED_DEFAULT,
    rounds: Annotated[int, typer.Option(help="Turns that each file gets.", min=1)] = 30,
) -> None:
    """Print, for one thread and two, how long the file takes with more and more weights stored one lower."""
    size = Model(model, threads=1).card.size  # checked before anything else reads it
    facts = this_machine().describe()
    typer.echo("\n".join(f"{topic}: {facts[topic]}" for topic in ("cpu", "int8", "cores", "software", "date")))
    rows = []
    with tempfile.TemporaryDirectory() as work:
        files = lowered_files(model, Path(work))
        for threads, batch in product((1, 2), CALLS):
            images = np.resize(golden_images(size), (batch, size, size, 4))
            opened = [Model(path, threads) for path in files.values()]
            _check_same(opened, images)
            timings = time_in_turns([_task(each, images) for each in opened], rounds, CALLS[batch])
            for name, seconds in zip(files, timings, strict=True):
                to_none = ratio(seconds, timings[0])
                words = f"{to_none.median:.3f} ({to_none.low:.3f} - {to_none.high:.3f})"
                rows.append((name, str(threads), str(batch), f"{latency(seconds).p50:.3f}", words))
    header = ("weights stored one lower", "threads", "batch", "p50, ms", "to none (quartiles)")
    typer.echo("\n".join(["", *text_table(header, rows)]))


def lowered_files(model: Path, folder: Path) -> dict[str, Path]:
    """Write a model into `folder` with the weights of fewer or more of its convolutions stored one lower.

    Returns the files by what was changed, the model itself ("none") first; what would be the same file is left out.
    Raises ModelError when the model has no int8 convolution.
    """
    files, last = {"none": model}, model.read_bytes()
    for least in LEAST_CHANNELS:
        data = _lowered(model, least)
        if data != last:
            name = "all" if least == 1 else f"from {least} channels"
            files[name], last = folder / f"{least}.onnx", data
            files[name].write_bytes(data)
    if len(files) == 1:
        raise ModelError(f"{model}: it has no int8 convolution; name an int8 file")
    return files


def _lowered(path: Path, least: int) -> bytes:
    """Return a model with the weights of convolutions to `least` channels or more stored one lower, and its seal."""
    import onnx
    from onnx import TensorProto, numpy_helper

    model = onnx.load(path)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    changed = False
    for node in model.graph.node:
        weight = tensors.get(node.input[0])
        if node.op_type != "DequantizeLinear" or weight is None or weight.data_type != TensorProto.INT8:
            continue
        if len(weight.dims) == 4 and weight.dims[0] >= least:
            for tensor in (weight, tensors[node.input[2]]):  # -127 to 127, and 0: nothing overflows
                tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) - np.int8(1), tensor.name))
            changed = True
    if not changed:
        return path.read_bytes()
    for entry in model.metadata_props:
        if entry.key == SEAL_KEY:
            entry.value = UNSEALED
    data: bytes = model.SerializeToString(deterministic=True)
    return seal(data)


def _check_same(models: Sequence[Model], images: Pixels) -> None:
    """Raise ModelError unless all models give the same logits to the bit."""
    first, *others = (model.logits(images) for model in models)
    if not all(np.array_equal(first, logits) for logits in others):
        raise ModelError(f"{models[0].path}: other logits with its weights stored one lower; this CPU computes wrongly")


def _task(model: Model, images: Pixels) -> Task:
    """Return a task that asks the model about all `images` at once."""
    return lambda _: model.logits(images)


if __name__ == "__main__":
    typer.run(reporting("zero_points")(zero_points))
