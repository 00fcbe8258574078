"""Making the files that other runtimes need, from the same trained weights, each by its own maker's tool.

Each conversion runs in a fresh process, `python -m edge_cifar.benchmarks.peers.convert NAME SOURCE FOLDER PIXELS`:
the tools are large and don't all get along in one. PIXELS holds the images to calibrate on, uint8 (N, S, S, 4) as .npy.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx

from ...edge.photos.contract import Pixels
from ...export.graph.versions import NORMALIZED
from .runtimes import Scaling


def _litert_fp32(source: Path, folder: Path, _: Pixels) -> None:
    _write_tflite(_tflite_converter(source), source, folder)


def _litert_int8(source: Path, folder: Path, pixels: Pixels) -> None:
    import tensorflow as tf

    scaling = Scaling.of(onnx.load(source))

    def images() -> Iterator[list[Any]]:
        for image in pixels[..., :3]:
            yield [scaling.scaled(image[np.newaxis])]

    converter = _tflite_converter(source)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = images
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    _write_tflite(converter, source, folder)


def _write_tflite(converter: Any, source: Path, folder: Path) -> None:
    (folder / "model.tflite").write_bytes(converter.convert())
    Scaling.of(onnx.load(source)).write(folder)


def _tflite_converter(source: Path) -> Any:
    """Return TensorFlow's converter for a net of ours: the same nodes, channels last, from scaled RGB to logits."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf

    model = onnx.load(source)
    side = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    net = tf.Module()  # owns the function, as the converter wants it
    net.run = tf.function(
        lambda image: _tensorflow(model, image),
        input_signature=[tf.TensorSpec([1, side, side, 3], tf.float32)],
        autograph=False,
    )
    return tf.lite.TFLiteConverter.from_concrete_functions([net.run.get_concrete_function()], net)


def _tensorflow(model: onnx.ModelProto, image: Any) -> Any:
    """Return what a float graph of `export.graph` makes of an image (1, S, S, 3), by TensorFlow's operators."""
    import tensorflow as tf

    arrays = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    values = {NORMALIZED: image}
    for node in model.graph.node:
        if node.output[0] in values or node.input[0] not in values:
            continue  # what comes before the scaled image: layout and scaling
        first = values[node.input[0]]
        others = [arrays[name] if name in arrays else values[name] for name in node.input[1:]]
        settings = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
        match node.op_type:
            case "Conv":
                value = tf.nn.bias_add(_convolved(first, others[0], settings), others[1])
            case "Gemm":
                weight, bias = others
                value = tf.nn.bias_add(tf.matmul(first, tf.constant(weight.T)), bias)
            case "Relu":
                value = tf.nn.relu(first)
            case "Clip" if [float(bound) for bound in others] == [0, 6]:
                value = tf.nn.relu6(first)
            case "MaxPool":
                value = tf.nn.max_pool2d(first, settings["kernel_shape"], settings["strides"], "VALID")
            case "GlobalAveragePool":
                value = tf.reduce_mean(first, [1, 2], keepdims=True)
            case "Add":
                value = first + others[0]
            case "Transpose":  # to channels last, which they are
                value = first
            case "Flatten":
                value = tf.reshape(first, [1, -1])
            case other:
                raise NotImplementedError(f"{other}: not written in TensorFlow's operators here")
        values[node.output[0]] = value
    return values[model.graph.output[0].name]


def _convolved(image: Any, weight: npt.NDArray[np.float32], settings: Mapping[str, Any]) -> Any:
    """Return a convolution of an image (1, S, S, C) with weights (O, I, K, K), without bias; X is left out."""
    import tensorflow as tf

    strides, padding = settings.get("strides", [1, 1]), _padding(settings, image.shape[1])
    if settings.get("group", 1) == len(weight) == image.shape[3] > 1:
        kernel = tf.constant(weight.transpose(2, 3, 0, 1))
        return tf.nn.depthwise_conv2d(image, kernel, [1, *strides, 1], padding)
    channels = image.shape[3]
    if settings.get("group", 1) > 1 or weight[:, channels:].any():
        raise NotImplementedError("grouped convolutions, and means a channel, are not written here")
    kernel = tf.constant(weight[:, :channels].transpose(2, 3, 1, 0))  # (K, K, I, O)
    return tf.nn.conv2d(image, kernel, strides, padding)


def _padding(settings: Mapping[str, Any], side: int) -> Any:
    """Return the padding of an image's `side` as TensorFlow wants it: by name where it has one, which spares a node."""
    top, left, bottom, right = settings["pads"]
    if not any(settings["pads"]):
        return "VALID"
    stride, kernel = settings.get("strides", [1])[0], settings["kernel_shape"][0]
    total = max((-(-side // stride) - 1) * stride + kernel - side, 0)  # by the documentation of tf.nn
    if settings["pads"] == [total // 2] * 2 + [total - total // 2] * 2:
        return "SAME"
    return [[0, 0], [top, bottom], [left, right], [0, 0]]


def _quantize_static(source: Path, folder: Path, pixels: Pixels) -> None:
    from ..portability.full_range import write_full_range

    write_full_range(source, pixels, folder / "model.int8.onnx")


def _openvino_int8(source: Path, folder: Path, pixels: Pixels) -> None:
    import nncf
    import openvino

    images = nncf.Dataset([image[np.newaxis] for image in pixels])
    quantized = nncf.quantize(openvino.Core().read_model(source), images, subset_size=len(pixels))
    openvino.save_model(quantized, folder / "model.xml", compress_to_fp16=False)


def _ncnn_fp32(source: Path, folder: Path, _: Pixels) -> None:
    import pnnx
    import torch

    from ...train.runs.run_folder import open_run

    run = open_run(source)
    net = torch.nn.Sequential()
    net.add_module("net", run.load_net()[1:].to(memory_format=torch.contiguous_format))  # scaling is left to ncnn
    image = torch.zeros(1, 3, run.recipe.size, run.recipe.size)
    pnnx.export(net.eval(), str(folder / "model.pt"), (image,), fp16=False)


CONVERSIONS: Mapping[str, Callable[[Path, Path, Pixels], None]] = {
    "litert-fp32": _litert_fp32,
    "litert-int8": _litert_int8,
    "openvino-int8": _openvino_int8,
    "quantize-static": _quantize_static,
    "ncnn-fp32": _ncnn_fp32,
}
"""Each makes its files in a folder, of an fp32 ONNX file, that for ncnn of a run."""

if __name__ == "__main__":
    name, source, folder, calibration = sys.argv[1:]
    CONVERSIONS[name](Path(source), Path(folder), np.load(calibration, allow_pickle=False))
