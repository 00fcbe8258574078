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

from ...edge.errors import ModelError
from ...edge.model.contract import INPUT
from ..foreign.pixel_rule import PixelRule
from ..graph.graph_view import attribute
from ..graph.net_graph import NORMALIZED
from .draft import Draft

MOVING = {"Cast", "Identity", "Transpose", "Gather", "Slice", "Split", "Concat", "Squeeze", "Unsqueeze", "Reshape"}
SCALING = {"Add", "Sub", "Mul", "Div", "Neg", "Clip"}
LARGEST_ZERO_POINT = 192  # X is at least 63 steps inside the photo
TOLERANCE = 1e-5  # of a tensor's largest value: what float32 in the graph may leave of exactness

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """How `normalized` stands for pixels: (pixel - zero_point) * scale."""

    scale: float
    zero_point: int

    @classmethod
    def of(cls, rule: PixelRule) -> "Steps":
        """Return a scale, a power of two, and a zero point that bring pixels near what the net normalizes them to."""
        zero_point = float(np.mean(rule.mean)) / rule.scale
        scale = 2.0 ** np.ceil(np.log2(abs(rule.scale) / np.mean(np.abs(rule.std))))
        return cls(float(scale), int(np.clip(np.rint(zero_point), 0, LARGEST_ZERO_POINT)))


@dataclass(frozen=True)
class Affine:
    """A tensor (N, C, H, W) as `factors` (C, 3) times RGB of 0 to 255, plus `shift` (C,)."""

    factors: Array
    shift: Array

    def of_normalized(self, steps: Steps) -> Array:
        """Return the same as factors (C, 4) of normalized RGBX."""
        shift = self.shift + self.factors.sum(axis=1) * steps.zero_point
        inside = (255 - steps.zero_point) * steps.scale  # X of every pixel of the photo
        return np.column_stack([self.factors / steps.scale, shift / inside])


def take_pixels(draft: Draft, rule: PixelRule) -> None:
    """Let the graph read uint8 (N, size, size, 4) RGBX in place of what `rule` makes of pixels."""
    steps, size = Steps.of(rule), rule.preprocessing.size
    chain = _chain(draft)
    readers = [
        (node, name)
        for node in draft.nodes
        if not any(node is other for other in chain)
        for name in dict.fromkeys(node.input)
        if name == draft.input or any(name in made.output for made in chain)
    ]
    names = list(dict.fromkeys(name for _, name in readers))
    found = {name: _affine(draft, chain, name, rule) for name in names}
    if any(affine is None for affine in found.values()):  # then the chain is the net's own business
        chain, names = [], [draft.input]
        readers = [(node, draft.input) for node in draft.readers(draft.input)]
        found = {draft.input: _affine(draft, [], draft.input, rule)}
    for name in names:
        affine = found[name]
        assert affine is not None  # the net's input is what the rule says
        matrix = affine.of_normalized(steps)
        reading = [node for node, read in readers if read == name]
        if all(_takes_images(draft, node, name) for node in reading):
            for node in reading:
                _fold(draft, node, matrix)
        else:
            _normalize(draft, name, matrix, reading, channels_last=name == draft.input and rule.layout == "nhwc")
    _read_bytes(draft, steps, size)
    draft.remove_unread()


def _chain(draft: Draft) -> list[onnx.NodeProto]:
    """Return the nodes that read nothing but the input, constants and one another, and may only move and scale."""
    known, chain = {draft.input, *draft.constants, ""}, list[onnx.NodeProto]()
    for node in draft.nodes:
        if node.op_type in MOVING | SCALING and known.issuperset(node.input):
            known.update(node.output)
            chain.append(node)
    return chain


