"""Scales at which elementwise functions are proven: where one is not, a scale is moved a little until it is.

Of some 10,000 products of two bytes a few may come to lie on a border between two integers, within what float32 rounds
off. Which ones, the scales decide: a ten-thousandth more or less throws the dice anew.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
import onnx

from ..graph.graph_view import GraphView
from ..proof.functions import QUANTIZE, Function, functions

STEP, STEPS = 1e-4, 100  # by which a scale is moved, relatively, up to 1 %
Overrides = dict[str, list[dict[str, Any]]]


class _Scales:
    """The scales of a quantized graph, by the names of initializers, in groups that stay equal."""

    def __init__(self, view: GraphView, joined: Collection[Collection[str]]):
        self.owners: dict[str, onnx.NodeProto] = {}  # the first node that rounds to a scale
        for node in view.nodes:
            if node.op_type == QUANTIZE:
                self.owners.setdefault(node.input[1], node)
        names = {node.input[0]: name for name, node in self.owners.items()}
        groups = [{names[tensor] for tensor in group if tensor in names} for group in joined]
        self._groups = {name: group for group in groups for name in group}
        self._view = view

    def group(self, name: str) -> set[str]:
        """Return the names of the scales that move with one."""
        return self._groups.get(name, {name})

    def moved(self, name: str, now: Mapping[str, float]) -> Iterator[dict[str, float]]:
        """Yield scales in the place of one and those of its group, ever farther away."""
        if name in self.owners:
            scale = now.get(name, float(self._value(name)))
            for step in range(1, STEPS + 1):
                for sign in (1, -1):
                    yield dict.fromkeys(self.group(name), float(np.float32(scale * (1 + sign * step * STEP))))

    def _value(self, name: str) -> float:
        constant = self._view.constant(name)
        assert constant is not None  # of an enumerable function
        return float(constant.item())

    def overrides(self, moved: Mapping[str, float]) -> Overrides:
        """Return scales in onnxruntime's terms, by tensor."""
        found = {}
        for name, scale in moved.items():
            tensor, _, zero_point = self.owners[name].input
            entry = {"scale": np.array(scale, np.float32), "zero_point": np.array(self._view.constant(zero_point))}
            found[tensor] = [entry]
        return found


def proven_scales(quantized: onnx.ModelProto, joined: Collection[Collection[str]]) -> Overrides:
    """Return scale and zero point, by tensor, of those to be moved so that all functions of a QDQ model are proven.

    `joined` holds the names of tensors that must have one scale. A function that none of the tries proves is left.
    """
    view = GraphView(quantized)
    scales, moved = _Scales(view, joined), dict[str, float]()
    readers: dict[str, list[Function]] = {}
    for function in functions(view):
        if function.margin(moved) <= 0:
            moved |= _found(function, scales, moved, readers)
        for name in function.scale_names:
            for each in scales.group(name):
                readers.setdefault(each, []).append(function)  # of those so far
    return scales.overrides(moved)


def _found(
    function: Function, scales: _Scales, moved: Mapping[str, float], readers: Mapping[str, list[Function]]
) -> dict[str, float]:
    """Return scales at which a function is proven, and all before it stay so; none where none is found."""
    for name in function.scale_names:
        before = list(dict.fromkeys(each for member in scales.group(name) for each in readers.get(member, [])))
        unharmed = [each for each in before if each.margin(moved) > 0]
        for tried in scales.moved(name, moved):
            now = {**moved, **tried}
            if function.margin(now) > 0 and all(each.margin(now) > 0 for each in unharmed):
                return tried
    return {}
