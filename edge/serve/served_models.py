"""The models that a server answers with: opened, verified, and called by names that fit into a URL."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException

from ..errors import ModelError
from ..inference.classifier import Classifier
from ..model.named_models import named_models
from ..web.site import summary


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
        return summary(self.name, self.classifier.model)

    def card(self) -> dict[str, Any]:
        """Return all that its file says of itself, ready for JSON."""
        return self.summary() | asdict(self.classifier.card) | {"threshold": self.classifier.threshold}


def open_models(names: Iterable[str], threads: int, unverified: bool) -> dict[str, ServedModel]:
    """Return the models by name, the default first, as `named_models` names them.

    Raises ModelError for one that can't be used, or that this machine computes wrongly unless `unverified`, and
    EdgeCifarError for a name that is no good.
    """
    return {name: _opened(name, path, threads, unverified) for name, path in named_models(names).items()}


def model_called(name: str | None, models: Mapping[str, ServedModel]) -> ServedModel:
    """Return the model called so, or the default. Raises HTTPException (404)."""
    found = models.get(next(iter(models)) if name is None else name)
    if found is None:
        raise HTTPException(404, f"no model of that name; there is {', '.join(models)}")
    return found


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
