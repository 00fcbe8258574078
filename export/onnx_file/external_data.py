"""Weights that lie beside an ONNX file, brought into it: only from its own folder, and no more than a file may have."""

from collections.abc import Iterator
from math import prod
from pathlib import Path, PurePosixPath, PureWindowsPath

import numpy as np
import onnx
from onnx import TensorProto

from ...edge.errors import ModelError
from .short_name import short_name

MAX_BYTES = 2**31 - 1
"""Most bytes of a model with its external data: protobuf's own limit for one message."""


def tensors(model: onnx.ModelProto) -> Iterator[TensorProto]:
    """Yield all tensors that hold numbers: weights, and what nodes have as attributes. Nodes nest nothing here."""
    yield from model.graph.initializer
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in nodes:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors


def inline_external_data(model: onnx.ModelProto, path: Path) -> list[Path]:
    """Put the numbers that lie beside `path` into `model`, and return their files, sorted by name.

    Raises ModelError, naming the file, for one that is missing, too short, or outside of the folder of `path`.
    """
    outside = [tensor for tensor in tensors(model) if tensor.data_location == TensorProto.EXTERNAL]
    needed = sum(_size(tensor, path) for tensor in outside) + path.stat().st_size
    if needed > MAX_BYTES:
        raise ModelError(f"{path}: {needed / 1e9:.1f} GB with its external data; at most 2 GB are read")
    files: dict[str, Path] = {}
    for tensor in outside:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        file = files.setdefault(entries.get("location", ""), _file(entries.get("location", ""), path))
        _read(tensor, file, entries, path)
    return [files[name] for name in sorted(files)]


def _file(location: str, path: Path) -> Path:
    """Return the file at a place that an untrusted model names."""
    parts = PureWindowsPath(location).parts  # knows both kinds of slashes
    if not location or ".." in parts or PureWindowsPath(location).anchor or PurePosixPath(location).is_absolute():
        raise ModelError(f"{path}: its external data {short_name(location)!r} is outside of its folder; it is not read")
    file = path.parent / location
    if not file.exists():
        raise ModelError(f"{path}: its external data {short_name(location)!r} is missing; put it beside the model")
    if not file.resolve().is_relative_to(path.parent.resolve()):
        raise ModelError(
            f"{path}: its external data {short_name(location)!r} is a link out of its folder; copy the file there"
        )
    if not file.is_file():
        raise ModelError(f"{path}: its external data {short_name(location)!r} is no file")
    return file


def _read(tensor: TensorProto, file: Path, entries: dict[str, str], path: Path) -> None:
    size = _size(tensor, path)
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", size))
    except ValueError:
        offset = length = -1
    if offset < 0 or length != size or offset + length > file.stat().st_size:
        name = short_name(tensor.name)
        raise ModelError(f"{path}: its external data {file.name!r} doesn't hold the tensor {name!r}; copy it again")
    with file.open("rb") as opened:
        opened.seek(offset)
        tensor.raw_data = opened.read(length)
    tensor.ClearField("data_location")
    del tensor.external_data[:]


def _size(tensor: TensorProto, path: Path) -> int:
    """Return the bytes of a tensor's numbers."""
    try:
        kind = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type))
    except KeyError:
        kind = np.dtype(object)
    if kind.hasobject or any(length < 0 for length in tensor.dims):
        raise ModelError(f"{path}: damaged: its external tensor {short_name(tensor.name)!r} has no size")
    return int(prod(tensor.dims) * kind.itemsize)
