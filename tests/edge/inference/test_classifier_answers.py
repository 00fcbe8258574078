"""What else a classifier tells: its card, all probabilities, why, and whether it computes rightly; colours in order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from edge_cifar import Classifier, ModelError
from edge_cifar.edge.data.synthetic_shapes import render
from edge_cifar.edge.model.card import ModelCard
from edge_cifar.edge.model.golden_logits import verify_model
from edge_cifar.edge.model.shipped_models import SHIPPED_DEFAULT
from edge_cifar.edge.photos.contract import Photo
from PIL import Image

from ..conftest import WriteSealed, flat

RED = np.array([[[255, 0, 0]]], np.uint8)


def test_a_classifier_knows_its_labels_and_its_size(cat_or_dog: Classifier) -> None:
    assert cat_or_dog.labels == cat_or_dog.card.labels == ("cat", "dog")
    assert cat_or_dog.size == cat_or_dog.card.size == 2


@pytest.mark.parametrize("tta", [False, True])
def test_probabilities_are_in_the_order_of_the_labels(tiny_int8_model: Path, photo: Path, tta: bool) -> None:
    classifier = Classifier(tiny_int8_model, tta=tta)
    probabilities = classifier.probabilities(photo)
    assert (probabilities.shape, probabilities.dtype) == ((10,), np.float64)
    ranked = classifier.predict(photo, top=10).top
    assert {each.label: each.probability for each in ranked} == dict(zip(classifier.labels, probabilities, strict=True))


@pytest.mark.parametrize("tta", [False, True])
def test_what_is_explained_is_what_is_predicted(tiny_int8_model: Path, photo: Path, tta: bool) -> None:
    classifier = Classifier(tiny_int8_model, tta=tta)
    classifier.model.card = replace(classifier.card, temperature=1.7)
    explanation, prediction = classifier.explain(photo), classifier.predict(photo)
    assert (explanation.guess, explanation.confidence) == (prediction.guess, prediction.confidence)
    assert explanation.heat.shape == (classifier.size, classifier.size)


def test_a_classifier_verifies_the_model_that_it_holds(tmp_path: Path, tiny_int8_model: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(tiny_int8_model.read_bytes())
    classifier = Classifier(path)
    path.unlink()
    assert classifier.verify() == replace(verify_model(tiny_int8_model), model=str(path))
    assert classifier.verify().passed


def test_a_model_without_golden_logits_cannot_be_verified(cat_or_dog: Classifier) -> None:
    with pytest.raises(ModelError, match="carries no golden logits"):
        cat_or_dog.verify()


@pytest.mark.parametrize("layers", [3, 4])
def test_arrays_of_opencv_are_blue_green_red(layers: int) -> None:
    photo = np.asarray(render("star", 300, 200, np.random.RandomState(0)).convert("RGB"))
    clear = np.random.RandomState(1).randint(0, 256, (200, 300, 1)).astype(np.uint8)
    rgb = np.concatenate([photo, clear], axis=2)[..., :layers]
    bgr = np.concatenate([photo[..., ::-1], clear], axis=2)[..., :layers]
    ours, theirs = Classifier(SHIPPED_DEFAULT), Classifier(SHIPPED_DEFAULT, channels="bgr")
    expected = ours.predict(rgb)
    assert theirs.predict(bgr) == expected != theirs.predict(rgb)
    assert theirs.predict_batch([bgr]) == [expected]
    assert [result.prediction for result in theirs.predict_many([bgr])] == [expected]
    assert np.array_equal(theirs.probabilities(bgr), ours.probabilities(rgb))
    assert np.array_equal(theirs.explain(bgr).heat, ours.explain(rgb).heat)


def test_the_order_of_colours_is_of_arrays_alone(tmp_path: Path) -> None:
    Image.fromarray(RED).save(tmp_path / "red.png")
    ours, theirs = Classifier(SHIPPED_DEFAULT), Classifier(SHIPPED_DEFAULT, channels="bgr")
    assert theirs.predict(RED) != ours.predict(RED) == ours.predict(Image.fromarray(RED))
    others: list[Photo] = [
        tmp_path / "red.png", (tmp_path / "red.png").read_bytes(), Image.fromarray(RED), flat(7), flat(7)[..., None]
    ]  # fmt: skip
    for photo in others:
        assert theirs.predict(photo) == ours.predict(photo)


@pytest.mark.parametrize("channels", ["RGB", "gbr", "", None, ["rgb"]])
def test_other_orders_are_refused(small_model: Path, channels: str) -> None:
    with pytest.raises(ValueError, match="channels: expected 'rgb' or 'bgr', got "):
        Classifier(small_model, channels=channels)  # type: ignore[arg-type]


def test_photos_are_taken_as_the_card_says(
    small_graph: onnx.ModelProto, small_card: ModelCard, write_sealed: WriteSealed
) -> None:
    framed = Image.new("RGB", (40, 20), "black")
    framed.paste((120, 120, 120), (15, 5, 25, 15))  # the middle square of half the shorter side
    with Classifier(write_sealed(small_graph, small_card)) as whole:
        assert whole.predict(framed).guess == "cat"
    with Classifier(write_sealed(small_graph, replace(small_card, resize="crop-bicubic-0.5"))) as cropped:
        assert cropped.predict(framed).guess == "dog"
