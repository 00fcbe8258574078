"""The page's own modules, run by Node.js; tests skip where there is none."""

import shutil
import subprocess
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "edge" / "web" / "page"
SECONDS = 60


def run(script: str, *arguments: object) -> str:
    """Return what a script in the tests' folder prints."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs Node.js: the page's modules are run by it")
    command = [node, str(TESTS / script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
