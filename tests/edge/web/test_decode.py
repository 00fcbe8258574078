"""A JPEG from its bytes to a net's pixels, in JavaScript: turned and reduced as the photo path does."""

import json
from pathlib import Path

import nodejs
import numpy as np
from edge_cifar.edge.photos.contract import read_photo
from edge_cifar.edge.photos.preprocessing import Preprocessing
from pictures import encode
from PIL import Image

WANTED = [Preprocessing(32), Preprocessing(96, "crop", "bilinear", 0.875), Preprocessing(224)]
ORIENTATION = 0x0112


def assert_same_pixels(files: list[bytes], folder: Path) -> None:
    for i, file in enumerate(files):
        (folder / f"{i}").write_bytes(file)
    (folder / "asked.json").write_text(json.dumps([[(each.size, each.rule) for each in WANTED]] * len(files)))
    assert json.loads(nodejs.run("edge/web/decode.mjs", nodejs.PAGE, folder)) == [""] * len(files)
    for i, file in enumerate(files):
        for k, wanted in enumerate(WANTED):
            pixels = np.fromfile(folder / f"{i}.{k}", np.uint8).reshape(wanted.size, wanted.size, 4)
            assert np.array_equal(pixels, read_photo(file, wanted)), (i, wanted)


def photo(size: tuple[int, int] = (120, 90), **options: object) -> bytes:
    small = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    return encode(Image.fromarray(small).resize(size), "JPEG", **options)


def with_segment(file: bytes, content: bytes) -> bytes:
    return file[:2] + b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content + file[2:]


def exif(value: int, kind: bytes = b"\0\3", tag: int = ORIENTATION) -> bytes:
    """Return Exif of one tag, the higher byte first; kind 3 has two bytes, 4 has four."""
    stored = value.to_bytes(2, "big") + b"\0\0" if kind == b"\0\3" else value.to_bytes(4, "big")
    directory = b"\0\1" + tag.to_bytes(2, "big") + kind + b"\0\0\0\1" + stored + bytes(4)
    return b"Exif\0\0MM\0*\0\0\0\x08" + directory


def xmp(orientation: int) -> bytes:
    return b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="%d"/>' % orientation


def test_large_jpegs_are_reduced_as_far_as_each_net_allows(tmp_path: Path) -> None:
    sizes = [(769, 500), (1201, 903), (97, 2000), (2699, 811)]
    assert_same_pixels([photo(size, progressive=i % 2 == 1) for i, size in enumerate(sizes)], tmp_path)


def test_jpegs_are_turned_as_exif_says(tmp_path: Path) -> None:
    little = Image.Exif()
    files = []
    for orientation in range(1, 9):
        little[ORIENTATION] = orientation
        files += [photo(exif=little), with_segment(photo(), exif(orientation))]
    files += [with_segment(photo(), exif(orientation, b"\0\4")) for orientation in (0, 6, 9)]
    assert_same_pixels(files, tmp_path)


def test_xmp_turns_what_exif_does_not_speak_of(tmp_path: Path) -> None:
    speaking, silent = exif(3), exif(72, tag=0x011A)
    files = [with_segment(photo(), xmp(orientation)) for orientation in (0, 3, 6, 9)]
    files += [with_segment(with_segment(photo(), xmp(6)), each) for each in (speaking, silent)]
    files += [with_segment(with_segment(photo(), each), xmp(6)) for each in (speaking, silent)]
    assert_same_pixels(files, tmp_path)


def test_metadata_that_are_cut_short_turn_nothing(tmp_path: Path) -> None:
    assert_same_pixels([with_segment(photo(), exif(6)[:length]) for length in (6, 10, 14, 16, 20, 24)], tmp_path)
