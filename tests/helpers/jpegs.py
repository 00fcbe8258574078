"""JPEGs of kinds that Pillow does not write, and what the page's own decoder makes of JPEGs, beside the photo path."""

import json
import math
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import nodejs
import numpy as np
import numpy.typing as npt
from edge_cifar.edge.photos.decode import decode
from pictures import encode
from PIL import Image

SCALES = (1, 2, 4, 8)
END = b"\xff\xd9"


def in_javascript(asked: Sequence[tuple[bytes, int]], folder: Path) -> list[npt.NDArray[np.uint8] | dict[str, str]]:
    """Return the pixels of JPEGs at scales, each uint8 (height, width, 4), or what was said instead."""
    for i, (file, _) in enumerate(asked):
        (folder / f"{i}").write_bytes(file)
    (folder / "asked.json").write_text(json.dumps([scale for _, scale in asked]))
    said = json.loads(nodejs.run("edge/web/jpegs.mjs", nodejs.PAGE, folder))
    return [
        np.fromfile(folder / f"{i}.pixels", np.uint8).reshape(each["height"], each["width"], 4)
        if "width" in each
        else each
        for i, each in enumerate(said)
    ]


def by_photo_path(file: bytes, scale: int) -> npt.NDArray[np.uint8]:
    """Return what the photo path decodes, uint8 (height, width, 3)."""
    with ExitStack() as stack:
        image, _ = decode(file, stack, _side(file, scale))
        return np.asarray(image.convert("RGB"))


def scales(file: bytes) -> list[int]:
    """Return the scales at which the photo path may have a JPEG decoded, large as it is."""
    return [scale for scale in SCALES if scale == 1 or min(_size(file)) >= scale]


def assembled(images: Sequence[Image.Image], size: tuple[int, int], factors: Sequence[tuple[int, int]]) -> bytes:
    """Return a JPEG of three scans, each of a gray image, stretched to what its sampling factors ask for.

    `factors` are those of T.81, A.1.1: blocks across and down.
    """
    across, down = (max(column) for column in zip(*factors, strict=True))
    grays = []
    for image, (horizontal, vertical) in zip(images, factors, strict=True):
        stored = math.ceil(size[0] * horizontal / across), math.ceil(size[1] * vertical / down)
        grays.append(encode(image.convert("L").resize(stored), "JPEG", quality=90))
    frame = grays[0].index(b"\xff\xc0")
    components = b"".join(bytes((i, 16 * h + v, 0)) for i, (h, v) in enumerate(factors, 1))
    header = b"\xff\xc0\0\x11\x08" + size[1].to_bytes(2, "big") + size[0].to_bytes(2, "big") + b"\x03" + components
    tables = grays[0][frame + 13 : grays[0].index(b"\xff\xda")]
    scans = [
        b"\xff\xda\0\x08\x01" + bytes((i, 0)) + b"\0\x3f\0" + gray[gray.index(b"\xff\xda") + 10 : -2]
        for i, gray in enumerate(grays, 1)
    ]
    return grays[0][:frame] + header + tables + b"".join(scans) + END


def resized(file: bytes, width: int, height: int) -> bytes:
    """Return a JPEG whose header tells another size."""
    place = _frame(file) + 5
    return file[:place] + height.to_bytes(2, "big") + width.to_bytes(2, "big") + file[place + 4 :]


def _size(file: bytes) -> tuple[int, int]:
    place = _frame(file) + 5
    return int.from_bytes(file[place + 2 : place + 4], "big"), int.from_bytes(file[place : place + 2], "big")


def _frame(file: bytes) -> int:
    found = re.search(b"\xff[\xc0-\xc3\xc9]", file)
    assert found is not None
    return found.start()


def _side(file: bytes, scale: int) -> int | None:
    """Return the draft side that leads to a scale."""
    return None if scale == 1 else min(_size(file)) // scale
