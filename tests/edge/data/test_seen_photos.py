import json
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.labelled_images import LabelledImages
from edge_cifar.edge.data.seen_photos import Listed, learned_from, list_photos, read_photo_list, write_photo_list
from edge_cifar.edge.errors import DataError, EdgeCifarError

PHOTOS = [
    Listed("train", "cat", "cat/é.png", "c1"),
    Listed("val", "dog", "dog/1.png", "c2"),
    Listed("test", "cat", "cat/2.png", "c3"),
    Listed("seen", "cup", "old/3.png", "c4"),
]


def test_photos_are_listed_split_by_split() -> None:
    images = LabelledImages(
        np.zeros((2, 1, 1, 3), np.uint8), np.array([1, 0]), ("cat", "dog"), ("d.png", "c.png"), contents=("x", "y")
    )
    bare = LabelledImages(np.zeros((1, 1, 1, 3), np.uint8), np.array([0]), ("cat", "dog"), ("e.png",))
    assert list_photos({"val": images, "train": bare}) == [
        Listed("val", "dog", "d.png", "x"),
        Listed("val", "cat", "c.png", "y"),
        Listed("train", "cat", "e.png", "e.png"),
    ]


def test_a_list_is_read_as_it_was_written_and_may_be_replaced(tmp_path: Path) -> None:
    assert read_photo_list(tmp_path) == []
    assert read_photo_list(tmp_path / "nowhere") == []
    write_photo_list(tmp_path, PHOTOS[:1])
    write_photo_list(tmp_path, PHOTOS)
    assert read_photo_list(tmp_path) == PHOTOS
    lines = (tmp_path / "photos.jsonl").read_text("ascii").splitlines()
    assert [json.loads(line) for line in lines] == [list(photo) for photo in PHOTOS]


def test_a_list_in_utf8_is_read(tmp_path: Path) -> None:
    (tmp_path / "photos.jsonl").write_bytes('["train", "cat", "é.png", "c"]\n'.encode())
    assert read_photo_list(tmp_path) == [Listed("train", "cat", "é.png", "c")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('["train", "cat", "a.png"]', "missing 1 required"),
        ('["train", "cat", "a.png", 4]', "not all of it is text"),
        ("{", "Expecting property name"),
        ("3", "must be an iterable"),
        ("[" * 100_000, "(recursion|overflow)"),  # Python 3.14 says which stack was too small
    ],
)
def test_a_damaged_list_is_named_and_kept(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "photos.jsonl"
    path.write_text(f"{json.dumps(PHOTOS[0])}\n{line}\n")
    for use in (lambda: read_photo_list(tmp_path), lambda: write_photo_list(tmp_path, PHOTOS)):
        with pytest.raises(
            DataError, match=rf"photos\.jsonl: not a list of photos \(.*{reason}.*\); remove it, or train"
        ):
            use()
    assert path.read_text().endswith(f"{line}\n")


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "photos.jsonl").mkdir()
    with pytest.raises(DataError, match=r"cannot read .*photos\.jsonl: Is a directory"):
        read_photo_list(tmp_path)


def test_an_empty_file_of_that_name_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "photos.jsonl").touch()
    with pytest.raises(EdgeCifarError, match=r"photos\.jsonl"):
        write_photo_list(tmp_path, PHOTOS)


def test_a_net_has_learned_from_what_it_and_nets_before_it_were_trained_on() -> None:
    assert learned_from(PHOTOS) == {"c1", "c4"}


def test_what_is_no_text_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "photos.jsonl").write_text('["a", "b", "c", null]')
    with pytest.raises(
        DataError, match=r": not a list of photos \(not all of it is text\); remove it, or train again$"
    ):
        read_photo_list(tmp_path)
