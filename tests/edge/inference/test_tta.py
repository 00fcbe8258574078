from pathlib import Path

import numpy as np
import pytest
from edge_cifar import Classifier
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.inference.tta import averaged_logits, views
from edge_cifar.edge.model.contract import Model
from edge_cifar.edge.photos.contract import Pixels


@pytest.fixture
def one() -> Pixels:
    """One image whose pixels are all different."""
    return np.arange(4 * 4 * 4, dtype=np.uint8).reshape(1, 4, 4, 4)


def test_the_views_are_the_photo_its_neighbours_and_their_mirror_images(one: Pixels) -> None:
    seen = [view[0, ..., 0] for view in views(one)]
    image = one[0, ..., 0]
    assert len(seen) == 10
    assert np.array_equal(seen[0], image)
    assert np.array_equal(seen[1], image[:, ::-1])
    assert np.array_equal(seen[2], image[[1, 2, 3, 3]])  # what moves up bares its last row, which is repeated
    assert np.array_equal(seen[5], image[[0, 0, 1, 2]][:, ::-1])
    assert np.array_equal(seen[6], image[:, [1, 2, 3, 3]])
    assert np.array_equal(seen[8], image[:, [0, 0, 1, 2]])


def test_a_step_is_a_32nd_of_the_side() -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(1, 1, 64, 1).repeat(64, axis=1).repeat(4, axis=3)
    moved = list(views(pixels))[6]
    assert moved[0, 0, :3, 0].tolist() == [2, 3, 4]


def test_logits_are_the_mean_over_the_views(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    model = Model(tiny_int8_model, threads=1)
    pixels = synthetic.images[:3]
    expected = np.mean([model.logits(view) for view in views(pixels)], axis=0)
    averaged = averaged_logits(model, pixels)
    assert averaged.dtype == np.float32
    assert np.allclose(averaged, expected)
    assert not np.allclose(averaged, model.logits(pixels))


def test_a_classifier_with_tta_gives_a_photo_and_its_mirror_image_the_same(
    tiny_int8_model: Path, synthetic: LabelledImages
) -> None:
    classifier = Classifier(tiny_int8_model, tta=True)
    photo = synthetic.images[0, ..., :3]
    mirrored = np.ascontiguousarray(photo[:, ::-1])
    assert classifier.predict(photo).confidence == pytest.approx(classifier.predict(mirrored).confidence, abs=1e-5)
    assert Classifier(tiny_int8_model).predict(photo) != classifier.predict(photo)
