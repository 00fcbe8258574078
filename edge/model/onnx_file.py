"""Reading a model file before onnxruntime does, without the onnx package: what it declares, and whether it is safe.

A model file is untrusted. Here it is bytes to be read by the schema of what may stand in one; nothing in it is followed
or executed. What is accepted means the same to every reader of protobuf, so that onnxruntime runs what was checked
(`python -m edge_cifar.benchmarks.robustness.protobuf_fuzz` compares).
"""

import hashlib
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from pathlib import Path

from ..errors import ModelError
from .onnx_schema import ATTRIBUTE_VALUES, MODEL, TENSOR_DATA, TENSOR_NUMBERS
from .protobuf import Message, RefusedError, int32, read_message

MAX_BYTES = 256 * 2**20
"""Largest model file read."""

SEAL_KEY = "edge_cifar.sha256"
"""Metadata entry with the SHA-256 of the file in which these 64 hex digits are zeros."""

UNSEALED = "0" * 64

OURS = "edge_cifar."
"""What the keys of our metadata begin with; onnxruntime takes settings from some others ("ort_config")."""

DOMAINS = frozenset({"", "ai.onnx", "com.microsoft"})
"""Operator sets that onnxruntime has built in; others would need a library loaded from elsewhere."""

DEFAULT_DOMAINS = frozenset({"", "ai.onnx"})  # two names of one

MAX_RANK = 32
"""Most dimensions of a tensor."""


@dataclass(frozen=True)
class OnnxFile:
    """What a model file declares: `node_kinds` holds the operator of each node, in graph order."""

    ir_version: int
    opset: int
    metadata: dict[str, str]
    node_kinds: tuple[str, ...]


def read_onnx(path: Path) -> tuple[bytes, OnnxFile]:
    """Return a model file's bytes, checked, and what it declares.

    Raises ModelError when the file is missing, too large, no ONNX by `onnx_schema`, or asks for anything outside itself
    (external data, custom operators, subgraphs, functions).
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise ModelError(f"{path}: {kind}; name a model file")
        if status.st_size > MAX_BYTES:
            raise ModelError(f"{path}: {status.st_size} bytes, more than the limit of {MAX_BYTES}")
        with path.open("rb") as file:
            data = file.read(status.st_size)  # asking for more would take the memory for it
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such model file") from error
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    except ValueError as error:  # a NUL character, or what can't be encoded
        raise ModelError(f"{path}: a name that no file can have") from error
    try:
        return data, _declared(read_model(data))
    except RefusedError as error:
        raise ModelError(f"{path}: {error}; refused") from error
    except (ValueError, IndexError) as error:
        raise ModelError(f"{path}: not an ONNX model, or damaged; copy it again") from error


def seal(data: bytes) -> bytes:
    """Return a serialised model whose `SEAL_KEY` entry, `UNSEALED` so far, holds the digest of the whole."""
    if not _is_in_one_place(UNSEALED, data):
        raise ValueError("the checksum's place is not unique")
    return data.replace(UNSEALED.encode(), hashlib.sha256(data).hexdigest().encode())


def check_seal(data: bytes, declared: str, path: Path) -> None:
    """Raise ModelError unless `declared`, the `SEAL_KEY` entry of `data`, is the digest of the whole file."""
    if not declared:
        raise ModelError(f"{path}: no edge-cifar checksum in it; export it with `edge-cifar export`")
    whole = data.replace(declared.encode(), UNSEALED.encode())
    if not _is_in_one_place(declared, data) or hashlib.sha256(whole).hexdigest() != declared:
        raise ModelError(f"{path}: damaged or changed since it was exported (its checksum differs); copy it again")


def _is_in_one_place(digits: str, data: bytes) -> bool:
    return len(digits) == len(UNSEALED) and data.count(digits.encode()) == 1


def read_model(data: bytes) -> Message:
    """Return a serialised ModelProto by the names of onnx.proto, checked.

    Raises ValueError or IndexError when it is no such message, and RefusedError when it asks for what no model of ours
    needs.
    """
    model = read_message(data, MODEL)
    metadata = _by("key", model.get("metadata_props", ()))
    domains = _by("domain", model.get("opset_import", ()))
    if not model.get("ir_version") or "graph" not in model or len(domains.keys() & DEFAULT_DOMAINS) != 1:
        raise ValueError("not a ModelProto")
    for domain, entry in domains.items():
        _check_domain(domain)
        int32(entry.get("version", 0))  # onnxruntime keeps 32 bits of it
    graph = model["graph"]
    for node in graph.get("node", ()):
        _check_domain(node.get("domain", ""))
        for attribute in _by("name", node.get("attribute", ())).values():
            _check_attribute(attribute)
    weights = _by("name", graph.get("initializer", ()))
    for tensor in weights.values():
        _check_tensor(tensor)
    if SEAL_KEY in metadata:  # a file of others has no seal, and is told so
        for key in metadata:
            if not key.startswith(OURS):
                raise RefusedError(f"it holds an unknown entry {key!r}")
        if not weights.keys().isdisjoint(_by("name", graph.get("input", ()))):
            raise RefusedError("one of its weights is an input, too")
    return model


def _declared(model: Message) -> OnnxFile:
    versions = {entry.get("domain", ""): entry.get("version", 0) for entry in model["opset_import"]}
    return OnnxFile(
        ir_version=model["ir_version"],
        opset=next(versions[domain] for domain in DEFAULT_DOMAINS if domain in versions),
        metadata={entry.get("key", ""): entry.get("value", "") for entry in model.get("metadata_props", ())},
        node_kinds=tuple(node.get("op_type", "") for node in model["graph"].get("node", ())),
    )


def _by(field: str, messages: Iterable[Message]) -> dict[str, Message]:
    """Return messages by a text in them. Raises RefusedError when two have the same: readers differ in which counts."""
    found: dict[str, Message] = {}
    for message in messages:
        name = message.get(field, "")
        if name in found:
            raise RefusedError(f"it holds two entries {name!r}")
        found[name] = message
    return found


def _check_domain(domain: str) -> None:
    if domain not in DOMAINS:
        raise RefusedError(f"it uses custom operators ({domain!r})")


def _check_attribute(attribute: Message) -> None:
    """Raise an exception unless an attribute has one type, its value no other, and its tensor is right."""
    value = ATTRIBUTE_VALUES.get(attribute.get("type", 0))
    if value is None or not attribute.keys() <= {"name", "doc_string", "type", value}:
        raise ValueError("an attribute of another type than its value")
    if value == "t":
        _check_tensor(attribute.get("t", {}))


def _check_tensor(tensor: Message) -> None:
    """Raise an exception unless a tensor has as many numbers as its shape says, in one place."""
    kind = tensor.get("data_type", 0)
    if kind not in TENSOR_NUMBERS:
        raise RefusedError(f"it holds a tensor of the type {kind}")
    typed, size = TENSOR_NUMBERS[kind]
    shape = tensor.get("dims", ())
    if len(shape) > MAX_RANK or any(length < 0 for length in shape):
        raise ValueError("a tensor of no shape")
    held = tensor.keys() & TENSOR_DATA
    if len(held) > 1 or not held <= {"raw_data", typed}:
        raise ValueError("numbers in two places, or of another type")
    raw = len(tensor.get("raw_data", b""))
    if (raw, len(tensor.get(typed, ()))) not in ((prod(shape) * size, 0), (0, prod(shape))):
        raise ValueError("not as many numbers as the shape says")
