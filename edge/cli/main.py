"""`edge-cifar`: where every command starts. Light, so that Ctrl-C is answered in one line from the first moment on."""

import atexit
import gc
import io
import os
import sys
from contextlib import suppress
from typing import Any

from ..model.onnxruntime_loader import drop_remarks
from .exit_status import reporting


def main() -> None:
    """Run the command line: exit 0 all good, 1 something failed and was named, 2 wrong usage."""
    gc.disable()  # nothing that a start makes is garbage: 9 of 200 ms
    atexit.register(_skip_last_collections)
    # numpy's OpenBLAS, which nothing here needs, would start a thread and reserve 30 MB for each core of the machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    _own_streams()
    drop_remarks()
    requested = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    with reporting(requested):
        if isinstance(sys.stdout, io.TextIOWrapper):  # where a terminal lacks a letter, rather an escape than no line
            sys.stdout.reconfigure(errors="backslashreplace")
        from .command_table import build_app

        app = build_app(requested)
        gc.freeze()  # nor does it become any: collections need not look at it again
        gc.enable()
        app(prog_name="edge-cifar")


class _Words(io.FileIO):
    """Descriptor 2, for words: that nobody takes them, on a full disk or since a reader went away, ends no command."""

    def write(self, data: Any, /) -> int:
        """Write all of `data`, as far as that goes."""
        with suppress(OSError):
            left = memoryview(data)
            while left:
                left = left[super().write(left) or 0 :]
        return len(data)


def _own_streams() -> None:
    """Hold the descriptors 0 to 2, and let stderr never fail.

    A file that is opened would otherwise get the number of a closed one, and with it what other libraries and children
    write to stderr, or be read as stdin. A stdin that was closed stays one that can't be read: it is no empty list.
    """
    with suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_WRONLY)) <= 2:
            os.set_inheritable(descriptor, True)
        os.close(descriptor)
    if sys.stderr is sys.__stderr__:  # not somebody's who calls `main`
        encoding = sys.stderr.encoding if sys.stderr else "utf-8"
        sys.stderr = io.TextIOWrapper(
            _Words(2, "w", closefd=False), encoding, "backslashreplace", line_buffering=True, write_through=True
        )


def _skip_last_collections() -> None:
    """Spare the interpreter its last walks through all that was ever imported: 23 of 200 ms."""
    if "torch" not in sys.modules:  # whose extensions would complain of leaks
        gc.freeze()
