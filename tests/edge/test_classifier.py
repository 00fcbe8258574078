from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge import Classifier, ModelError, PhotoError, Prediction, Ranked
from edge_cifar.edge.classifier import BATCH
from edge_cifar.edge.labelled import LabelledImages
from edge_cifar.edge.photo import Photo


@pytest.fixture
def cat_or_dog(small_model: Path) -> Classifier:
    """A classifier with logits [0, (r + g + b) - 300] of the first of 2 x 2 pixels."""
    return Classifier(small_model)


def flat(value: int) -> Photo:
    return np.full((2, 2), value, np.uint8)


def test_a_known_photo_has_known_probabilities(cat_or_dog: Classifier) -> None:
    dog = float(1 / (1 + np.exp(-3)))  # logits 0 and 3
    assert cat_or_dog.predict(flat(101)) == Prediction(
        label="dog",
        confidence=pytest.approx(dog),
        top=(Ranked("dog", pytest.approx(dog)), Ranked("cat", pytest.approx(1 - dog))),
    )


def test_equal_logits_go_in_the_order_of_the_labels(cat_or_dog: Classifier) -> None:
    assert [ranked.label for ranked in cat_or_dog.predict(flat(100)).top] == ["cat", "dog"]


@pytest.mark.parametrize(("top", "count"), [(1, 1), (3, 3), (100, 10)])
def test_top_is_the_number_of_labels_best_first(tiny_int8_model: Path, photo: Path, top: int, count: int) -> None:
    prediction = Classifier(tiny_int8_model).predict(photo, top)
    probabilities = [ranked.probability for ranked in prediction.top]
    assert len(probabilities) == count
    assert probabilities == sorted(probabilities, reverse=True)
    assert (prediction.label, prediction.confidence) == (prediction.top[0].label, prediction.top[0].probability)


def test_probabilities_of_all_labels_sum_to_1(tiny_fp32_model: Path, photo: Path) -> None:
    prediction = Classifier(tiny_fp32_model).predict(photo, top=10)
    assert sum(ranked.probability for ranked in prediction.top) == pytest.approx(1)


def test_a_photo_that_cannot_be_read_raises(cat_or_dog: Classifier, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=r"missing\.jpg: No such file"):
        cat_or_dog.predict(tmp_path / "missing.jpg")


def test_many_photos_keep_their_order_and_errors_are_values(cat_or_dog: Classifier) -> None:
    random = np.random.RandomState(0)
    kinds = random.choice(["cat", "dog", "error"], 2 * BATCH + 5)
    photos = [{"cat": flat(0), "dog": flat(255), "error": b"damaged"}[kind] for kind in kinds]
    results = list(cat_or_dog.predict_many(photos))
    found = ["error" if isinstance(result, PhotoError) else result.label for result in results]
    assert found == list(kinds)


def test_a_batch_of_nothing_but_errors_is_errors(cat_or_dog: Classifier) -> None:
    results = list(cat_or_dog.predict_many([b"damaged"] * (BATCH + 1)))
    assert len(results) == BATCH + 1
    assert all(isinstance(result, PhotoError) for result in results)


def test_no_photos_are_no_results(cat_or_dog: Classifier) -> None:
    assert list(cat_or_dog.predict_many([])) == []


def test_photos_are_read_as_they_are_needed(cat_or_dog: Classifier) -> None:
    def endless() -> Iterator[Photo]:
        while True:
            yield flat(255)

    results = cat_or_dog.predict_many(endless())
    assert next(results) == next(results)


def test_many_photos_give_what_they_give_alone(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    classifier = Classifier(tiny_int8_model)
    photos: list[Photo] = [image[..., :3].copy() for image in synthetic.images[: BATCH + 3]]
    assert list(classifier.predict_many(photos)) == [classifier.predict(photo) for photo in photos]


def test_threads_may_share_a_classifier(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    classifier = Classifier(tiny_int8_model)
    photos: list[Photo] = [image[..., :3].copy() for image in synthetic.images[:40]]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(classifier.predict, photos)) == list(classifier.predict_many(photos))


def test_results_are_frozen(cat_or_dog: Classifier) -> None:
    prediction = cat_or_dog.predict(flat(0))
    with pytest.raises(AttributeError):
        prediction.label = "dog"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        prediction.top[0].label = "dog"  # type: ignore[misc]


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"missing\.onnx: no such model file"):
        Classifier(tmp_path / "missing.onnx")
