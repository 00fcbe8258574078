"""`edge-cifar`: where every command starts. Light, so that Ctrl-C is answered in one line from the first moment on."""

import atexit
import gc
import io
import sys

from .reporting import reporting


def main() -> None:
    """Run the command line: exit 0 all good, 1 something failed and was named, 2 wrong usage."""
    gc.disable()  # nothing that a start makes is garbage: 9 of 200 ms
    atexit.register(_skip_last_collections)
    requested = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    with reporting(requested):
        if isinstance(sys.stdout, io.TextIOWrapper):  # where a terminal lacks a letter, rather an escape than no line
            sys.stdout.reconfigure(errors="backslashreplace")
        from .commands import build_app

        app = build_app(requested)
        gc.enable()
        app(prog_name="edge-cifar")


def _skip_last_collections() -> None:
    """Spare the interpreter its last walks through all that was ever imported: 23 of 200 ms."""
    if "torch" not in sys.modules:  # whose extensions would complain of leaks
        gc.freeze()
