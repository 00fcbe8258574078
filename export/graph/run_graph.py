"""Running a model that is still in memory, with any of its tensors laid open."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from ...edge.data.pixel_rows import Images
from ...edge.machine.cores import usable_cores
from ...edge.model.contract import INPUT, OUTPUT, Logits

BATCH = 128  # images at most
LARGEST_PIXELS = BATCH * 64 * 64  # of a batch: larger images go in smaller batches
LARGEST_FETCH = 2**26  # bytes of tensors that are laid open at once

Array = npt.NDArray[np.float32]


def open_session(
    model: onnx.ModelProto, threads: int | None = None, rewritten: Path | None = None
) -> onnxruntime.InferenceSession:
    """Return a session of `model` on `threads` threads, without a number on all cores that this process may use.

    `rewritten` is where to leave the graph as onnxruntime optimized it for this CPU.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or usable_cores()
    options.log_severity_level = 4  # errors arrive as exceptions
    options.enable_cpu_mem_arena = False  # which would keep what the largest batch needed
    if rewritten is not None:
        options.optimized_model_filepath = str(rewritten)
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def optimized(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model as onnxruntime rewrites it on this machine before it runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimized.onnx"
        open_session(model, threads=1, rewritten=path)
        return onnx.load(path)


def run_tensors(model: onnx.ModelProto, names: Sequence[str], images: Images) -> Iterator[list[Array]]:
    """Yield the tensors `names` of the model for each batch of the images: memory for one batch at a time."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    have = {output.name for output in opened.graph.output}
    opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in have)
    session = open_session(opened)
    batch = _batch(session, names, images) if len(images) else BATCH
    for start in range(0, len(images), batch):
        yield session.run(list(names), {INPUT: images[start : start + batch]})


def _batch(session: onnxruntime.InferenceSession, names: Sequence[str], images: Images) -> int:
    """Return how many images to run at once, so that what is fetched and what is computed stay within bounds."""
    fetched = sum(int(tensor.nbytes) for tensor in session.run(list(names), {INPUT: images[:1]}))
    most = LARGEST_FETCH // max(fetched, 1)
    pixels: int = images.shape[1] * images.shape[2]
    return max(1, min(BATCH, LARGEST_PIXELS // pixels, most))


def run_logits(model: onnx.ModelProto, images: Images) -> Logits:
    """Return the model's float32 logits (N, classes) of uint8 pixels (N, H, W, 4)."""
    return np.concatenate([logits for [logits] in run_tensors(model, [OUTPUT], images)])
