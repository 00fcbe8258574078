from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from edge_cifar.benchmarks.accuracy import compare_accuracy, load_for_all
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.edge.synthetic import LABELS


def model(labels: Sequence[str], answers: Sequence[str], *, seed: int = 0) -> SimpleNamespace:
    """Stands for a Model that gives these answers, whatever the images."""
    logits = np.array([[float(label == answer) for label in labels] for answer in answers], np.float32)
    card = SimpleNamespace(labels=tuple(labels), size=8, validation={"fraction": 0.1, "seed": seed})
    return SimpleNamespace(card=card, logits=lambda _: logits, path=Path(f"{seed}.onnx"))


def images(labels: Sequence[str], targets: Sequence[str]) -> LabelledImages:
    indices = np.array([labels.index(target) for target in targets])
    pixels = np.zeros((len(targets), 8, 8, 4), np.uint8)
    return LabelledImages(pixels, indices, tuple(labels), tuple(map(str, range(len(targets)))))


def test_the_drop_is_in_points_against_the_first_model() -> None:
    truth = images("ab", "aaab")
    first, second = compare_accuracy([model("ab", "aaab"), model("ab", "aabb")], [truth, truth])
    assert (first.n, first.top1, first.drop_points, first.same_answers) == (4, 1.0, 0.0, 1.0)
    assert (second.n, second.top1, second.drop_points, second.same_answers) == (4, 0.75, 25.0, 0.75)


def test_answers_are_compared_by_label_where_models_order_them_differently() -> None:
    models = [model("ab", "abbb"), model("ba", "abbb")]
    for result in compare_accuracy(models, [images("ab", "aabb"), images("ba", "aabb")]):
        assert (result.top1, result.same_answers) == (0.75, 1.0)


def test_models_that_take_the_same_images_share_them() -> None:
    first, second = load_for_all([model(LABELS, []), model(LABELS, [])], "synthetic", "test")
    assert first is second


def test_models_with_other_validation_images_are_not_compared_on_them() -> None:
    models = [model(LABELS, [], seed=0), model(LABELS, [], seed=1)]
    with pytest.raises(DataError, match=r"1\.onnx: its val images of synthetic are not those of 0\.onnx"):
        load_for_all(models, "synthetic", "val")
