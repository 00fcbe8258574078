"""The runtime: classify photos with onnxruntime on a CPU. Needs numpy, Pillow and onnxruntime, never torch.

The public names are those of `edge_cifar`, which hands them on.
"""

import os

# onnxruntime 1.29 and later reports its use to Microsoft over the network, under an identifier that it stores, unless
# it is told otherwise before it is loaded (its Privacy.md); its uploading thread also hangs whatever is forked.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

TYPE_CHECKING = False  # True to type checkers; importing `typing` would take longer than all the rest here
if TYPE_CHECKING:
    from .errors import EdgeCifarError as EdgeCifarError
    from .errors import ModelError as ModelError
    from .errors import PhotoError as PhotoError
    from .inference.classifier import Classifier as Classifier
    from .inference.occlusion import Explanation as Explanation
    from .inference.prediction import Prediction as Prediction
    from .inference.prediction import Ranked as Ranked
    from .inference.prediction import Result as Result
    from .model.card import ModelCard as ModelCard
    from .model.golden_logits import Verification as Verification
    from .photos.contract import Photo as Photo
else:
    HOMES = {
        "Classifier": ".inference.classifier",
        "EdgeCifarError": ".errors",
        "Explanation": ".inference.occlusion",
        "ModelCard": ".model.card",
        "ModelError": ".errors",
        "Photo": ".photos.contract",
        "PhotoError": ".errors",
        "Prediction": ".inference.prediction",
        "Ranked": ".inference.prediction",
        "Result": ".inference.prediction",
        "Verification": ".model.golden_logits",
    }
    __all__ = list(HOMES)

    def __getattr__(name: str) -> object:
        """Import a public name when it is first used, so that `edge-cifar --help` loads no numpy (PEP 562)."""
        if name not in HOMES:
            raise AttributeError(f"module 'edge_cifar' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(HOMES[name], __name__), name)

    def __dir__() -> list[str]:
        return __all__
