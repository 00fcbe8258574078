"""The time for a photo on this machine: of files that can be read, by every model; never how many milliseconds."""

from pathlib import Path

from edge_cifar.export.evidence.photo_time import PHOTOS, time_photos
from PIL import Image


def test_photos_are_timed_by_each_file_and_those_that_cannot_be_read_left_out(
    tmp_path: Path, tiny_fp32_model: Path, tiny_int8_model: Path
) -> None:
    paths = [tmp_path / f"{i}.jpg" for i in range(4)]
    for path in paths:
        Image.new("RGB", (200, 100)).save(path)
    (tmp_path / "damaged.jpg").write_bytes(b"no photo")
    files = [*paths, tmp_path / "damaged.jpg", tmp_path / "gone.jpg"]
    found = time_photos(files, [tiny_fp32_model, tiny_int8_model])
    assert found is not None
    assert (found.photos, found.megapixels, len(found.nets)) == (4, 0.02, 2)
    assert 0 < found.decode.p50 <= found.decode.p99
    assert time_photos(files[-2:], [tiny_fp32_model]) is None


def test_of_many_photos_some_are_timed(tmp_path: Path, tiny_fp32_model: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    paths = [tmp_path / "a.png", *(tmp_path / f"{i}.png" for i in range(100))]
    for path in paths[1:]:
        path.symlink_to(paths[0])
    found = time_photos(paths, [tiny_fp32_model])
    assert found is not None
    assert found.photos == PHOTOS
