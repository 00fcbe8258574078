"""What a photo may cost. The files are those of the benchmark, made to cost more."""

import io
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from edge_cifar.benchmarks.robustness.hostile_files import bmp, bombs, jpeg, png, tiff
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos import limits
from edge_cifar.edge.photos.contract import read_photo
from edge_cifar.edge.photos.limits import MAX_PIXELS, MeteredFile
from pictures import encode
from PIL import Image, features

BOMBS = dict(bombs())
IN_A_FRESH_PROCESS = """
import sys
import zlib
from pathlib import Path
from edge_cifar.benchmarks.measure.process_memory import peak_bytes
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo
try:
    read_photo(sys.argv[1], 32)
except PhotoError:
    print(peak_bytes())
"""


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(name: str) -> None:
    with pytest.raises(PhotoError, match="<bytes>: "):
        read_photo(BOMBS[name], 32)


@pytest.mark.parametrize(
    "name", ["bomb-text.png", "bomb-tile.tif", "bomb-tags.tif", "bomb-scans.jpg", "bomb-size.webp"]
)
def test_bombs_are_refused_within_150_megabytes(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name])
    command = (sys.executable, "-W", "error", "-c", IN_A_FRESH_PROCESS, str(path))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert int(done.stdout) < 150e6


@pytest.mark.parametrize("side", [8_001, 9_600, 30_000])
def test_too_many_pixels_are_refused_from_the_header(side: int) -> None:
    assert side * side > MAX_PIXELS
    with pytest.raises(PhotoError, match=r"pixels.*shrink the photo first"):
        read_photo(png(side, side, (b"IDAT", b"")), 8)


def test_a_progressive_jpeg_is_refused_for_the_memory_of_its_coefficients() -> None:
    with pytest.raises(
        PhotoError, match="12000 x 12000 pixels as JPEG take 441 MB to decode, more than the limit of 300"
    ):
        read_photo(jpeg(12000, 12000), 32)


@pytest.mark.parametrize(("size", "progressive"), [((16320, 12240), False), ((8000, 6000), True)])
def test_the_largest_photos_of_phones_are_read_at_reduced_scale(size: tuple[int, int], progressive: bool) -> None:
    photo = encode(Image.new("RGB", (16, 16), (200, 200, 200)), "JPEG", progressive=progressive)
    frame = photo.index(b"\xff\xc2" if progressive else b"\xff\xc0") + 5
    for width, height in (size, (20_000, 20_000)):  # the decoder fills up what its data don't tell
        claimed = photo[:frame] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + photo[frame + 4 :]
        if (width, height) == size:
            assert read_photo(claimed, 8).shape == (8, 8, 4)
        else:
            with pytest.raises(PhotoError, match="20000 x 20000 pixels, more than the limit of 256000000; shrink"):
                read_photo(claimed, 8)


def test_the_host_programs_limit_on_pixels_is_not_what_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 10)
    for file_format in ("JPEG", "PNG", "BMP", "PPM"):
        assert read_photo(encode(Image.new("L", (64, 64), 9), file_format), 8)[0, 0, 0] == 9


def test_so_is_a_jpeg_with_a_scan_for_each_colour() -> None:
    photo = bytearray(encode(Image.new("RGB", (64, 64)), "JPEG"))
    frame = photo.index(b"\xff\xc0") + 5
    photo[frame : frame + 4] = (12000).to_bytes(2, "big") * 2
    read_photo(bytes(photo), 32)  # with one scan for all it may be that large
    scan = photo.index(b"\xff\xda")
    photo[scan : scan + 14] = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0"
    with pytest.raises(PhotoError, match="as JPEG take 441 MB"):
        read_photo(bytes(photo), 32)


def test_formats_that_pillow_holds_several_times_may_have_fewer_pixels() -> None:
    read_photo(encode(Image.new("L", (5000, 4000)), "PNG"), 8)
    with pytest.raises(PhotoError, match="5000 x 4000 pixels as WEBP take 400 MB"):
        read_photo(encode(Image.new("L", (5000, 4000)), "WEBP", method=0, quality=1), 8)


def test_a_tiff_strip_of_an_ordinary_photo_is_no_bomb() -> None:
    photo = encode(Image.new("RGB", (2000, 1000), "red"), "TIFF", compression="tiff_deflate")
    assert read_photo(photo, 8)[0, 0].tolist() == [255, 0, 0, 255]
    assert read_photo(tiff(2, 2, zlib.compress(b"abcd")), 2)[0, 0].tolist() == [97, 97, 97, 255]


def test_a_header_of_very_many_pieces_is_refused() -> None:
    few, many = (png(1, 1, *[(b"tEXt", b"a\0b")] * count) for count in (100, 10_000))
    with pytest.raises(PhotoError, match="<bytes>: damaged"):
        read_photo(few, 2)
    with pytest.raises(PhotoError, match="its header goes on and on; save the photo again without metadata"):
        read_photo(many, 2)


def test_large_files_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = encode(Image.new("L", (8, 8)), "BMP")
    monkeypatch.setattr(limits, "MAX_FILE_BYTES", len(photo))
    read_photo(photo, 8)
    with pytest.raises(PhotoError, match=rf"{len(photo) + 1} bytes, more than the limit of {len(photo)}"):
        read_photo(photo + b"\0", 8)


@pytest.mark.parametrize("file_format", ["WEBP", "AVIF"])
def test_large_files_of_formats_that_are_read_whole_are_refused_unread(
    file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not features.check(file_format.lower()):
        pytest.skip(f"this Pillow reads no {file_format}")
    photo = encode(Image.new("L", (8, 8)), file_format)
    monkeypatch.setattr(limits, "MAX_BYTES_AT_ONCE", len(photo) - 1)
    with pytest.raises(PhotoError, match=f"{len(photo)} bytes to be read at once, more than the limit"):
        read_photo(photo, 8)
    read_photo(encode(Image.new("L", (64, 64)), "BMP"), 8)


def test_what_takes_too_long_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = bmp(2000, 2000, b"\x01\x00" * 100_000)
    monkeypatch.setattr(limits, "MAX_SECONDS", 0.01)
    with pytest.raises(PhotoError, match=r"takes more than 0\.01 s to decode"):
        read_photo(photo, 32)


def test_a_pillow_image_that_is_not_decoded_yet_is_held_against_the_limits_too() -> None:
    with Image.open(io.BytesIO(png(9_000, 9_000, (b"IDAT", b"")))) as image, pytest.raises(PhotoError, match="9000 x"):
        read_photo(image, 8)


def test_a_metered_file_reads_as_the_file_does() -> None:
    file = MeteredFile(io.BytesIO(b"abcdef"))
    assert (file.read(2), file.tell(), file.seek(-1, 2), file.read()) == (b"ab", 2, 5, b"f")
