"""What `edge_cifar` promises: each public name with its signature, and a model file with its card.

A line that must change here is a change for everybody who uses the library: what that takes is said in
edge/SERVICES.md, "What is promised". A parameter or a method more is a line more.
"""

import inspect
from collections.abc import Iterator

import edge_cifar
import pytest
from edge_cifar.edge.model.card import FORMAT

PROMISED = """
Classifier(model=None, *, threads=1, threshold=None, tta=False, channels='rgb')
Classifier.card
Classifier.close(self)
Classifier.explain(self, photo)
Classifier.labels
Classifier.predict(self, photo, *, top=3)
Classifier.predict_batch(self, photos, *, top=3)
Classifier.predict_many(self, photos, *, top=3, batch=None)
Classifier.probabilities(self, photo)
Classifier.size
Classifier.verify(self)
Explanation(guess, confidence, heat)
ModelCard.to_json(self)
Prediction(label, confidence, top, guess, abstained=False)
Prediction.to_dict(self)
Ranked(label, probability)
Result(source, prediction=None, error=None)
Result.ok
Result.to_dict(self)
Verification(model, n, identical, largest_logit_difference, exact, tolerance, passed, portability)
Verification.describe(self)
"""
CARD = """
    net labels size precision parameters accuracy trained_on validation versions weights_sha256 calibration macs
    int8_share agreement portability resize temperature abstain_threshold format
"""


def bare(name: str, signed: object) -> str:
    """`signed` with its parameters' names, kinds and defaults; types are mypy's business."""
    signature = inspect.signature(signed)  # type: ignore[arg-type]
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return f"{name}{inspect.Signature(plain)}"


def offered() -> Iterator[str]:
    for name in set(edge_cifar.__all__) - {"Photo"}:
        public = getattr(edge_cifar, name)
        if issubclass(public, Exception):
            continue
        yield bare(name, public)
        for member, value in vars(public).items():
            if not member.startswith("_") and (callable(value) or isinstance(value, property)):
                yield f"{name}.{member}" if isinstance(value, property) else bare(f"{name}.{member}", value)


def test_every_promised_name_is_there_with_its_signature() -> None:
    assert set(PROMISED.split("\n")) - {""} - set(offered()) == set()


def test_every_promised_entry_of_a_card_is_there() -> None:
    assert list(edge_cifar.ModelCard.__annotations__)[: len(CARD.split())] == CARD.split()
    assert FORMAT == 1


@pytest.mark.parametrize("error", ["ModelError", "PhotoError"])
def test_one_family_of_errors(error: str) -> None:
    assert issubclass(getattr(edge_cifar, error), edge_cifar.EdgeCifarError)
