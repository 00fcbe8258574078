"""What a net takes and gives: one image, and one number for each class, or it is no classifier of images."""

from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import TensorProto, helper, shape_inference

from ...edge.errors import ModelError
from ...edge.model.card import MAX_LABELS, MAX_SIZE
from ..onnx_file.short_name import short_name
from ..onnx_file.skeleton import skeleton
from .pixel_rule import Layout

EXPECTED = "expected one float image (N, 3, H, W) or (N, H, W, 3) in and one float (N, classes) out"
FLOATS = {TensorProto.FLOAT, TensorProto.FLOAT16}
MOST_NAMED = 4

Shape = tuple[int | str, ...]
"""Lengths, or the names of those that are free, "?" without one."""


@dataclass(frozen=True)
class Signature:
    """The tensors' names, what the file says of the image's shape, and how many classes there are."""

    input: str
    output: str
    image: Shape
    classes: int


def read_signature(model: onnx.ModelProto, path: Path) -> Signature:
    """Return what `model` takes and gives. Raises ModelError, saying what that is, unless it classifies images."""
    weights = {tensor.name for tensor in model.graph.initializer}
    inputs = [entry for entry in model.graph.input if entry.name not in weights]
    outputs = list(model.graph.output)
    if len(outputs) == 1 and not _has_classes(outputs[0]):
        outputs = list(_inferred(model).graph.output)
    if len(inputs) != 1 or len(outputs) != 1 or not _is_image(inputs[0]) or not _has_classes(outputs[0]):
        raise ModelError(f"{path}: it takes {_listed(inputs)} and gives {_listed(outputs)}; {EXPECTED}")
    classes = _shape(outputs[0])[1]
    if not isinstance(classes, int) or not 2 <= classes <= MAX_LABELS:
        raise ModelError(f"{path}: it gives {classes} numbers for an image; expected 2 to {MAX_LABELS:,} classes")
    return Signature(inputs[0].name, outputs[0].name, _shape(inputs[0]), classes)


def image_layout(image: Shape, told: Layout | None, path: Path) -> Layout:
    """Return where the channels are. Raises ModelError where that is neither clear nor told, or told otherwise."""
    possible: list[Layout] = []
    if image[1] == 3 or (isinstance(image[1], str) and image[3] != 3):
        possible.append("nchw")
    if image[3] == 3 or (isinstance(image[3], str) and image[1] != 3):
        possible.append("nhwc")
    if told is None and len(possible) == 1:
        return possible[0]
    if told is None:
        raise ModelError(
            f"{path}: nothing says where its channels are; --layout nchw is usual for PyTorch, nhwc for Keras"
        )
    if told not in possible:
        raise ModelError(f"{path}: its input is {_lengths(image)}, which is not {told}; leave --layout out")
    return told


def image_size(image: Shape, layout: Layout, path: Path) -> int | None:
    """Return the image's side in pixels, None where it is free. Raises ModelError unless it is a square we take."""
    height, width = image[2:] if layout == "nchw" else image[1:3]
    sides = {side for side in (height, width) if isinstance(side, int)}
    if len(sides) == 2:
        raise ModelError(f"{path}: its images are {height} pixels high and {width} wide; only squares can be exported")
    if any(not 0 < side <= MAX_SIZE for side in sides):
        raise ModelError(f"{path}: its images have {max(sides):,} pixels a side; at most {MAX_SIZE:,} can be exported")
    return sides.pop() if sides else None


def _inferred(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy with the shapes that onnx can infer but without weights, or the model where it can't."""
    try:
        return shape_inference.infer_shapes(skeleton(model))
    except (shape_inference.InferenceError, ValueError):
        return model


def _shape(entry: onnx.ValueInfoProto) -> Shape:
    dims = entry.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else dim.dim_param or "?" for dim in dims)


def _is_image(entry: onnx.ValueInfoProto) -> bool:
    shape = _shape(entry)
    channels = (shape[1], shape[3]) if len(shape) == 4 else ()
    return entry.type.tensor_type.elem_type in FLOATS and any(one == 3 or isinstance(one, str) for one in channels)


def _has_classes(entry: onnx.ValueInfoProto) -> bool:
    shape = _shape(entry)
    one_row = len(shape) == 2 or shape[2:] == (1, 1)  # or one pixel, as convolutions leave it
    return entry.type.tensor_type.elem_type in FLOATS and one_row and isinstance(shape[1], int)


def _listed(entries: list[onnx.ValueInfoProto]) -> str:
    words = [_described(entry) for entry in entries[:MOST_NAMED]]
    if len(entries) > MOST_NAMED:
        words.append(f"{len(entries) - MOST_NAMED} more")
    return ", ".join(words) or "nothing"


def _described(entry: onnx.ValueInfoProto) -> str:
    kind = entry.type.tensor_type
    if not entry.type.HasField("tensor_type") or kind.elem_type not in TensorProto.DataType.values():
        return f"{short_name(entry.name)!r}, no tensor"
    element = helper.tensor_dtype_to_string(kind.elem_type).removeprefix("TensorProto.").lower()
    shape = _lengths(_shape(entry)) if kind.HasField("shape") else "of any shape"
    return f"{short_name(entry.name)!r} {element} {shape}"


def _lengths(shape: Shape) -> str:
    return f"({', '.join(short_name(str(length)) for length in shape)})"
