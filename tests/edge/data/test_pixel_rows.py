import io
from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.data.pixel_rows import (
    Images,
    PixelRows,
    RowFile,
    chunks,
    image_hash,
    image_hashes,
    joined,
    taken,
    with_x,
)
from edge_cifar.edge.errors import DataError
from edge_cifar.edge.photos.contract import Pixels


@pytest.fixture
def rgb() -> Pixels:
    """Five images of 3 x 3 pixels."""
    return np.random.RandomState(0).randint(0, 256, (5, 3, 3, 3)).astype(np.uint8)


def in_file(rgb: Pixels, content: bytes | None = None, path: Path | None = None) -> PixelRows:
    """Return images in a file, seven bytes behind its beginning, which may have another content than it should."""
    hashes = np.frombuffer(b"".join(map(image_hash, rgb)), np.uint8).reshape(len(rgb), -1)
    file = io.BytesIO(b"header " + (rgb.tobytes() if content is None else content))
    return PixelRows((RowFile(file, 7, rgb.shape[1], hashes, path),), np.arange(len(rgb)))


@pytest.mark.parametrize("key", [slice(1, 4), slice(None), slice(4, 9), np.array([3, 3, 0]), np.array([], np.int64)])
def test_rows_are_what_an_array_would_give(rgb: Pixels, key: slice) -> None:
    rows, array = in_file(rgb), with_x(rgb)
    assert rows.shape == array.shape
    assert np.array_equal(rows[key], array[key])
    assert np.array_equal(rows.rgb(key), rgb[key])
    assert np.array_equal(rows[-1], array[-1])
    assert np.array_equal(np.stack(list(rows)), array)


def test_taken_and_joined_rows_are_those_of_arrays(rgb: Pixels) -> None:
    other = np.flip(rgb[:3]).copy()
    indices = np.array([4, 0, 2])
    for one in (in_file(rgb), with_x(rgb)):
        for two in (in_file(other), with_x(other)):
            both: Images = joined(taken(one, indices), two)
            assert np.array_equal(both[:], with_x(np.concatenate([rgb[indices], other])))
            assert np.array_equal(taken(both, np.array([5, 1, 5]))[:], with_x(np.stack([other[2], rgb[0], other[2]])))
            assert np.array_equal(image_hashes(both), image_hashes(with_x(np.concatenate([rgb[indices], other]))))


def test_chunks_hold_no_more_than_they_may(rgb: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge_cifar.edge.data.pixel_rows.CHUNK", 2 * 3 * 3 * 4)
    for images in (in_file(rgb), with_x(rgb)):
        parts = list(chunks(images))
        assert [len(part) for part in parts] == [2, 2, 1]
        assert np.array_equal(np.concatenate(parts), with_x(rgb))


@pytest.mark.parametrize("damage", ["flipped", "cut"])
def test_damage_is_found_when_an_image_is_first_read_and_the_file_removed(
    rgb: Pixels, tmp_path: Path, damage: str
) -> None:
    content = bytearray(rgb.tobytes())
    content[-2] ^= 1
    path = tmp_path / "entry.npz"
    path.touch()
    rows = in_file(rgb, bytes(content if damage == "flipped" else content[:-1]), path)
    assert np.array_equal(rows[:4], with_x(rgb[:4]))
    with pytest.raises(DataError, match=f"^{path}: damaged on the disk, and removed"):
        rows[4]
    assert not path.exists()


def test_a_damaged_file_that_cannot_be_removed_is_named(rgb: Pixels, tmp_path: Path) -> None:
    path = tmp_path / "entry.npz"
    path.mkdir()  # which no unlink removes
    with pytest.raises(DataError, match=f"^{path}: damaged on the disk, and can't be removed \\(.*\\); delete it"):
        in_file(rgb, rgb.tobytes()[:-1], path)[4]
