"""JPEGs as the page decodes them: the photo path's pixels, to the bit."""

from pathlib import Path

import numpy as np
import pytest
from edge_cifar.edge.errors import PhotoError
from edge_cifar.edge.photos.contract import read_photo
from edge_cifar.edge.photos.preprocessing import Preprocessing
from jpegs import END, SCALES, assembled, by_photo_path, in_javascript, resized, scales
from pictures import encode
from PIL import Image

SIZES = [(1, 1), (1, 9), (2, 3), (5, 16), (8, 8), (16, 17), (33, 64), (65, 47), (100, 30), (127, 129)]
FACTORS = [
    [(1, 2), (1, 1), (1, 1)],
    [(4, 1), (1, 1), (1, 1)],
    [(1, 4), (1, 1), (1, 1)],
    [(3, 1), (1, 1), (1, 1)],
    [(4, 2), (1, 1), (2, 1)],
    [(2, 2), (2, 1), (1, 2)],
    [(1, 1), (2, 2), (2, 1)],
    [(2, 1), (2, 2), (1, 1)],
    [(4, 4), (2, 2), (1, 1)],
]


def assert_same_pixels(files: list[bytes], folder: Path) -> None:
    asked = [(file, scale) for file in files for scale in scales(file)]
    for i, ((file, scale), pixels) in enumerate(zip(asked, in_javascript(asked, folder), strict=True)):
        assert isinstance(pixels, np.ndarray), (i, scale, pixels)
        assert np.array_equal(pixels[..., :3], by_photo_path(file, scale)), (i, scale)
        assert (pixels[..., 3] == 255).all()


