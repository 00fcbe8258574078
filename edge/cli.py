"""`edge-cifar`: where every command starts. Light, so that Ctrl-C is answered in one line from the first moment on."""

import io
import sys

from .reporting import reporting


def main() -> None:
    """Run the command line: exit 0 all good, 1 something failed and was named, 2 wrong usage."""
    requested = next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")
    with reporting(requested):
        if isinstance(sys.stdout, io.TextIOWrapper):  # where a terminal lacks a letter, rather an escape than no line
            sys.stdout.reconfigure(errors="backslashreplace")
        from .commands import build_app

        build_app(requested)(prog_name="edge-cifar")