def _affine(draft: Draft, chain: list[onnx.NodeProto], name: str, rule: PixelRule) -> Affine | None:
    """Return what a tensor is of the pixels, in float64; None unless it is affine, pixel by pixel.

    All 256 values of each colour are tried, in about as many combinations as an image has pixels.
    """
    size = rule.preprocessing.size
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3)).astype(np.float64)
    pixels[0, 0], pixels[0, 1] = 0, 255
    values = _evaluate(draft, chain, name, _as_read(pixels, rule))
    if name == draft.input and rule.layout == "nhwc":
        values = values.transpose(0, 3, 1, 2)
    if values.ndim != 4 or values.shape[0] != 1 or values.shape[2:] != (size, size):
        return None
    known = np.column_stack([pixels.reshape(-1, 3), np.ones(size * size)])
    wanted = values[0].reshape(len(values[0]), -1).T
    solution = np.linalg.lstsq(known, wanted, rcond=None)[0]
    if not np.abs(known @ solution - wanted).max() <= TOLERANCE * np.abs(wanted).max():
        return None
    return Affine(solution[:3].T, solution[3])


def _as_read(pixels: Array, rule: PixelRule) -> Array:
    """Return what `rule` makes of RGB pixels (H, W, 3), not rounded to float32: a batch of 1."""
    ordered = pixels if rule.channels == "rgb" else pixels[..., ::-1]
    normalized = ((ordered * rule.scale - rule.mean) / rule.std)[None]
    return normalized if rule.layout == "nhwc" else normalized.transpose(0, 3, 1, 2)


def _evaluate(draft: Draft, chain: list[onnx.NodeProto], name: str, values: Array) -> Array:
    """Return a tensor of the chain, computed in float64."""
    if name == draft.input:
        return values
    model = draft.model([node for node in chain if node.op_type != "Cast"], [draft.input], [name], largest=np.inf)
    for tensor in model.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            exact = onnx.numpy_helper.to_array(tensor).astype(np.float64)
            tensor.CopyFrom(onnx.numpy_helper.from_array(exact, tensor.name))
    return np.asarray(ReferenceEvaluator(model).run([name], {draft.input: values})[0], np.float64)


def _takes_images(draft: Draft, node: onnx.NodeProto, name: str) -> bool:
    """Return whether a node is a convolution of a tensor, all its channels together."""
    return (
        node.op_type == "Conv"
        and node.input[0] == name
        and draft.constant(node, 1) is not None
        and attribute(node, "group", 1) == 1
    )


def _fold(draft: Draft, conv: onnx.NodeProto, matrix: Array) -> None:
    """Let a convolution read normalized RGBX: `matrix` (C, 4) of it is what it read."""
    weight = np.einsum("ochw,ci->oihw", draft.constants[conv.input[1]].astype(np.float64), matrix)
    conv.input[0] = NORMALIZED
    conv.input[1] = draft.add_constant(f"{conv.output[0]}_weight", weight.astype(np.float32))


def _normalize(draft: Draft, name: str, matrix: Array, readers: list[onnx.NodeProto], channels_last: bool) -> None:
    """Make a tensor by a convolution of 1 x 1 for nodes that are no convolutions of all channels."""
    weight = draft.add_constant(f"{name}_weight", matrix.astype(np.float32)[:, :, None, None])
    made = image = draft.fresh(f"{name}_image")
    nodes = [helper.make_node("Conv", [NORMALIZED, weight], [image], image, kernel_shape=[1, 1])]
    if channels_last:
        made = draft.fresh(f"{name}_last")
        nodes.append(helper.make_node("Transpose", [image], [made], made, perm=[0, 2, 3, 1]))
    for node in readers:
        for at, read in enumerate(node.input):
            if read == name:
                node.input[at] = made
    draft.insert_behind(None, *nodes)


def _read_bytes(draft: Draft, steps: Steps, size: int) -> None:
    """Put the model contract's first nodes in front."""
    if INPUT in draft.constants or any(INPUT in node.output for node in draft.nodes):
        raise ModelError(f"a tensor inside is called {INPUT!r}")
    scale = draft.add_constant("pixel_scale", np.array(steps.scale, np.float32))
    zero_point = draft.add_constant("pixel_zero_point", np.array(steps.zero_point, np.uint8))
    moved = draft.fresh(f"{INPUT}_moved")
    draft.insert_behind(
        None,
        helper.make_node("Transpose", [INPUT], [moved], moved, perm=[0, 3, 1, 2]),
        helper.make_node("DequantizeLinear", [moved, scale, zero_point], [NORMALIZED], NORMALIZED),
    )
    draft.input, draft.input_type, draft.input_shape = INPUT, TensorProto.UINT8, (draft.batch, size, size, 4)
