from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.datasets import load_split
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.synthetic_shapes import LABELS, PHOTO_SIZE, synthetic_split, write_photos
from edge_cifar.edge.errors import EdgeCifarError
from edge_cifar.edge.photos.contract import read_photo
from PIL import Image

DIGESTS = {
    "train": "fae9726bf3e4c0688422a89216c48ab79d9b3c79372fd3fcd4f7376671ddf4c1",
    "test": "95ea9e5d65e378b7af9049a2e913117314edf6d7f86dd3585e573406e34c94c4",
}


@pytest.mark.parametrize(("split", "count"), [("train", 2000), ("test", 500)])
def test_the_pixels_are_always_the_same(split: str, count: int) -> None:
    images = synthetic_split(split, 32)
    assert images.images.shape == (count, 32, 32, 4)
    assert images.digest() == DIGESTS[split]


def test_classes_are_balanced_and_named(synthetic: LabelledImages) -> None:
    assert synthetic.labels == LABELS
    assert np.bincount(synthetic.targets).tolist() == [20] * 10


def test_any_size_can_be_rendered() -> None:
    assert load_split("synthetic", "test", 48, val_fraction=0.1, val_seed=0).images.shape[1:] == (48, 48, 4)


def test_photos_are_named_after_their_label_and_can_be_read(tmp_path: Path) -> None:
    paths = write_photos(tmp_path / "new" / "folder", per_label=2, seed=0)
    assert len(set(paths)) == 2 * len(LABELS)
    assert {path.name.rsplit("-", 1)[0] for path in paths} == set(LABELS)
    assert read_photo(paths[0], 32).shape == (32, 32, 4)
    with Image.open(paths[0]) as image:
        assert (image.size, image.format) == (PHOTO_SIZE, "JPEG")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(EdgeCifarError, match=r"cannot write .*file/photos/arrow-0\.jpg"):
        write_photos(tmp_path / "file" / "photos", per_label=1, seed=0)
