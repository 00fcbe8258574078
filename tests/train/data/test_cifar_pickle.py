"""Batches as Python 2 wrote them are read; a pickle that would build or call anything else is refused."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.train.data.cifar_pickle import read_batch

PIXELS = np.random.RandomState(0).randint(0, 256, (3, 3072)).astype(np.uint8)
IMAGES = PIXELS.reshape(3, 3, 32, 32).transpose(0, 2, 3, 1)


def python2_batch(data: bytes, labels: list[int]) -> bytes:
    """Return a batch with the opcodes that Python 2.7 and numpy 1.6 wrote: byte strings and old module names."""

    def string(text: bytes) -> bytes:
        return b"U" + bytes([len(text)]) + text

    numbers = b"](" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
    dtype = b"cnumpy\ndtype\n" + string(b"u1") + b"K\x00K\x01\x87R(K\x03" + string(b"|") + b"NNNJ\xff\xff\xff\xff" * 1
    dtype += b"J\xff\xff\xff\xffK\x00tb"
    shape = b"K" + bytes([len(labels)]) + b"M" + (3072).to_bytes(2, "little") + b"\x86"
    raw = b"T" + len(data).to_bytes(4, "little") + data
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + string(b"b") + b"\x87R"
    array += b"(K\x01" + shape + dtype + b"\x89" + raw + b"tb"
    return b"\x80\x02}(" + string(b"labels") + numbers + string(b"data") + array + b"u."


def test_a_batch_of_python_2_is_read() -> None:
    images, targets = read_batch(python2_batch(PIXELS.tobytes(), [6, 9, 255]), "labels")
    assert np.array_equal(images, IMAGES)
    assert images.flags.c_contiguous
    assert targets.tolist() == [6, 9, 255]


@pytest.mark.parametrize("protocol", [3, 4])
def test_a_batch_of_python_3_is_read(protocol: int) -> None:
    images, targets = read_batch(pickle.dumps({"data": PIXELS, "fine_labels": [1, 2, 3]}, protocol), "fine_labels")
    assert np.array_equal(images, IMAGES)
    assert targets.tolist() == [1, 2, 3]


class Call:
    """Pickled, it calls a function when it is loaded."""

    def __init__(self, function: object, *arguments: object):
        self.call = function, arguments

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call  # type: ignore[return-value]


@pytest.mark.parametrize("function", [Path.touch, os.mkdir, eval, np.load, np.frompyfunc, getattr])
def test_nothing_in_a_pickle_is_called(tmp_path: Path, function: object) -> None:
    bomb = Call(function, tmp_path / "exploded")
    with pytest.raises(pickle.UnpicklingError, match="has no place in a CIFAR batch"):
        read_batch(pickle.dumps({"data": bomb, "labels": [0]}, protocol=4), "labels")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "batch",
    [
        {"data": np.array([[{}] * 3072], dtype=object), "labels": [0]},
        {"data": PIXELS.astype(np.float32), "labels": [0, 1, 2]},
        {"data": PIXELS[:, :100], "labels": [0, 1, 2]},
        {"data": PIXELS, "labels": [0, 1]},
        {"data": PIXELS, "labels": [0, 1, 256]},
        {"data": PIXELS, "labels": [0, 1, "x"]},
        {"data": PIXELS},
    ],
    ids=["objects", "floats", "shape", "counts differ", "large label", "text", "no labels"],
)
def test_a_batch_of_another_kind_is_refused(batch: dict[str, object]) -> None:
    with pytest.raises((pickle.UnpicklingError, ValueError, KeyError, OverflowError)):
        read_batch(pickle.dumps(batch, protocol=4), "labels")