def picture(random: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Return colours that go smoothly from one to another, or in hard edges."""
    grain = random.integers(1, 10)
    small = random.integers(0, 256, (-(-size[1] // grain), -(-size[0] // grain), 3), np.uint8)
    return Image.fromarray(small).resize(size, random.choice([Image.Resampling.BICUBIC, Image.Resampling.NEAREST]))


def some_options(random: np.random.Generator) -> dict[str, object]:
    restarts = random.choice(["restart_marker_blocks", "restart_marker_rows", "smooth"])
    return {
        "quality": int(random.choice([1, 10, 50, 75, 90, 100])),
        "progressive": bool(random.integers(2)),
        "optimize": bool(random.integers(2)),
        restarts: int(random.integers(4)),
        **({"keep_rgb": True} if random.integers(6) == 0 else {"subsampling": int(random.integers(3))}),
    }


def test_pixels_are_those_of_the_photo_path_at_every_scale(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    files = []
    for i in range(120):
        size = SIZES[i] if i < len(SIZES) else (int(random.integers(1, 150)), int(random.integers(1, 150)))
        files.append(encode(picture(random, size), "JPEG", **some_options(random)))
    assert_same_pixels(files, tmp_path)


def test_gray_is_decoded_whatever_its_sampling_factors(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    files = []
    for progressive in (False, True):
        file = encode(picture(random, (75, 50)).convert("L"), "JPEG", quality=80, progressive=progressive)
        place = file.index(b"\x01\x11\0", file.index(b"\xff\xc2" if progressive else b"\xff\xc0")) + 1
        files += [file, file[:place] + b"\x22" + file[place + 1 :], file[:place] + b"\x41" + file[place + 1 :]]
    assert_same_pixels(files, tmp_path)


def test_colours_are_enlarged_from_any_fraction_of_the_size(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    files = []
    for factors in FACTORS:
        for size in [(1, 1), (3, 2), (17, 31), (97, 64)]:
            files.append(assembled([picture(random, (40, 40)) for _ in factors], size, factors))
    assert_same_pixels(files, tmp_path)


def test_what_the_colours_are_is_told_by_markers_else_by_the_components_names(tmp_path: Path) -> None:
    file = assembled([picture(np.random.default_rng(i), (40, 40)) for i in range(3)], (40, 40), [(1, 1)] * 3)
    jfif, rest = file[2:20], file[20:]
    named = rest
    for i, name in enumerate(b"RGB", 1):
        named = named.replace(bytes((i, 0x11, 0)), bytes((name, 0x11, 0)))
        named = named.replace(b"\xff\xda\0\x08\x01" + bytes((i,)), b"\xff\xda\0\x08\x01" + bytes((name,)))
    adobes = [b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes((transform,)) for transform in (0, 1, 2)]
    starts = [b"", jfif, *adobes, jfif + adobes[0]]
    assert_same_pixels([file[:2] + start + end for start in starts for end in (rest, named)], tmp_path)


def test_fill_bytes_and_foreign_bytes_between_markers_are_passed_over(tmp_path: Path) -> None:
    file = encode(picture(np.random.default_rng(3), (60, 40)), "JPEG", restart_marker_blocks=2)
    tables = file.index(b"\xff\xdb")
    filled = file.replace(b"\xff\xd0", b"\xff\xff\xff\xd0").replace(b"\xff\xda", b"\xff\xff\xda")
    assert_same_pixels([filled, file[:tables] + b"\xff\xff" + file[tables:], file + b"more" + END], tmp_path)


def test_what_is_lost_before_a_marker_is_left_as_it_is(tmp_path: Path) -> None:
    """Scans that end early, and restart markers that are missing, doubled or out of turn.

    Of progressive files those that don't lead to samples far beyond 255, for which SIMD units differ among themselves.
    """
    image = picture(np.random.default_rng(4), (90, 60))
    plain = encode(image, "JPEG", quality=85)
    files = [plain[: len(plain) * i // 7] + END for i in range(3, 7)]
    for progressive, others in (
        (False, (b"", b"\xff\xd4", b"\xff\xd7", b"\xff\xbf", b"\xff\xd2" * 2)),
        (True, (b"\xff\xd7",)),
    ):
        file = encode(image, "JPEG", quality=85, progressive=progressive, restart_marker_blocks=3)
        files += [file.replace(b"\xff\xd2", other) for other in others]
        files.append(file[: (file.rindex(b"\xff\xda") + len(file)) // 2] + END)
    assert_same_pixels(files, tmp_path)


def test_a_jpeg_that_lacks_only_its_end_is_read_and_one_that_lacks_pixels_is_not(tmp_path: Path) -> None:
    image = picture(np.random.default_rng(5), (90, 60))
    whole, lacking = [], []
    for progressive in (False, True):
        file = encode(image, "JPEG", quality=85, progressive=progressive)
        whole += [file[:-2], file[:-1]]
        lacking += [file[: len(file) * i // 20] for i in range(1, 20)]
    lacking.append(file[: file.rindex(b"\xff\xda")])
    assert_same_pixels(whole, tmp_path)
    for file, said in zip(lacking, in_javascript([(file, 1) for file in lacking], tmp_path), strict=True):
        with pytest.raises(PhotoError, match="damaged"):
            read_photo(file, 32)
        assert said == {"error": "damaged (image file is truncated)", "ours": True}, len(file)


def test_other_kinds_are_left_to_the_browser(tmp_path: Path) -> None:
    image = picture(np.random.default_rng(6), (20, 20))
    file = encode(image, "JPEG")
    frame = file.index(b"\xff\xc0")
    tables = file.index(b"\xff\xc4")
    progressive = encode(image, "JPEG", progressive=True)
    kinds = {
        "a JPEG in CMYK": encode(image.convert("CMYK"), "JPEG"),
        "a JPEG of 12 bits": file[: frame + 4] + b"\x0c" + file[frame + 5 :],
        "a JPEG in lossless or arithmetic coding": file.replace(b"\xff\xc0", b"\xff\xc9"),
        "a JPEG without its Huffman tables": file[:tables] + file[file.index(b"\xff\xda") :],
        "a progressive JPEG that lacks scans": progressive[: progressive.rindex(b"\xff\xc4")] + END,
        "a JPEG whose colours are stored at an odd fraction of its size": assembled(
            [image] * 3, (20, 20), [(3, 1), (2, 1), (1, 1)]
        ),
    }
    assert in_javascript([(file, 1) for file in kinds.values()], tmp_path) == [{"kind": kind} for kind in kinds]


@pytest.mark.parametrize("progressive", [False, True])
def test_photos_beyond_the_limits_are_refused_in_the_photo_paths_words(tmp_path: Path, progressive: bool) -> None:
    file = encode(Image.new("RGB", (16, 16)), "JPEG", progressive=progressive)
    for width, height in [(65535, 65535), (9000, 8000)]:
        large = resized(file, width, height)
        with pytest.raises(PhotoError) as refused:
            read_photo(large, Preprocessing(5000))
        [said] = in_javascript([(large, 1)], tmp_path)
        assert said["error"] == str(refused.value).removeprefix("<bytes>: ")


def test_scans_without_end_are_refused(tmp_path: Path) -> None:
    file = encode(Image.new("RGB", (16, 16)), "JPEG", progressive=True)
    scan = file.index(b"\xff\xda")
    again = file[scan : file.index(b"\xff\xc4", scan)]
    [said] = in_javascript([(file[:scan] + again * 40_000, 1)], tmp_path)
    assert said == {"error": "a JPEG of too many scans; save it again, not progressive", "ours": True}


def test_damaged_bytes_give_pixels_or_one_line_and_what_is_refused_the_photo_path_refuses(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    files = []
    for i in range(400):
        options = {"progressive": i % 2 == 0, "restart_marker_blocks": i % 3, "quality": 50}
        file = bytearray(encode(picture(random, (40, 30)), "JPEG", **options))
        for place in random.integers(3, len(file) if i % 4 else 700, random.integers(1, 6)):
            file[place] = random.choice([0, 0xFF, 0xD9, random.integers(256)])
        files.append(bytes(file[: random.integers(3, len(file))] if i % 10 == 0 else file))
    asked = [(file, SCALES[i // 2 % 4]) for i, file in enumerate(files)]
    for file, said in zip(files, in_javascript(asked, tmp_path), strict=True):
        if isinstance(said, np.ndarray) or "kind" in said:
            continue
        assert said["ours"], said
        with pytest.raises(PhotoError):
            read_photo(file, 32)
