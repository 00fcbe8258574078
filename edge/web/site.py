"""The page's files, as `serve` hands them out, and all that it needs as a folder for any web space."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import printable
from ..files.atomic_write import ForeignFileError, replace_bytes, write_json
from ..model.contract import Model
from ..report.page_style import palette
from .runtime import needed_runtime

PAGE = Path(__file__).with_name("page")
SITE = "site.json"
"""What a page asks for first: what is where; of a folder also each file's SHA-256."""


def page_files() -> dict[str, bytes]:
    """Return the files of the page by their paths in it, `index.html` among them."""
    files = {path.relative_to(PAGE).as_posix(): path.read_bytes() for path in sorted(PAGE.rglob("*.*"))}
    return files | {"palette.css": palette().encode()}


def summary(name: str, model: Model) -> dict[str, Any]:
    """Return what tells a model from others, ready for JSON."""
    return {
        "name": name,
        "file": printable(model.path.name),
        "sha256": model.digest,
        "net": model.card.net,
        "size": model.card.size,
        "labels": len(model.card.labels),
        "precision": model.card.precision,
    }


def write_site(models: Mapping[str, Path], folder: Path) -> int:
    """Write the page, models by name and onnxruntime-web to `folder`, and return how many bytes that are.

    A site that this program wrote there is replaced. Raises ModelError, and EdgeCifarError without onnxruntime-web or
    where `folder` has other files in the way.
    """
    files = page_files() | {f"ort/{name}": content for name, content in needed_runtime().items()}
    summaries = []
    for name, path in models.items():
        with Model(path) as model:
            summaries.append(summary(name, model) | {"url": f"models/{name}.onnx"})
        files[f"models/{name}.onnx"] = path.read_bytes()
    earlier = _own_files(folder)
    _check_free(folder, files, earlier)
    for name, content in files.items():
        replace_bytes(folder / name, content)
    for name in earlier.keys() - files.keys():
        (folder / name).unlink(missing_ok=True)
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    write_json(folder / SITE, {"server": False, "runtime": True, "models": summaries, "files": digests})
    return sum(map(len, files.values()))


def _own_files(folder: Path) -> dict[str, str]:
    """Return the files that an earlier site consists of, by name, those left out that somebody has changed."""
    try:
        listed = json.loads((folder / SITE).read_bytes())["files"]
        return {
            name: digest
            for name, digest in listed.items()
            if ".." not in Path(name).parts and _digest(folder / name) == digest
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _check_free(folder: Path, files: Mapping[str, bytes], own: Mapping[str, str]) -> None:
    for name in files:
        if (folder / name).exists() and name not in own:
            raise ForeignFileError(
                f"{folder / name}: exists, not as edge-cifar wrote it, so it is kept; name another folder"
            )


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
