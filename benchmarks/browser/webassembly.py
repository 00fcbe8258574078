"""WebAssembly as one more CPU: Node.js runs the same files in onnxruntime-web, on pixels that the host decoded."""

import hashlib
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import write_json
from ...edge.model.contract import Logits, Model
from ...edge.photos.contract import read_photo
from ...edge.web.runtime import RELEASE, needed_runtime
from ...edge.web.site import PAGE

STACK = "onnxruntime-web"
SCRIPT = Path(__file__).with_suffix(".mjs")
SECONDS = 600


def why_not() -> str:
    """Return what is missing here, "" if nothing is."""
    if shutil.which("node") is None:
        return "no Node.js on the PATH"
    try:
        needed_runtime()
    except EdgeCifarError as error:
        return str(error)
    return ""


def ask(models: Sequence[Path], photos: Sequence[Path]) -> tuple[dict[str, str], list[tuple[Logits, str]]]:
    """Return the packages' versions, and for each model its logits and the SHA-256 of the pixels that it was shown.

    Raises EdgeCifarError when it fails.
    """
    digests = []
    with TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "ort").mkdir()
        for name, content in needed_runtime().items():
            (folder / "ort" / name).write_bytes(content)
        for i, model in enumerate(models):
            with Model(model) as opened:
                wanted = opened.card.preprocessing
            pixels = np.stack([read_photo(photo, wanted) for photo in photos]).tobytes()
            (folder / f"pixels-{i}").write_bytes(pixels)
            digests.append(hashlib.sha256(pixels).hexdigest())
        paths = [str(path.resolve()) for path in models]
        write_json(folder / "request.json", {"page": str(PAGE), "ort": str(folder / "ort"), "models": paths})
        done = subprocess.run(["node", str(SCRIPT), work], capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise EdgeCifarError(f"node: exit status {done.returncode} ({(done.stderr.splitlines() or [''])[-1]})")
        logits = [np.fromfile(folder / f"logits-{i}", np.float32).reshape(len(photos), -1) for i in range(len(models))]
    versions = {"onnxruntime": f"web {RELEASE}", "numpy": version("numpy"), "pillow": version("pillow")}
    return versions, list(zip(logits, digests, strict=True))
