"""What runs on each CPU: decode the photos, run the models, leave the logits. Needs numpy, Pillow and onnxruntime.

Started as `python -m edge_cifar.benchmarks.portability.conformance_child FOLDER` with request.json in FOLDER:
{"photos": paths, "models": paths}. Writes logits-<i>.npy, float32 (N, classes), for each model, and answer.json: the
packages' versions and, for each model, the SHA-256 of its photos' pixels.
"""

import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ...edge.files.atomic_write import write_json
from ...edge.model.contract import Model
from ...edge.photos.contract import read_photo

BATCH = 32  # photos that go through the net together


def main(folder: Path) -> None:
    """Answer the request in `folder`."""
    request = json.loads((folder / "request.json").read_text())
    models = [Model(path, threads=1) for path in request["models"]]
    decoded = {
        wanted: np.stack([read_photo(photo, wanted) for photo in request["photos"]])
        for wanted in {model.card.preprocessing for model in models}
    }
    pixels_sha256 = []
    for i, model in enumerate(models):
        pixels = decoded[model.card.preprocessing]
        batches = [model.logits(pixels[start : start + BATCH]) for start in range(0, len(pixels), BATCH)]
        np.save(folder / f"logits-{i}.npy", np.concatenate(batches))
        pixels_sha256.append(hashlib.sha256(pixels.tobytes()).hexdigest())
    versions = {name: version(name) for name in ("onnxruntime", "numpy", "pillow")}
    write_json(folder / "answer.json", {"versions": versions, "pixels_sha256": pixels_sha256})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
