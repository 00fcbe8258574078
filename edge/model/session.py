"""A model file in onnxruntime: checked, opened, run."""

import ctypes
import hashlib
import os
from pathlib import Path
from typing import Any, Self
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..photos.contract import Pixels
from ..validate import whole_number
from .card import ModelCard, read_card
from .onnx_file import SEAL_KEY, check_seal, read_onnx
from .onnxruntime_loader import load_onnxruntime

Logits = npt.NDArray[np.float32]

INPUT, OUTPUT = "image", "logits"
MAX_THREADS = 256


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
        self._place = self.path.absolute()  # the working folder may change
        self._data, onnx_file = read_onnx(self.path)
        self.digest = hashlib.sha256(self._data).hexdigest()
        """The SHA-256 of the file's bytes, in hex."""
        self.metadata = onnx_file.metadata
        check_seal(self._data, self.metadata.get(SEAL_KEY, ""), self.path)
        self.card: ModelCard = read_card(self.metadata, self.path)
        self._closed = False
        self._session: Any = self._open()
        self._check_contract()
        _MODELS.add(self)

    def close(self) -> None:
        """Give its memory back; threads that are in the midst of `logits` end that in peace."""
        self._closed, self._session, self._data = True, None, b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[Self], tuple[Path, int]]:
        return type(self), (self._place, self._threads)

    def logits(self, pixels: Pixels) -> Logits:
        """Return float32 logits (N, classes) of uint8 pixels (N, size, size, 4), channels RGBX.

        Raises ModelError when onnxruntime can't compute what the file asks for, ValueError when it is closed.
        """
        session = self._session
        if self._closed:
            raise ValueError(f"{self.path}: the model is closed")
        if session is None:  # in a forked process
            session = self._session = self._open()
        try:
            logits: Logits = session.run([OUTPUT], {INPUT: pixels})[0]
        except Exception as error:  # onnxruntime's exceptions share no base class
            raise ModelError(
                f"{self.path}: onnxruntime can't run it ({_first_line(error)}); export it again"
            ) from error
        if logits.shape != (len(pixels), len(self.card.labels)):  # not what the graph declares
            raise ModelError(f"{self.path}: it gives logits of shape {logits.shape}; export it again")
        return logits

    def leave_behind(self) -> None:
        """In a forked process: let go of the session without ending it.

        Its threads stayed with the parent, and its end would wait for them for ever, at the latest at the exit; so
        it gets an owner more than it has and is never ended.
        """
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))
        self._session = None

    def _open(self) -> Any:
        onnxruntime = load_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal only: errors arrive as exceptions
        # Measured by `python -m edge_cifar.benchmarks.runtime.session_settings`: the memory arena, on by default, takes
        # no time and saves 10 MB at batch 32; threads that spin while they wait take twice as long beside other work.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            return onnxruntime.InferenceSession(
                self._data,
                options,
                providers=["CPUExecutionProvider"],
                enable_fallback=0,  # it prints
            )
        except Exception as error:  # onnxruntime's exceptions share no base class
            version, reason = onnxruntime.__version__, _first_line(error)
            raise ModelError(f"{self.path}: onnxruntime {version} can't load it ({reason}); a newer one may") from error

    def _check_contract(self) -> None:
        size, classes = self.card.size, len(self.card.labels)
        expected = [(INPUT, "tensor(uint8)", ["N", size, size, 4]), (OUTPUT, "tensor(float)", ["N", classes])]
        try:
            tensors = (*self._session.get_inputs(), *self._session.get_outputs())
            found = [(tensor.name, tensor.type, tensor.shape) for tensor in tensors]
        except UnicodeDecodeError:  # names that are no text
            found = []
        if found != expected:
            raise ModelError(
                f"{self.path}: expected input {INPUT!r}, uint8 (N, {size}, {size}, 4), "
                f"and output {OUTPUT!r}, float32 (N, {classes})"
            )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


_MODELS: WeakSet[Model] = WeakSet()


def _leave_sessions_behind() -> None:
    for model in _MODELS:
        model.leave_behind()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_sessions_behind)
