"""The runtime: classify photos with onnxruntime on a CPU. Needs numpy, Pillow and onnxruntime, never torch."""

import os
from typing import TYPE_CHECKING, Any

# onnxruntime 1.29 and later reports its use to Microsoft over the network, under an identifier that it stores, unless
# it is told otherwise before it is loaded (its Privacy.md); its uploading thread also hangs whatever is forked.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from .errors import EdgeCifarError as EdgeCifarError
    from .errors import ModelError as ModelError
    from .errors import PhotoError as PhotoError
    from .inference.classifier import Classifier as Classifier
    from .inference.classifier import Prediction as Prediction
    from .inference.classifier import Ranked as Ranked

_HOME = {
    "Classifier": ".inference.classifier",
    "Prediction": ".inference.classifier",
    "Ranked": ".inference.classifier",
    "EdgeCifarError": ".errors",
    "ModelError": ".errors",
    "PhotoError": ".errors",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that `edge-cifar --help` loads no numpy (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name], __name__), name)
