"""Functions that an ONNX file defines, as torch's exporter up to 2.6 writes them, put in the place of their calls."""

from collections.abc import Iterable
from pathlib import Path

import onnx
from onnx import inliner

from ...edge.errors import ModelError

MAX_NODES = 100_000
"""Most nodes that a graph may have with its functions in place: those of a few lines can stand for billions."""
MAX_DEPTH = 50

Key = tuple[str, str]


def inline_functions(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """Return `model`, or a copy without functions if it has any. Raises ModelError for calls that don't end."""
    if not model.functions:
        return model
    bodies = {(function.domain, function.name): function.node for function in model.functions}
    sizes: dict[Key, int] = {}

    def size(nodes: Iterable[onnx.NodeProto], depth: int = 0) -> int:
        if depth > MAX_DEPTH:
            raise ModelError(f"{path}: its functions call each other {depth} deep; export it again without functions")
        count = 0
        for node in nodes:
            key = (node.domain, node.op_type)
            if key in bodies and key not in sizes:
                sizes[key] = size(bodies[key], depth + 1)
            count += sizes.get(key, 1)
        return count

    if size(model.graph.node) > MAX_NODES:
        raise ModelError(f"{path}: more than {MAX_NODES:,} nodes with its functions; export it again without functions")
    try:
        return inliner.inline_local_functions(model)
    except (onnx.checker.ValidationError, RuntimeError, ValueError) as error:
        raise ModelError(f"{path}: its functions can't be put in place; export it again without functions") from error
