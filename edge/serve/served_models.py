"""The models that a server answers with: opened, verified, and called by names that fit into a URL."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import EdgeCifarError, ModelError, printable
from ..inference.classifier import Classifier
from ..model.shipped_models import FAMILY, SHIPPED, default_model, model_file

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class ServedModel:
    """A model and the name that requests call it by."""

    name: str
    classifier: Classifier
    exact: bool
    """Whether its logits are the same to the bit in a batch of any size: true of what is int8 throughout. Sums of
    floats may depend on the rows that are computed with them."""

    def summary(self) -> dict[str, Any]:
        """Return what tells it from others, ready for JSON."""
        model = self.classifier.model
        return {
            "name": self.name,
            "file": printable(model.path.name),
            "sha256": model.digest,
            "net": model.card.net,
            "size": model.card.size,
            "labels": len(model.card.labels),
            "precision": model.card.precision,
        }

    def card(self) -> dict[str, Any]:
        """Return all that its file says of itself, ready for JSON."""
        return self.summary() | asdict(self.classifier.card) | {"threshold": self.classifier.threshold}


def open_models(names: Iterable[str], threads: int, unverified: bool) -> dict[str, ServedModel]:
    """Return the models by name, the default first: of "nano", FILE or NAME=FILE; without any, what `predict` takes.

    Raises ModelError for one that can't be used, or that this machine computes wrongly unless `unverified`, and
    EdgeCifarError for a name that is no good.
    """
    models: dict[str, ServedModel] = {}
    for name, path in [_named(text) for text in names] or [_of_file(default_model())]:
        if not NAME.fullmatch(name):
            raise EdgeCifarError(f"{path}: {name!r} can't be part of a URL; name the model as in my-model={path}")
        if name in models:
            raise EdgeCifarError(f"{path}: a second model called {name}; name it as in other-{name}={path}")
        models[name] = _opened(name, path, threads, unverified)
    return models


def _named(text: str) -> tuple[str, Path]:
    name, equals, file = text.partition("=")
    if equals and not Path(text).exists():
        return name, model_file(file)
    return _of_file(model_file(text))


def _of_file(path: Path) -> tuple[str, Path]:
    """Return a file with its name: of "model.int8.onnx" that is "model.int8", of the package's the family's."""
    name = path.name.removesuffix(".onnx")
    short = name.removesuffix(".int8")
    return (short if path.parent == SHIPPED and short in FAMILY else name), path


def _opened(name: str, path: Path, threads: int, unverified: bool) -> ServedModel:
    classifier = Classifier(path, threads=threads)
    if unverified:
        return ServedModel(name, classifier, exact=False)
    verification = classifier.verify()
    if not verification.passed:
        raise ModelError(
            f"{path}: this CPU and onnxruntime compute other logits than the file was made with; "
            "export it again, or serve it as it is with --unverified"
        )
    return ServedModel(name, classifier, verification.exact)
