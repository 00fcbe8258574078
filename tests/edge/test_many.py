from itertools import chain
from pathlib import Path

from edge_cifar.edge import Classifier, PhotoError, Prediction
from edge_cifar.edge.many import classify_many
from edge_cifar.edge.photo import Photo
from edge_cifar.edge.search import Entry


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
    first, missing, undrawn = (result for _, result in results)
    assert drawn == [(str(photo), str(photo), first)]
    assert "missing.png" in str(missing)
    assert str(undrawn) == "too large to draw"
