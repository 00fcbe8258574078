"""An untrusted ONNX file, opened within limits; what isn't a plain float graph is refused in one line. Nothing runs."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError, Message
from onnx import AttributeProto, numpy_helper

from ...edge.errors import ModelError
from ...edge.model.card import CARD_KEY
from .external_data import MAX_BYTES, inline_external_data, tensors
from .inline_functions import inline_functions
from .short_name import short_name
from .skeleton import skeleton

OLDEST_OPSET = 7
OWN_DOMAINS = {"", "ai.onnx"}
QUANTIZED = (
    *("QuantizeLinear", "DequantizeLinear", "QLinear", "QGemm", "QAttention"),
    *("DynamicQuantize", "ConvInteger", "MatMulInteger", "MatMulNBits"),
)
"""What the kinds of operators begin with that only quantized files hold."""


def open_onnx(path: Path) -> tuple[onnx.ModelProto, str]:
    """Return the model in the file, its external data and functions inlined, and the SHA-256 of all its bytes.

    Raises ModelError, in one line that says what to do, for what is no float ONNX graph of plain operators.
    """
    model = _load(path)
    _check_kind(model, path)
    try:
        digest = _digest([path, *inline_external_data(model, path)])
    except OSError as error:
        raise ModelError(f"{path}: its external data can't be read ({error.strerror or error})") from error
    model = inline_functions(model, path)
    _check_operators(model.graph.node, set(), path)
    try:
        onnx.checker.check_model(skeleton(model))
    except (onnx.checker.ValidationError, ValueError) as error:
        raise ModelError(f"{path}: not valid ONNX ({_first_line(error)}); export it again") from error
    _check_numbers(model, path)
    return model, digest


def _load(path: Path) -> onnx.ModelProto:
    try:
        if not path.is_file():
            raise ModelError(f"{path}: {'not a file' if path.exists() else 'no such file'}; expected an .onnx file")
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path}: {path.stat().st_size / 1e9:.1f} GB; at most 2 GB are read")
        with path.open("rb") as file:
            if file.read(24).startswith(b"version https://git-lfs"):
                raise ModelError(f"{path}: only a pointer of Git LFS; `git lfs pull` brings the file")
        model = onnx.load_model(path, format="protobuf", load_external_data=False)
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}") from error
    except DecodeError:
        model = onnx.ModelProto()
    if not model.ir_version or not model.graph.node or not _is_text(model):
        raise ModelError(f"{path}: not an ONNX file; `torch.onnx.export` writes one, and tf2onnx of a Keras model")
    return model


def _is_text(message: Message) -> bool:
    """Return whether all names in a message are UTF-8; protobuf gives bytes for those that aren't."""
    for field, value in message.ListFields():
        if field.type in (field.TYPE_MESSAGE, field.TYPE_STRING):
            for one in [value] if isinstance(value, Message | str | bytes) else value:
                if isinstance(one, bytes) or (isinstance(one, Message) and not _is_text(one)):
                    return False
    return True


def _digest(files: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for name in files:
        with name.open("rb") as file:
            while piece := file.read(2**20):
                digest.update(piece)
    return digest.hexdigest()


def _check_kind(model: onnx.ModelProto, path: Path) -> None:
    """Raise ModelError unless this is a float graph of ONNX's operators that nest nothing."""
    if any(entry.key == CARD_KEY for entry in model.metadata_props):
        raise ModelError(f"{path}: already a model of edge-cifar; export the file that it was made from")
    nodes = [*model.graph.node, *(node for function in model.functions for node in function.node)]
    quantized = _kinds(node for node in nodes if node.op_type.startswith(QUANTIZED))
    if quantized:
        raise ModelError(f"{path}: already quantized ({quantized}); export the float net that it was made from")
    nesting = _kinds(node for node in nodes if any(_nests(attribute) for attribute in node.attribute))
    if nesting:
        raise ModelError(f"{path}: its graph has control flow ({nesting}); export it with a fixed input size")
    if model.graph.sparse_initializer or model.training_info:
        raise ModelError(f"{path}: sparse weights or training information in it; export the plain net")
    opset = max((entry.version for entry in model.opset_import if entry.domain in OWN_DOMAINS), default=1)
    newest = onnx.defs.onnx_opset_version()
    if opset < OLDEST_OPSET:
        raise ModelError(f"{path}: ONNX operator set {opset}; export it with {OLDEST_OPSET} or newer, such as 17")
    if opset > newest:
        raise ModelError(f"{path}: ONNX operator set {opset}, but the installed onnx knows {newest}; update onnx")
    _check_operators(nodes, {(function.domain, function.name) for function in model.functions}, path)


def _check_operators(nodes: Sequence[onnx.NodeProto], functions: set[tuple[str, str]], path: Path) -> None:
    """Raise ModelError unless all nodes are of kinds that onnx or the file defines."""
    known = functions | {
        (domain, node.op_type) for node in nodes for domain in OWN_DOMAINS if onnx.defs.has(node.op_type)
    }
    custom = [node for node in nodes if (node.domain, node.op_type) not in known]
    if custom:
        raise ModelError(
            f"{path}: it uses operators that aren't ONNX's own ({_kinds(custom)}); export it with ONNX's only"
        )


def _kinds(nodes: Sequence[onnx.NodeProto] | Iterator[onnx.NodeProto]) -> str:
    """Return the kinds of some nodes as a short text."""
    kinds = sorted({short_name(f"{node.domain}.{node.op_type}".removeprefix("ai.onnx").lstrip(".")) for node in nodes})
    return ", ".join(kinds[:5]) + (f" and {len(kinds) - 5} more" if len(kinds) > 5 else "")


def _nests(attribute: AttributeProto) -> bool:
    return attribute.HasField("g") or len(attribute.graphs) > 0


def _check_numbers(model: onnx.ModelProto, path: Path) -> None:
    """Raise ModelError for a tensor that isn't as long as its shape, or holds no numbers.

    A lone infinity is a bound or the padding of a maximum, no weight.
    """
    for tensor in tensors(model):
        try:
            values = numpy_helper.to_array(tensor)
        except (ValueError, TypeError, KeyError) as error:
            raise ModelError(
                f"{path}: damaged: its tensor {short_name(tensor.name)!r} can't be read; copy it again"
            ) from error
        if values.dtype.kind != "f":
            continue
        wrong = np.isnan(values) if values.size == 1 else ~np.isfinite(values)
        if wrong.any():
            count, name = int(wrong.sum()), short_name(tensor.name)
            raise ModelError(f"{path}: its weights {name!r} hold {count:,} NaN or infinite numbers; train it anew")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
