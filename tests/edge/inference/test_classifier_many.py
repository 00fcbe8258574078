"""Many photos at once: their order, their errors, their batches, and what is no list of photos."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from edge_cifar import Classifier, PhotoError
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.inference.classifier import BATCH
from edge_cifar.edge.model.contract import Logits
from edge_cifar.edge.photos.contract import Photo, Pixels
from PIL import Image

from ..conftest import flat


def test_many_photos_keep_their_order_and_errors_are_values(cat_or_dog: Classifier) -> None:
    random = np.random.RandomState(0)
    kinds = random.choice(["cat", "dog", "error"], 2 * BATCH + 5)
    photos = [{"cat": flat(0), "dog": flat(255), "error": b"damaged"}[kind] for kind in kinds]
    results = list(cat_or_dog.predict_many(photos))
    assert [result.prediction.label if result.prediction else "error" for result in results] == list(kinds)
    assert [result.source for result in results] == list(range(len(photos)))


def test_a_result_tells_its_photo_by_its_path_or_else_by_its_place(cat_or_dog: Classifier, photo: Path) -> None:
    given: list[Photo] = [flat(0), photo, b"damaged", str(photo), "missing.jpg", photo.read_bytes()]
    results = list(cat_or_dog.predict_many(given))
    assert [result.source for result in results] == [0, photo, 2, str(photo), "missing.jpg", 5]
    assert [result.ok for result in results] == [True, True, False, True, False, True]
    assert str(results[4].error) == "missing.jpg: No such file or directory"


def test_a_batch_of_nothing_but_errors_is_errors(cat_or_dog: Classifier) -> None:
    results = list(cat_or_dog.predict_many([b"damaged"] * (BATCH + 1)))
    assert len(results) == BATCH + 1
    assert all(isinstance(result.error, PhotoError) for result in results)


def test_no_photos_are_no_results(cat_or_dog: Classifier) -> None:
    assert list(cat_or_dog.predict_many([])) == []


def test_photos_are_read_as_they_are_needed(cat_or_dog: Classifier) -> None:
    def endless() -> Iterator[Photo]:
        while True:
            yield flat(255)

    results = cat_or_dog.predict_many(endless())
    assert next(results).prediction == next(results).prediction


def test_many_photos_give_what_they_give_alone(tiny_int8_model: Path, synthetic: LabelledImages) -> None:
    classifier = Classifier(tiny_int8_model)
    photos: list[Photo] = [image[..., :3].copy() for image in synthetic.images[: BATCH + 3]]
    alone = [classifier.predict(photo) for photo in photos]
    assert [result.prediction for result in classifier.predict_many(photos)] == alone
    assert classifier.predict_batch(photos) == classifier.predict_batch(iter(photos)) == alone


def test_a_batch_is_all_or_none(cat_or_dog: Classifier) -> None:
    assert cat_or_dog.predict_batch([]) == []
    assert [len(prediction.top) for prediction in cat_or_dog.predict_batch([flat(0)] * 3, top=1)] == [1, 1, 1]
    with pytest.raises(PhotoError, match=r"missing\.jpg: No such file"):
        cat_or_dog.predict_batch([flat(0), "missing.jpg", b"damaged"])


def test_a_batch_of_any_length_takes_the_memory_of_32(cat_or_dog: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    together: list[int] = []
    answer = cat_or_dog._logits

    def logits(pixels: Pixels) -> Logits:
        together.append(len(pixels))
        return answer(pixels)

    monkeypatch.setattr(cat_or_dog, "_logits", logits)
    assert len(cat_or_dog.predict_batch(flat(0) for _ in range(70))) == 70
    assert together == [32, 32, 6]


@pytest.mark.parametrize("batch", [0, 1025])
def test_batches_have_bounds(cat_or_dog: Classifier, batch: int) -> None:
    with pytest.raises(ValueError, match="batch: expected a whole number, 1 to 1024"):
        cat_or_dog.predict_many([flat(0)], batch=batch)


@pytest.mark.parametrize(
    "photo",
    ["a.jpg", Path("a.jpg"), b"abc", bytearray(b"abc"), memoryview(b"abc"), io.BytesIO(b"abc"), 3, None,
     Image.new("RGB", (2, 2)), np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint8)],
    ids=lambda photo: type(photo).__name__,
)  # fmt: skip
def test_one_photo_in_the_place_of_many_is_a_type_error(cat_or_dog: Classifier, photo: object) -> None:
    with pytest.raises(TypeError):
        cat_or_dog.predict_many(photo)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        cat_or_dog.predict_batch(photo)  # type: ignore[arg-type]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_image_is_one_photo_whatever_its_channels(cat_or_dog: Classifier, channels: int) -> None:
    words = r"^expected several photos, got one \(ndarray\); use predict, or put it in a list$"
    with pytest.raises(TypeError, match=words):
        cat_or_dog.predict_many(np.zeros((5, 5, channels), np.uint8))  # type: ignore[arg-type]
    assert len(list(cat_or_dog.predict_many(np.zeros((3, 5, 2), np.uint8)))) == 3  # type: ignore[arg-type]


def test_a_file_is_one_photo(cat_or_dog: Classifier) -> None:
    with pytest.raises(TypeError, match=r"got one \(BytesIO\)"):
        cat_or_dog.predict_many(io.BytesIO(b"abc"))  # type: ignore[arg-type]


def test_an_array_of_photos_is_many(cat_or_dog: Classifier) -> None:
    photos = np.zeros((BATCH + 1, 2, 2, 3), np.uint8)
    photos[1:] = 255
    results = list(cat_or_dog.predict_many(photos))  # type: ignore[arg-type]
    assert [result.prediction.guess for result in results if result.prediction] == ["cat", *["dog"] * BATCH]


def test_a_camera_is_answered_before_the_next_frame_is_asked_for(cat_or_dog: Classifier) -> None:
    given = answered = 0

    def camera() -> Iterator[Photo]:
        nonlocal given
        for i in range(BATCH):
            assert answered == given
            given += 1
            yield flat(i)

    for _ in cat_or_dog.predict_many(camera()):
        answered += 1
    assert answered == given == BATCH


@pytest.mark.parametrize("batch", [None, 1, 3, 5, BATCH])
def test_what_an_iterator_raises_comes_after_the_results_before_it(cat_or_dog: Classifier, batch: int | None) -> None:
    def camera() -> Iterator[Photo]:
        for _ in range(5):
            yield flat(255)
        raise OSError("unplugged")

    results = cat_or_dog.predict_many(camera(), batch=batch)
    assert [next(results).ok for _ in range(5)] == [True] * 5
    with pytest.raises(OSError, match="unplugged"):
        next(results)


@pytest.mark.parametrize(("photos", "together"), [("list", [32, 3]), ("iterator", [1] * 35)])
def test_photos_of_a_list_go_through_the_net_together(small_model: Path, photos: str, together: list[int]) -> None:
    classifier, seen = Classifier(small_model), []

    def logits(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        seen.append(len(pixels))
        return classifier.model.logits(pixels)

    classifier._logits = logits
    given = [flat(0)] * 35
    assert len(list(classifier.predict_many(given if photos == "list" else iter(given)))) == 35
    assert seen == together


def test_the_largest_batch_is_allowed(cat_or_dog: Classifier) -> None:
    assert len(list(cat_or_dog.predict_many([flat(0)] * 3, top=1, batch=1024))) == 3
