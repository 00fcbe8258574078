import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_no_child_hangs_that_is_forked_while_a_thread_predicts() -> None:
    command = (
        sys.executable,
        "-W",
        "ignore::DeprecationWarning",
        "-m",
        "edge_cifar.benchmarks.robustness.fork",
        "--forks",
        "40",
    )
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "40 forks while a thread predicts, 0 children hung\n"
    assert (done.returncode, done.stderr) == (0, "")
