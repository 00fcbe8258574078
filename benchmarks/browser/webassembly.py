"""WebAssembly as one more CPU: Node.js decodes the same JPEGs and runs the same files, as the page does.

Other photos, which a page has its browser decode, come as the host's pixels.
"""

import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from ...edge.errors import EdgeCifarError
from ...edge.files.atomic_write import file_sha256, write_json
from ...edge.model.contract import Logits, Model
from ...edge.photos.contract import Pixels, read_photo
from ...edge.photos.preprocessing import Preprocessing
from ...edge.web.runtime import RELEASE, needed_runtime
from ...edge.web.site import PAGE

STACK = "onnxruntime-web"
SCRIPT = Path(__file__).with_suffix(".mjs")
SECONDS = 600
JPEG = b"\xff\xd8\xff"  # how one begins


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
    """Return the packages' versions, and for each model its logits and the SHA-256 of its pixels.

    Raises EdgeCifarError when it fails.
    """
    with TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "ort").mkdir()
        for name, content in needed_runtime().items():
            (folder / "ort" / name).write_bytes(content)
        for i, model in enumerate(models):
            with Model(model) as opened:
                wanted = opened.card.preprocessing
            pixels = np.stack([_given(photo, wanted) for photo in photos])
            (folder / f"pixels-{i}").write_bytes(pixels.tobytes())
        request = {
            "page": str(PAGE),
            "ort": str(folder / "ort"),
            "models": [str(path.resolve()) for path in models],
            "jpegs": [(place, str(photo.resolve())) for place, photo in enumerate(photos) if _is_jpeg(photo)],
        }
        write_json(folder / "request.json", request)
        done = subprocess.run(["node", str(SCRIPT), work], capture_output=True, text=True, timeout=SECONDS, check=False)
        if done.returncode:
            raise EdgeCifarError(f"node: exit status {done.returncode} ({(done.stderr.splitlines() or [''])[-1]})")
        logits = [np.fromfile(folder / f"logits-{i}", np.float32).reshape(len(photos), -1) for i in range(len(models))]
        digests = [file_sha256(folder / f"pixels-{i}") for i in range(len(models))]
    versions = {"onnxruntime": f"web {RELEASE}", "numpy": version("numpy"), "pillow": version("pillow")}
    return versions, list(zip(logits, digests, strict=True))


def _given(photo: Path, wanted: Preprocessing) -> Pixels:
    """Return the pixels of a photo, zeros for a JPEG, which is decoded there."""
    return np.zeros((wanted.size, wanted.size, 4), np.uint8) if _is_jpeg(photo) else read_photo(photo, wanted)


def _is_jpeg(photo: Path) -> bool:
    with photo.open("rb") as file:
        return file.read(len(JPEG)) == JPEG
