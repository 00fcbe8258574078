"""The pickled batches of the CIFAR archives, read with an unpickler that can build nothing but numbers."""

import io
import pickle
from typing import Any

import numpy as np

from ...edge.data.cifar import SIDE
from ...edge.photos.contract import Pixels


def read_batch(pickled: bytes, labels_key: str) -> tuple[Pixels, Pixels]:
    """Return images, uint8 (N, 32, 32, 3), and targets, uint8 (N,), of one batch.

    Raises pickle.UnpicklingError, KeyError or ValueError when it holds anything else.
    """
    batch = _Numbers(io.BytesIO(pickled), encoding="latin1").load()  # written by Python 2, whose strings are bytes
    planes = batch["data"].reshape(-1, 3, SIDE, SIDE)  # red, green, blue
    targets = np.array(batch[labels_key], dtype=np.uint8)
    if planes.dtype != np.uint8 or targets.shape != planes.shape[:1]:
        raise ValueError(f"{planes.dtype} {planes.shape} for {targets.shape} labels")
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), targets


class _Numbers(pickle.Unpickler):
    """Builds plain Python values and arrays of uint8; any other name in the pickle is refused."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a CIFAR batch") from None


def _uint8(kind: str, *_: object) -> np.dtype[np.uint8]:
    """Stand for numpy.dtype, which would build arrays of objects too."""
    if kind != "u1":
        raise pickle.UnpicklingError(f"an array of {kind!r} has no place in a CIFAR batch")
    return np.dtype(np.uint8, copy=True)  # the pickle goes on to set its state


RECONSTRUCT = np.empty(0).__reduce__()[0]  # makes an empty array, which the pickle goes on to fill
ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): RECONSTRUCT,  # its name since numpy 2
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _uint8,
}
