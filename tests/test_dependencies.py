"""What pyproject.toml keeps out, and until when."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_each_version_kept_out_has_its_reason_above_it() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    kept_out = [i for i, line in enumerate(lines) if re.match(r'    "[^";]*(<|!=|==|~=)', line)]
    assert kept_out, "no ceiling left: this test has nothing to do"
    for i in kept_out:
        assert lines[i - 1].startswith("    # "), f"{lines[i]}: say why in a comment above it"


COMMAND = """
import sys
sys.path.insert(0, sys.argv.pop())
import typer
app = typer.Typer()
@app.command()
def command(number: int = 1) -> None:
    print("pydantic" in sys.modules)
app()
"""


@pytest.mark.network
def test_typer_still_imports_pydantic(tmp_path: Path) -> None:
    """Its newest release does with every command, a third of a start; where it doesn't, the ceiling can be raised."""
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", tmp_path, "typer"], check=True)
    done = subprocess.run([sys.executable, "-c", COMMAND, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True", "typer < 0.29 has no reason any more"
