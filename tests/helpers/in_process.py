"""The command line in the tests' own process, which has its libraries loaded: a start is most of a short run."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from edge_cifar.edge.cli.main import main


def run_in_process(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Run `edge-cifar ARGUMENTS` in the folder `cwd`; only what is killed or measured needs a process of its own."""
    out, err, status = io.StringIO(), io.StringIO(), 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        patch.setattr(sys, "argv", ["edge-cifar", *arguments])
        try:
            main()
        except SystemExit as ended:
            if isinstance(ended.code, str):  # which Python writes to stderr
                err.write(f"{ended.code}\n")
            status = 1 if isinstance(ended.code, str) else ended.code or 0
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())
