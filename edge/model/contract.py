"""The model contract: what every model file takes and gives, checked when it is opened.

uint8 (N, size, size, 4) RGBX in, float32 logits (N, classes) out, N free; what else a device must know is on its card.
"""

import hashlib
import os
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..photos.contract import Pixels
from ..validate import whole_number
from .card import ModelCard, read_card
from .onnx_file import SEAL_KEY, check_seal, read_onnx
from .ort_session import Session

Logits = npt.NDArray[np.float32]

INPUT, OUTPUT = "image", "logits"
MAX_THREADS = 256
LARGEST_PIXELS = 2**18  # that go through the net at once: of larger images fewer, so that memory is bounded


class Model:
    """A model by the model contract: uint8 (N, size, size, 4) RGBX in, float32 logits (N, classes) out.

    Any number of threads may use it at once, and so may a process forked from one that did: it opens a session of
    its own when it first needs one. Pickled, it is its path, and is opened anew; so it goes into pools of processes.
    As a context it closes itself.
    """

    def __init__(self, path: str | os.PathLike[str], threads: int = 1):
        """Check and open the file; `threads` (1 to 256) is how many cores it may use.

        More than one pays for large batches only: a photo by itself takes less time than handing it over.
        Raises ModelError when the file is missing, damaged, not by the contract, or refused by onnxruntime.
        """
        self._threads = whole_number("threads", threads, 1, MAX_THREADS)
        self.path = Path(path)
        self.place = self.path.absolute()
        """Where the file is, whatever becomes of the working folder."""
        data, onnx_file = read_onnx(self.path)
        self.digest = hashlib.sha256(data).hexdigest()
        """The SHA-256 of the file's bytes, in hex."""
        self.metadata = onnx_file.metadata
        check_seal(data, self.metadata.get(SEAL_KEY, ""), self.path)
        self.card: ModelCard = read_card(self.metadata, self.path)
        self._session = Session(data, self._threads, self.path)
        self._check_contract()

    def close(self) -> None:
        """Give its memory back; threads that are in the midst of `logits` end that in peace."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[Self], tuple[Path, int]]:
        return type(self), (self.place, self._threads)

    def logits(self, pixels: Pixels) -> Logits:
        """Return float32 logits (N, classes) of uint8 pixels (N, size, size, 4), channels RGBX.

        Many go through the net in batches of `LARGEST_PIXELS`. Raises ModelError when onnxruntime can't compute what
        the file asks for or it is no number, ValueError when the model is closed.
        """
        batch = max(1, LARGEST_PIXELS // self.card.size**2)
        if len(pixels) > batch:
            return np.concatenate(
                [self.logits(pixels[start : start + batch]) for start in range(0, len(pixels), batch)]
            )
        logits: Logits = self._session.run(OUTPUT, {INPUT: pixels})
        if logits.shape != (len(pixels), len(self.card.labels)):  # not what the graph declares
            raise ModelError(f"{self.path}: it gives logits of shape {logits.shape}; export it again")
        if not np.isfinite(logits).all():
            raise ModelError(
                f"{self.path}: this CPU and onnxruntime compute logits that are no numbers; do not trust it here"
            )
        return logits

    def _check_contract(self) -> None:
        size, classes = self.card.size, len(self.card.labels)
        expected = [(INPUT, "tensor(uint8)", ["N", size, size, 4]), (OUTPUT, "tensor(float)", ["N", classes])]
        if self._session.tensors() != expected:
            raise ModelError(
                f"{self.path}: expected input {INPUT!r}, uint8 (N, {size}, {size}, 4), "
                f"and output {OUTPUT!r}, float32 (N, {classes})"
            )
