"""A session of onnxruntime on the CPU: its settings, its errors, and what becomes of it in a forked process."""

import ctypes
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from weakref import WeakSet

import numpy.typing as npt

from ..errors import ModelError
from .onnxruntime_loader import load_onnxruntime


class Session:
    """A model's bytes opened by onnxruntime; `path` is what messages call it.

    Any number of threads may use it at once. A process forked from one that did opens a session of its own when it
    first needs one.
    """

    def __init__(self, data: bytes, threads: int, path: Path):
        """Open it on so many cores. Raises ModelError when onnxruntime refuses it, MemoryError where memory lacks."""
        self._data, self._threads, self._path = data, threads, path
        self._closed = False
        self._session: Any = self._open()
        _SESSIONS.add(self)

    def close(self) -> None:
        """Give its memory back; threads that are in the midst of `run` end that in peace."""
        self._closed, self._session, self._data = True, None, b""

    def run(self, output: str, inputs: Mapping[str, npt.NDArray[Any]]) -> npt.NDArray[Any]:
        """Return one output.

        Raises ModelError when it can't be computed, MemoryError for lack of memory, ValueError when it is closed.
        """
        session = self._session
        if self._closed:
            raise ValueError(f"{self._path}: the model is closed")
        if session is None:  # in a forked process
            session = self._session = self._open()
        try:
            values: npt.NDArray[Any] = session.run([output], inputs)[0]
        except Exception as error:  # onnxruntime's exceptions share no base class
            _refuse_for_memory(error)
            raise ModelError(
                f"{self._path}: onnxruntime can't run it ({_first_line(error)}); export it again"
            ) from error
        return values

    def tensors(self) -> list[tuple[str, str, list[Any]]]:
        """Return (name, type, shape) of all inputs, then of all outputs; none where names are no text."""
        try:
            tensors = (*self._session.get_inputs(), *self._session.get_outputs())
            return [(tensor.name, tensor.type, tensor.shape) for tensor in tensors]
        except UnicodeDecodeError:
            return []

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
            _refuse_for_memory(error)
            version, reason = onnxruntime.__version__, _first_line(error)
            raise ModelError(
                f"{self._path}: onnxruntime {version} can't load it ({reason}); a newer one may"
            ) from error


def _refuse_for_memory(error: Exception) -> None:
    """Raise MemoryError if onnxruntime lacked memory: no fault of the model. Only its words tell."""
    if re.search("[Ff]ailed to allocate memory|bad[ _]alloc", str(error)):
        raise MemoryError(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


_SESSIONS: WeakSet[Session] = WeakSet()


def _leave_sessions_behind() -> None:
    for session in _SESSIONS:
        session.leave_behind()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_sessions_behind)
