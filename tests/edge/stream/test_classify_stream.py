import os
import sys
from itertools import chain
from pathlib import Path

import pytest
from edge_cifar import Classifier, PhotoError, Prediction
from edge_cifar.edge.photos.contract import Photo, photo_name
from edge_cifar.edge.stream.classify_stream import classify_many
from edge_cifar.edge.stream.find_photos import Entry


def test_each_photo_that_is_classified_is_drawn_and_one_that_cannot_be_is_an_error(
    small_model: Path, photo: Path
) -> None:
    drawn: list[tuple[str, Photo, Prediction]] = []

    def draw(path: str, photo: Photo, prediction: Prediction) -> None:
        if path.endswith("other.png"):
            raise PhotoError("too large to draw")
        drawn.append((path, photo, prediction))

    other = photo.with_name("other.png")
    other.write_bytes(photo.read_bytes())
    entries = [Entry(str(path)) for path in (photo, Path("missing.png"), other)]
    results = chain.from_iterable(classify_many(Classifier(small_model), entries, top=1, jobs=1, draws=[draw]))
    first, missing, undrawn = results
    assert [each.source for each in (first, missing, undrawn)] == [entry.path for entry in entries]
    assert drawn == [(str(photo), str(photo), first.prediction)]
    assert "missing.png" in str(missing.error)
    assert str(undrawn.error) == "too large to draw"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such pipes")
def test_a_pipe_is_read_once_to_be_classified_and_drawn(small_model: Path, photo: Path) -> None:
    pipe, silent = photo.with_name("pipe"), photo.with_name("silent")
    os.mkfifo(pipe)
    os.mkfifo(silent)
    drawn: list[Photo] = []
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)  # keeps what is in it until it is read
    with pipe.open("wb") as writer:
        writer.write(photo.read_bytes())
    entries = [Entry(str(pipe)), Entry(str(silent)), Entry(str(photo))]
    classified = classify_many(
        Classifier(small_model), entries, top=1, jobs=1, draws=[lambda _path, photo, _prediction: drawn.append(photo)]
    )
    results = list(chain.from_iterable(classified))
    os.close(reader)
    assert drawn == [photo.read_bytes(), str(photo)]
    assert photo_name(drawn[0]) == str(pipe)
    assert [result.source for result in results] == [entry.path for entry in entries]
    assert str(results[1].error) == f"{silent}: empty: a pipe that nobody writes to"
