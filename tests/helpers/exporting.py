"""`edge-cifar export`, run by tests."""

import contextlib
import io
import subprocess
from pathlib import Path

from edge_cifar.edge.cli.command_table import build_app


def export(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run the command in this process: each start of another one loads torch anew."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with contextlib.chdir(cwd), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            build_app("export")(["export", *arguments])
        except SystemExit as end:
            if isinstance(end.code, str):
                err.write(f"{end.code}\n")
            status = end.code if isinstance(end.code, int) else int(bool(end.code))
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())
