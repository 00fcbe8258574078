"""The proof that another release of onnxruntime loads a file and computes the right answers: by running it there."""

import json
import re
import shutil
import subprocess
import tempfile
import venv
from pathlib import Path
from typing import Any

from ...edge.errors import ModelError

OLDEST = (1, 17)  # what files are made for; their opset 13 and IR 7 date from onnxruntime 1.8
NUMPY_2 = (1, 19)  # the first release built for numpy 2


def check_release(release: str) -> None:
    """Raise ModelError unless `release` names a release of onnxruntime that files are made for ("1.17", "1.20.1")."""
    if not re.fullmatch(r"[0-9]+\.[0-9]+(\.[0-9]+)?", release) or _numbers(release) < OLDEST:
        raise ModelError(
            f"--target-ort {release}: not a release of onnxruntime of {_dotted(OLDEST)} or later, the oldest supported"
        )


def prove_target(path: Path, release: str) -> dict[str, Any]:
    """Verify a model file with onnxruntime `release`, checked already, in an environment made for it and thrown away.

    Downloads packages: only for who asks for it. Returns what `edge-cifar verify --json` says there. Raises ModelError
    when that release can't be installed or does not compute the right answers.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        wanted = release if release.count(".") == 2 else f"{release}.*"
        packages = [f"onnxruntime=={wanted}", "numpy<2" if _numbers(release) < NUMPY_2 else "numpy", "pillow", "typer"]
        _run(f"onnxruntime {release} can't be installed", python, "-m", "pip", "install", "--quiet", *packages)
        runtime = Path(folder) / "runtime"  # this version of ours, beside that one of onnxruntime
        ours = Path(__file__).parents[2] / "edge"
        shutil.copytree(ours, runtime / "edge_cifar" / "edge", ignore=shutil.ignore_patterns("models"))
        verify = (python, "-m", "edge_cifar.edge", "verify", path.absolute(), "--json")
        verified: dict[str, Any] = json.loads(_run(f"{path} fails in onnxruntime {release}", *verify, cwd=runtime))
    return verified


def _run(failure: str, *command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ModelError(f"{failure}: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    return done.stdout


def _numbers(release: str) -> tuple[int, ...]:
    return tuple(map(int, release.split(".")))[:2]


def _dotted(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))
