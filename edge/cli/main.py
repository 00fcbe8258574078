"""`edge-cifar`: where every command starts. Light, so that Ctrl-C is answered in one line from the first moment on."""

import atexit
import gc
import io
import os
import sys

from ..model.onnxruntime_loader import drop_remarks
from .exit_status import reporting


def main() -> None:
    """Run the command line: exit 0 all good, 1 something failed and was named, 2 wrong usage."""
    gc.disable()  # nothing that a start makes is garbage: 9 of 200 ms
    atexit.register(_skip_last_collections)
    # numpy's OpenBLAS, which nothing here needs, would start a thread and reserve 30 MB for each core of the machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    drop_remarks()
    requested = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    with reporting(requested):
        if isinstance(sys.stdout, io.TextIOWrapper):  # where a terminal lacks a letter, rather an escape than no line
            sys.stdout.reconfigure(errors="backslashreplace")
        from .command_table import build_app

        app = build_app(requested)
        gc.enable()
        app(prog_name="edge-cifar")


def _skip_last_collections() -> None:
    """Spare the interpreter its last walks through all that was ever imported: 23 of 200 ms."""
    if "torch" not in sys.modules:  # whose extensions would complain of leaks
        gc.freeze()
