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
import onnx

from ...edge.photos.contract import Pixels
from ...export.graph.versions import NORMALIZED
from .runtimes import MEAN, STD


def _litert_fp32(source: Path, folder: Path, _: Pixels) -> None:
    _write_tflite(_tflite_converter(source), folder)


def _litert_int8(source: Path, folder: Path, pixels: Pixels) -> None:
    import tensorflow as tf

    def images() -> Iterator[list[Any]]:
        for image in pixels[..., :3]:
            yield [(image[np.newaxis].astype(np.float32) - MEAN) / STD]

    converter = _tflite_converter(source)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = images
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = tf.uint8
    _write_tflite(converter, folder)


def _write_tflite(converter: Any, folder: Path) -> None:
    (folder / "model.tflite").write_bytes(converter.convert())


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
                weight, bias = others
                weight = weight[:, : first.shape[3]].transpose(2, 3, 1, 0)  # without X; (K, K, I, O)
                strides, padding = settings.get("strides", [1, 1]), _padding(settings)
                value = tf.nn.bias_add(tf.nn.conv2d(first, tf.constant(weight), strides, padding), bias)
            case "Gemm":
                weight, bias = others
                value = tf.nn.bias_add(tf.matmul(first, tf.constant(weight.T)), bias)
            case "Relu":
                value = tf.nn.relu(first)
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


def _padding(settings: Mapping[str, Any]) -> Any:
    """Return a convolution's padding as TensorFlow wants it: by name where it has one, which spares a node."""
    top, left, bottom, right = settings["pads"]
    if not any(settings["pads"]):
        return "VALID"
    if settings["pads"] == [side // 2 for side in settings["kernel_shape"]] * 2 and "strides" not in settings:
        return "SAME"
    return [[0, 0], [top, bottom], [left, right], [0, 0]]


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
    "ncnn-fp32": _ncnn_fp32,
}
"""Each makes its files in a folder, of an fp32 ONNX file, that for ncnn of a run."""

if __name__ == "__main__":
    name, source, folder, calibration = sys.argv[1:]
    CONVERSIONS[name](Path(source), Path(folder), np.load(calibration, allow_pickle=False))
