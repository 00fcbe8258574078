"""Photos by name: the same as are read, in the same splits, and none of them decoded."""

from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.datasets import list_splits, load_splits
from edge_cifar.edge.data.image_folder import read_listed
from edge_cifar.edge.errors import DataError


@pytest.mark.parametrize("below", ["", "train"])
def test_splits_are_listed_as_they_are_loaded(dataset: Path, below: str) -> None:
    listed = list_splits(str(dataset / below), val_fraction=0.3, val_seed=5)
    loaded = load_splits(str(dataset / below), 4, val_fraction=0.3, val_seed=5)
    for split, photos in listed.items():
        assert (photos.ids, photos.labels) == (loaded[split].ids, loaded[split].labels)
        assert np.array_equal(photos.counts(), loaded[split].counts())
        assert np.array_equal(read_listed(photos, 4).images, loaded[split].images)


def test_what_is_cut_is_known_by_content(dataset: Path) -> None:
    listed = list_splits(str(dataset / "train"), val_fraction=0.3, val_seed=5)
    assert all(len(set(photos.names())) == len(photos) > 0 for photos in listed.values())
    assert all(photos.names() == photos.contents for photos in listed.values())
    some = listed["train"].take(np.array([2, 0]))
    assert some.names() == (listed["train"].contents[2], listed["train"].contents[0])


def test_nothing_is_decoded(dataset: Path) -> None:
    for path in dataset.rglob("*.png"):
        path.write_bytes(b"no photo, %s" % path.name.encode())
    assert len(list_splits(str(dataset), val_fraction=0.3, val_seed=5)["test"]) == 10
    with pytest.raises(DataError, match="no readable photo"):
        load_splits(str(dataset), 4, val_fraction=0.3, val_seed=5)
