"""The input: bytes RGBX, with all that was done to pixels before the first layer in that layer's weights.

What lies between the net's input and its first convolutions is found by trying: where each value of a tensor is, at
every pixel, one affine function of that pixel's red, green and blue, the function is what is folded, whatever nodes
compute it. Zeros that a convolution pads with stay zeros: what is added to a pixel is a weight on X, which is one
number inside the photo and 0 in the padding.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from ...edge.model.contract import INPUT
from ..foreign.pixel_rule import PixelRule
from ..graph.graph_view import attribute
from ..graph.pixel_steps import Affine, PixelSteps
from ..graph.versions import NORMALIZED
from .draft import Draft

MOVING = {"Cast", "Identity", "Transpose", "Gather", "Slice", "Split", "Concat", "Squeeze", "Unsqueeze", "Reshape"}
SCALING = {"Add", "Sub", "Mul", "Div", "Neg", "Clip"}
LIT = 128  # of pixels that are told apart by one colour: a power of two, to divide by exactly
TOLERANCE = 1e-5  # of a tensor's largest value: what float32 in the graph may leave of exactness

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Entrance:
    """A tensor that the net's own layers read, in place of which they are to read normalized pixels."""

    name: str
    affine: Affine
    readers: list[onnx.NodeProto]


def take_pixels(draft: Draft, rule: PixelRule) -> None:
    """Let the graph read uint8 (N, size, size, 4) RGBX in place of what `rule` makes of pixels."""
    normalized = draft.fresh(NORMALIZED)
    steps, size = PixelSteps.of(rule.mean, rule.std, rule.scale), rule.preprocessing.size
    for entrance in _entrances(draft, _chain(draft), rule) or _entrances(draft, [], rule) or ():
        matrix = entrance.affine.of_normalized(steps)
        if all(_takes_images(draft, node, entrance.name) for node in entrance.readers):
            for node in entrance.readers:
                _fold(draft, node, matrix, normalized)
        else:
            image = _normalize(draft, entrance, matrix, normalized)
            if entrance.name == draft.input and rule.layout == "nhwc":
                image = _move_last(draft, image)
            for node in entrance.readers:
                node.input[:] = [image if read == entrance.name else read for read in node.input]
    _read_bytes(draft, steps, size, normalized)
    draft.remove_unread()


def _chain(draft: Draft) -> list[onnx.NodeProto]:
    """Return the nodes that read nothing but the input, constants and one another, and may only move and scale."""
    known, chain = {draft.input, *draft.constants, ""}, list[onnx.NodeProto]()
    for node in draft.nodes:
        if node.op_type in MOVING | SCALING and known.issuperset(node.input):
            known.update(node.output)
            chain.append(node)
    return chain


def _entrances(draft: Draft, chain: list[onnx.NodeProto], rule: PixelRule) -> list[Entrance] | None:
    """Return the tensors that other nodes read of the chain or the input; None unless all are affine."""
    made = {draft.input, *(name for node in chain for name in node.output)}
    others = [node for node in draft.nodes if not any(node is link for link in chain)]
    found = []
    for name in dict.fromkeys(name for node in others for name in node.input if name in made):
        affine = _affine(draft, chain, name, rule)
        if affine is None:
            return None
        found.append(Entrance(name, affine, [node for node in others if name in node.input]))
    return found


def _affine(draft: Draft, chain: list[onnx.NodeProto], name: str, rule: PixelRule) -> Affine | None:
    """Return what a tensor is of the pixels, in float64; None unless it is affine, pixel by pixel.

    All 256 values of each colour are tried, in as many combinations as an image has pixels.
    """
    size = rule.preprocessing.size
    random, values = np.random.default_rng(0), np.arange(size * size) % 256
    pixels = np.stack([random.permutation(values) for _ in range(3)], axis=-1).astype(np.float64)
    pixels[:4] = [[0, 0, 0], [LIT, 0, 0], [0, LIT, 0], [0, 0, LIT]]
    pixels = pixels.reshape(size, size, 3)
    found = _evaluate(draft, chain, name, _as_read(pixels, rule))
    if name == draft.input and rule.layout == "nhwc":
        found = found.transpose(0, 3, 1, 2)
    if found.ndim != 4 or found.shape[0] != 1 or found.shape[2:] != (size, size):
        return None
    wanted = found[0].reshape(len(found[0]), -1).T
    affine = Affine((wanted[1:4] - wanted[0]).T / LIT, wanted[0])
    errors = np.abs(pixels.reshape(-1, 3) @ affine.factors.T + affine.shift - wanted)
    return affine if errors.max() <= TOLERANCE * np.abs(wanted).max() else None


