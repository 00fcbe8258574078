"""What must hold of built files before anybody gets them."""

import hashlib
import json
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from ...edge.data.synthetic_shapes import write_photos
from ...edge.errors import EdgeCifarError
from .reproducible import run


def check_files(wheel: Path, sdist: Path) -> None:
    """Ask the tools of the trade: is the description one that an index shows, does the wheel hold what it should."""
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    run(sys.executable, "-m", "check_wheel_contents", wheel)


def empty_environment(folder: Path, wheel: Path) -> Path:
    """Make an environment of `wheel` and what it asks for, and return its Python."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", wheel)
    return python


def try_out(python: Path, folder: Path) -> None:
    """Classify a photo with the installed wheel, and let each of its models prove itself."""
    photo = write_photos(folder / "photos", 1, seed=0)[0]
    row = json.loads(run(python, "-m", "edge_cifar.edge", "predict", photo, "--json", cwd=folder))
    models = run(python, "-c", "from edge_cifar.edge.model.shipped_models import *; print(*FAMILY)").split()
    for name in models:
        verified = json.loads(run(python, "-m", "edge_cifar.edge", "verify", name, "--json", cwd=folder))
        if not (verified["passed"] and verified["exact"]):
            raise EdgeCifarError(f"{name}: not the promised logits here: {verified}")
    if not row.get("guess") or not models:
        raise EdgeCifarError(f"no answer to a photo: {row}")


def bill_of_materials(python: Path, path: Path) -> Path:
    """Write what is in the environment of `python`, with versions and licences, as CycloneDX JSON."""
    tool = (sys.executable, "-m", "cyclonedx_py", "environment")
    run(*tool, "--output-reproducible", "--output-format", "JSON", "--output-file", path, python)
    return path


def sums(files: Sequence[Path]) -> str:
    """Return the lines of `sha256sum`, which checks them with `--check`."""
    return "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
