"""Reading a model file before onnxruntime does, without the onnx package: what it declares, and whether it is safe.

A model file is untrusted. Here it is bytes to be walked by the protobuf wire format (protobuf.dev, "Encoding")
and the field numbers of onnx.proto (ONNX IR, version 3 and later); nothing in it is followed or executed.
"""

import hashlib
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import ModelError

MAX_BYTES = 256 * 2**20
"""Largest model file read."""

SEAL_KEY = "edge_cifar.sha256"
"""Metadata entry with the SHA-256 of the file in which these 64 hex digits are zeros."""

UNSEALED = "0" * 64

OURS = "edge_cifar."
"""What the keys of our metadata begin with; onnxruntime takes settings from some others ("ort_config")."""

DOMAINS = frozenset({"", "ai.onnx", "com.microsoft"})
"""Operator sets that onnxruntime has built in; others would need a library loaded from elsewhere."""

HARMLESS = range(2, 7)  # ModelProto's names, versions and documentation
IN_FILE = 0  # TensorProto.DataLocation.DEFAULT

Field = tuple[int, int | bytes]


@dataclass(frozen=True)
class OnnxFile:
    """What a model file declares: `node_kinds` holds the operator of each node, in graph order."""

    ir_version: int
    opset: int
    metadata: dict[str, str]
    node_kinds: tuple[str, ...]


def read_onnx(path: Path) -> tuple[bytes, OnnxFile]:
    """Return a model file's bytes, checked, and what it declares.

    Raises ModelError when the file is missing, too large, no ONNX, or asks for anything outside itself (external
    data, custom operators, subgraphs, functions).
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelError(f"{path}: not a regular file; name a model file")
        if status.st_size > MAX_BYTES:
            raise ModelError(f"{path}: {status.st_size} bytes, more than the limit of {MAX_BYTES}")
        with path.open("rb") as file:
            data = file.read(status.st_size)  # asking for more would take the memory for it
    except FileNotFoundError as error:
        raise ModelError(f"{path}: no such model file") from error
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror}") from error
    try:
        return data, _inspect(data)
    except _RefusedError as error:
        raise ModelError(f"{path}: {error}; refused") from error
    except (ValueError, IndexError) as error:
        raise ModelError(f"{path}: not an ONNX model, or damaged; copy it again") from error


def seal(data: bytes) -> bytes:
    """Return a serialised model whose `SEAL_KEY` entry, `UNSEALED` so far, holds the digest of the whole."""
    _one_place(data, UNSEALED)
    return data.replace(UNSEALED.encode(), hashlib.sha256(data).hexdigest().encode())


def check_seal(data: bytes, declared: str, path: Path) -> None:
    """Raise ModelError unless `declared`, the `SEAL_KEY` entry of `data`, is the digest of the whole file."""
    if not declared:
        raise ModelError(f"{path}: no edge-cifar checksum in it; export it with `edge-cifar export`")
    try:
        _one_place(data, declared)
        whole = data.replace(declared.encode(), UNSEALED.encode())
    except ValueError:
        whole = b""
    if hashlib.sha256(whole).hexdigest() != declared:
        raise ModelError(f"{path}: damaged or changed since it was exported (its checksum differs); copy it again")


class _RefusedError(Exception):
    """The file asks for something that no model of ours needs."""


def _one_place(data: bytes, digits: str) -> None:
    if len(digits) != len(UNSEALED) or data.count(digits.encode()) != 1:
        raise ValueError("the checksum's place is not unique")


def _inspect(data: bytes) -> OnnxFile:
    ir_version, opset, metadata, kinds, graphs = 0, 0, {}, [], 0
    for number, value in fields(data):
        if number == 1:  # ir_version
            ir_version = _integer(value)
        elif number == 7:  # graph
            graphs += 1
            kinds += list(_node_kinds(_bytes(value)))
        elif number == 8:  # opset_import: OperatorSetIdProto
            entry = dict(fields(_bytes(value)))
            domain, version = _text(entry.get(1, b"")), _integer(entry.get(2, 0))
            if domain not in DOMAINS:
                raise _RefusedError(f"it uses custom operators ({domain!r})")
            opset = version if domain in ("", "ai.onnx") else opset
        elif number == 14:  # metadata_props: StringStringEntryProto
            entry = dict(fields(_bytes(value)))
            key = _text(entry.get(1, b""))
            if key in metadata:
                raise _RefusedError(f"it holds two entries {key!r}")
            metadata[key] = _text(entry.get(2, b""))
        elif number in (20, 25, 26):
            raise _RefusedError("it holds training information, functions or devices")
        elif number not in HARMLESS:
            raise ValueError("not a field of ModelProto")
    strange = [key for key in metadata if not key.startswith(OURS)]
    if strange and SEAL_KEY in metadata:  # a file of others has no seal, and is told so
        raise _RefusedError(f"it holds an unknown entry {strange[0]!r}")
    if not ir_version or not opset or graphs != 1:
        raise ValueError("not a ModelProto")
    return OnnxFile(ir_version, opset, metadata, tuple(kinds))


def _node_kinds(graph: bytes) -> Iterator[str]:
    for number, value in fields(graph):
        if number == 1:  # NodeProto
            yield from _node_kind(_bytes(value))
        elif number == 5:  # initializer: TensorProto
            _check_tensor(_bytes(value))
        elif number == 15:
            raise _RefusedError("it holds sparse tensors")


def _node_kind(node: bytes) -> Iterator[str]:
    for number, value in fields(node):
        if number == 4:
            yield _text(value)
        elif number == 5:  # AttributeProto
            for part, content in fields(_bytes(value)):
                if part in (5, 10):  # t, tensors
                    _check_tensor(_bytes(content))
                elif part in (6, 11, 22, 23):  # g, graphs, sparse_tensor, sparse_tensors
                    raise _RefusedError("it holds subgraphs or sparse tensors")
        elif number == 7 and _text(value) not in DOMAINS:
            raise _RefusedError(f"it uses custom operators ({_text(value)!r})")


def _check_tensor(tensor: bytes) -> None:
    for number, value in fields(tensor):
        if number == 13 or (number == 14 and value != IN_FILE):
            raise _RefusedError("its weights lie in another file (external data)")


def fields(data: bytes) -> Iterator[Field]:
    """Yield (field number, value) of a message. Raises ValueError or IndexError when it is malformed."""
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        kind = key & 7
        if kind == 0:
            number, position = _varint(data, position)
            yield key >> 3, number
            continue
        if kind == 2:
            length, position = _varint(data, position)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("unknown wire type")
        if position + length > len(data):
            raise ValueError("truncated")
        yield key >> 3, data[position : position + length]
        position += length


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("varint too long")


def _integer(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("expected a number")
    return value


def _bytes(value: int | bytes) -> bytes:
    if not isinstance(value, bytes):
        raise ValueError("expected bytes")
    return value


def _text(value: int | bytes) -> str:
    return _bytes(value).decode()
