"""The runtimes that one net is run by: how each loads its file, and how it makes logits of uint8 pixels.

Each takes what is natural for it: the pixels as a decoder gives them, RGB or RGBX, one image at a time. What a
runtime needs done to them first (to float, scaled) is part of its call.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from ...edge.model.contract import Logits, Model
from ...edge.photos.contract import Pixels

MEAN, STD = 128.0, 64.0  # of pixels, as in `train.nets`, which would bring torch into every process
SCALING = "pixels.json"

Run: TypeAlias = Callable[[Pixels], Logits]
"""uint8 (1, S, S, channels) -> float32 (1, classes)."""


@dataclass(frozen=True)
class Scaling:
    """What a net's first layer reads: (pixel - mean) * scale, a file beside those that don't do it themselves."""

    mean: float
    scale: float

    @classmethod
    def of(cls, model: Any) -> Self:
        """Return that of an ONNX graph of ours."""
        from onnx import numpy_helper

        constants = {tensor.name: tensor for tensor in model.graph.initializer}
        mean, scale = (numpy_helper.to_array(constants[name]) for name in ("pixel_zero_point", "pixel_scale"))
        return cls(float(mean), float(scale))

    @classmethod
    def beside(cls, file: Path) -> Self:
        """Return what `write` wrote beside a file."""
        return cls(**json.loads((file.parent / SCALING).read_text()))

    def write(self, folder: Path) -> None:
        """Write it into the folder of a conversion."""
        (folder / SCALING).write_text(json.dumps(asdict(self)))

    def scaled(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Return float32 of the same shape."""
        return (pixels.astype(np.float32) - np.float32(self.mean)) * np.float32(self.scale)


@dataclass(frozen=True)
class Runtime:
    """`load` opens a file for so many threads; `channels` is 3 for RGB, 4 for RGBX."""

    load: Callable[[Path, int], Run]
    channels: int
    package: str


def _onnxruntime(file: Path, threads: int) -> Run:
    return Model(file, threads).logits


def _litert(file: Path, threads: int) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file), num_threads=threads)  # XNNPACK is its default on CPUs
    interpreter.allocate_tensors()
    [takes], [gives] = interpreter.get_input_details(), interpreter.get_output_details()
    quantized, scaling = takes["dtype"] is np.uint8, Scaling.beside(file)

    def run(pixels: Pixels) -> Logits:
        interpreter.set_tensor(takes["index"], pixels if quantized else scaling.scaled(pixels))
        interpreter.invoke()
        logits: Logits = interpreter.get_tensor(gives["index"])
        return logits

    return run


def _openvino(file: Path, threads: int, **settings: str) -> Run:
    import openvino

    core = openvino.Core()
    model = core.read_model(file)
    side = model.input(0).partial_shape[1].get_length()
    model.reshape([1, side, side, 4])
    wanted = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": threads, **settings}
    request: Any = core.compile_model(model, "CPU", wanted).create_infer_request()

    def run(pixels: Pixels) -> Logits:
        logits: Logits = request.infer([pixels], share_inputs=True, share_outputs=True)[0]
        return logits

    return run


def _openvino_fp32(file: Path, threads: int) -> Run:
    return _openvino(file, threads, INFERENCE_PRECISION_HINT="f32")


def _ncnn(file: Path, threads: int) -> Run:
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = threads
    if net.load_param(str(file)) or net.load_model(str(file.with_suffix(".bin"))):
        raise OSError(f"{file}: ncnn can't load it")

    def run(pixels: Pixels) -> Logits:
        height, width = pixels.shape[1:3]
        image = ncnn.Mat.from_pixels(pixels[0], ncnn.Mat.PixelType.PIXEL_RGB, width, height)
        image.substract_mean_normalize([MEAN] * 3, [1 / STD] * 3)
        extractor = net.create_extractor()
        extractor.input("in0", image)
        return np.array(extractor.extract("out0")[1])[np.newaxis]

    return run


def _torch_eager(run_folder: Path, threads: int) -> Run:
    return _torch(run_folder, threads, lambda net: net)


def _torch_compiled(run_folder: Path, threads: int) -> Run:
    import torch
    from torch._inductor import config

    config.freezing = True  # weights are constants, as PyTorch advises for inference: faster
    return _torch(run_folder, threads, torch.compile)


def _torch(run_folder: Path, threads: int, prepared: Callable[[Any], Any]) -> Run:
    import torch

    from ...train.runs.run_folder import open_run

    torch.set_num_threads(threads)
    net = prepared(open_run(run_folder).load_net())

    def run(pixels: Pixels) -> Logits:
        with torch.inference_mode():
            logits: Logits = net(torch.from_numpy(pixels)).numpy()
        return logits

    return run


RUNTIMES = {
    "onnxruntime": Runtime(_onnxruntime, 4, "onnxruntime"),
    "litert": Runtime(_litert, 3, "ai-edge-litert"),
    "openvino": Runtime(_openvino, 4, "openvino"),
    "openvino-fp32": Runtime(_openvino_fp32, 4, "openvino"),
    "ncnn": Runtime(_ncnn, 3, "ncnn"),
    "torch": Runtime(_torch_eager, 3, "torch"),
    "torch-compiled": Runtime(_torch_compiled, 3, "torch"),
}
