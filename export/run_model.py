"""Running a model that is still in memory, with any of its tensors laid open."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from ..edge.model import INPUT, OUTPUT, Logits
from ..edge.photo import Pixels

BATCH = 128  # images

Array = npt.NDArray[np.float32]


def open_session(model: onnx.ModelProto, threads: int = 0) -> onnxruntime.InferenceSession:
    """Return a session of `model` on `threads` threads (0: all cores)."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # errors arrive as exceptions
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run_tensors(model: onnx.ModelProto, names: Sequence[str], images: Pixels) -> Iterator[list[Array]]:
    """Yield the tensors `names` of the model for each batch of the images: memory for one batch at a time."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    have = {output.name for output in opened.graph.output}
    opened.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in have)
    session = open_session(opened)
    for start in range(0, len(images), BATCH):
        yield session.run(list(names), {INPUT: images[start : start + BATCH]})


def run_logits(model: onnx.ModelProto, images: Pixels) -> Logits:
    """Return the model's float32 logits (N, classes) of uint8 pixels (N, H, W, 4)."""
    return np.concatenate([logits for [logits] in run_tensors(model, [OUTPUT], images)])
