"""Loading onnxruntime; for the command line without a word on stderr."""

import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from ..errors import EdgeCifarError

REMARK = re.compile(rb"\[W:onnxruntime|^onnxruntime (cpuid_info )?warning|^Error in cpuinfo: ")
"""What onnxruntime and its cpuinfo library print while they are loaded, of GPUs and CPUs that they can't look up."""

_loading: Callable[[], AbstractContextManager[None]] = nullcontext


def load_onnxruntime() -> Any:
    """Return the onnxruntime module; its import takes most of a start's time, and so waits until it is needed.

    Raises EdgeCifarError where it is not installed, or not for this machine, MemoryError where memory lacks.
    """
    try:
        with _loading():
            import onnxruntime
    except ImportError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C while its C++ side was loaded
            raise KeyboardInterrupt from error
        if re.search("failed to map segment|[Cc]annot allocate memory", str(error)):  # dlopen has but words
            raise MemoryError(str(error)) from error
        raise EdgeCifarError(f"onnxruntime can't be loaded ({error}); run: pip install onnxruntime") from error
    return onnxruntime


def drop_remarks() -> None:
    """Let onnxruntime be loaded without its remarks, from now on: for the command line, which owns its stderr."""
    global _loading
    _loading = _without_remarks


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Hold stderr back while something is loaded, then pass on all of it but the remarks.

    onnxruntime looks for GPUs in /sys before anyone can set how much it says. File descriptor 2 belongs to the whole
    process, so it is left alone where other threads are, and where the system gives no memory file to hold it.
    """
    if "onnxruntime" in sys.modules or threading.active_count() > 1:
        yield
        return
    try:
        stderr = os.dup(2)
    except OSError:  # closed, or no descriptor left
        yield
        return
    try:
        held = os.memfd_create("stderr")
        os.dup2(held, 2)
    except (AttributeError, OSError):  # not Linux, or a sandbox that forbids it
        os.close(stderr)
        yield
        return
    try:
        yield
    finally:
        if sys.stderr:
            sys.stderr.flush()
        os.dup2(stderr, 2)
        os.close(stderr)
        _pass_on(held)


def _pass_on(held: int) -> None:
    with os.fdopen(held, "rb") as file:
        file.seek(0)
        words = b"".join(line for line in file if not REMARK.search(line))
    with suppress(OSError):  # a reader that went away is no reason to stop
        while words:
            words = words[os.write(2, words) :]
