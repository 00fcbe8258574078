"""A model file in onnxruntime: checked, opened, run."""

import hashlib
import json
import os
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy as np
import numpy.typing as npt

from .cores import usable_cores
from .errors import ModelError
from .model_card import ModelCard, read_card
from .onnx_file import SEAL_KEY, check_seal, read_onnx
from .photo import Pixels
from .runtime import load_onnxruntime
from .shipped import SHIPPED_DEFAULT

Logits = npt.NDArray[np.float32]

INPUT, OUTPUT = "image", "logits"
EXPORT_SUMMARY = "export.json"  # what an export writes beside its files


class Model:
    """A model by the model contract: uint8 (N, size, size, 4) RGBX in, float32 logits (N, classes) out.

    Any number of threads may use it at once, and so may a process forked from one that did: it opens a session of
    its own when it first needs one.
    """

    def __init__(self, path: str | os.PathLike[str], threads: int | None = None):
        """Check and open the file; `threads` defaults to the cores this process may use.

        Raises ModelError when the file is missing, damaged, not by the contract, or refused by onnxruntime.
        """
        self.path = Path(path)
        self._data, onnx_file = read_onnx(self.path)
        self.metadata = onnx_file.metadata
        check_seal(self._data, self.metadata.get(SEAL_KEY, ""), self.path)
        self.card: ModelCard = read_card(self.metadata, self.path)
        self._threads = threads or usable_cores()
        self._session: Any = self._open()
        self._check_contract()
        _MODELS.add(self)

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the file's bytes, in hex."""
        return hashlib.sha256(self._data).hexdigest()

    def logits(self, pixels: Pixels) -> Logits:
        """Return float32 logits (N, classes) of uint8 pixels (N, size, size, 4), channels RGBX.

        Raises ModelError when onnxruntime can't compute what the file asks for.
        """
        if self._session is None:  # in a forked process
            self._session = self._open()
        try:
            logits: Logits = self._session.run([OUTPUT], {INPUT: pixels})[0]
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
        import ctypes

        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))
        self._session = None

    def _open(self) -> Any:
        onnxruntime = load_onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal only: errors arrive as exceptions
        # Measured by `python -m edge_cifar.benchmarks.settings`: the memory arena, on by default, takes no time and
        # saves 10 MB at batch 32; threads that spin while they wait take twice as long beside other work.
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


def default_model(runs: Path = Path("runs")) -> Path:
    """Return the default file of the newest export under `runs`, else the model that is shipped.

    An export's default is int8, unless fp32 was as fast where it was made. Raises ModelError if its summary is damaged.
    """
    summaries = sorted(runs.glob(f"*/{EXPORT_SUMMARY}"), key=os.path.getmtime)
    if not summaries:
        return SHIPPED_DEFAULT
    newest = summaries[-1]
    try:
        return newest.with_name(json.loads(newest.read_bytes())["default"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{newest}: damaged; export the run again, or name a model with --model") from error