def _as_read(pixels: Array, rule: PixelRule) -> Array:
    """Return what `rule` makes of RGB pixels (H, W, 3), not rounded to float32: a batch of 1."""
    ordered = pixels if rule.channels == "rgb" else pixels[..., ::-1]
    normalized = ((ordered * rule.scale - rule.mean) / rule.std)[None]
    return normalized if rule.layout == "nhwc" else normalized.transpose(0, 3, 1, 2)


def _evaluate(draft: Draft, chain: list[onnx.NodeProto], name: str, values: Array) -> Array:
    """Return a tensor of the chain, computed in float64."""
    if name == draft.input:
        return values
    exact_chain = [
        helper.make_node("Identity", node.input, node.output) if node.op_type == "Cast" else node for node in chain
    ]
    model = draft.model(exact_chain, [draft.input], [name])
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            exact = onnx.numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(onnx.numpy_helper.from_array(exact, tensor.name))
    [computed] = ReferenceEvaluator(model).run([name], {draft.input: values})
    return np.asarray(computed, np.float64)


def _takes_images(draft: Draft, node: onnx.NodeProto, name: str) -> bool:
    """Return whether a node is a convolution of a tensor, all its channels together."""
    return (
        node.op_type == "Conv"
        and node.input[0] == name
        and draft.constant(node, 1) is not None
        and attribute(node, "group", 1) == 1
    )


def _fold(draft: Draft, conv: onnx.NodeProto, matrix: Array, normalized: str) -> None:
    """Let a convolution read normalized RGBX: `matrix` (C, 4) of it is what it read."""
    weight = np.einsum("ochw,ci->oihw", draft.constants[conv.input[1]].astype(np.float64), matrix)
    conv.input[0] = normalized
    conv.input[1] = draft.add_constant(f"{conv.output[0]}_weight", weight.astype(np.float32))


def _normalize(draft: Draft, entrance: Entrance, matrix: Array, normalized: str) -> str:
    """Return a tensor that is the entrance: by a convolution of 1 x 1, for nodes that are none of all channels."""
    weight = draft.add_constant(f"{entrance.name}_weight", matrix.astype(np.float32)[:, :, None, None])
    image = draft.fresh(f"{entrance.name}_image")
    draft.insert_first(helper.make_node("Conv", [normalized, weight], [image], image, kernel_shape=[1, 1]))
    return image


def _move_last(draft: Draft, image: str) -> str:
    """Return a tensor (N, H, W, C) of an image that the first node makes."""
    last = draft.fresh(f"{image}_last")
    draft.nodes.insert(1, helper.make_node("Transpose", [image], [last], last, perm=[0, 2, 3, 1]))
    return last


def _read_bytes(draft: Draft, steps: PixelSteps, size: int, normalized: str) -> None:
    """Put the model contract's first nodes in front."""
    image = draft.fresh(INPUT)
    moved = draft.fresh(image)
    scale = draft.add_constant("pixel_scale", np.array(steps.scale, np.float32))
    zero_point = draft.add_constant("pixel_zero_point", np.array(steps.zero_point, np.uint8))
    draft.insert_first(
        helper.make_node("Transpose", [image], [moved], moved, perm=[0, 3, 1, 2]),
        helper.make_node("DequantizeLinear", [moved, scale, zero_point], [normalized], normalized),
    )
    draft.input, draft.input_type, draft.input_shape = image, TensorProto.UINT8, (draft.batch, size, size, 4)
