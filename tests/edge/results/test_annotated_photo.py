import io
from pathlib import Path

import numpy as np
import pytest
from edge_cifar import Prediction, Ranked
from edge_cifar.edge.results.annotated_photo import BAR, TRACK, annotated_path, draw_prediction, write_annotated
from PIL import Image


def prediction(label: str = "cat", confidence: float = 0.75, guess: str = "cat") -> Prediction:
    return Prediction(label, confidence, (Ranked(guess, confidence),), guess, abstained=label != guess)


@pytest.mark.parametrize("confidence", [0.0, 0.25, 0.75, 1.0])
def test_the_bar_is_as_long_as_the_label_is_probable(confidence: float) -> None:
    drawn = np.asarray(draw_prediction(Image.new("RGB", (400, 300)), prediction(confidence=confidence)))
    bar, track = (int((drawn == colour).all(axis=2).sum(axis=1).max()) for colour in (BAR, TRACK))
    assert bar == pytest.approx(confidence * (bar + track), abs=2)
    assert bar + track > 350


def test_the_rest_of_the_photo_stays_as_it_is() -> None:
    photo = Image.new("RGB", (400, 300), (10, 20, 30))
    drawn = np.asarray(draw_prediction(photo, prediction()))
    assert np.all(drawn[:250] == (10, 20, 30))
    assert np.any(drawn[250:] > 200)  # the text


def test_unknown_shows_the_guess_too() -> None:
    known, unknown = (
        np.asarray(draw_prediction(Image.new("RGB", (400, 300)), own))
        for own in (prediction("unknown", guess="unknown"), prediction("unknown", guess="cat"))
    )
    assert (unknown > 200).sum() > (known > 200).sum()


@pytest.mark.parametrize("size", [(1, 1), (8, 300), (32, 32), (5000, 20)])
def test_photos_of_any_size_are_drawn_on(size: tuple[int, int]) -> None:
    assert draw_prediction(Image.new("RGB", size), prediction("кот", guess="кот")).size == size


def test_a_photo_is_written_upright_at_its_own_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(photo, "JPEG", exif=exif)
    write_annotated(photo.getvalue(), prediction(), tmp_path / "deep" / "photo.jpg")
    with Image.open(tmp_path / "deep" / "photo.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (200, 300))


@pytest.mark.parametrize(
    ("photo", "path"),
    [
        ("cat.jpg", "cat.jpg"),
        ("photos/cat.png", "photos/cat.png"),
        ("photos/cat.webp", "photos/cat.webp.jpg"),
        ("../photos/cat.JPG", "__/photos/cat.JPG"),
        ("/tmp/photos/cat.gif", "tmp/photos/cat.gif.jpg"),
        ("./cat", "cat.jpg"),
        ("-", "-.jpg"),
    ],
)
def test_photos_go_the_same_way_down_in_the_folder(photo: str, path: str) -> None:
    assert annotated_path(Path("out"), photo) == Path("out") / path
