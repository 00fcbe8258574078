"""From a 12-megapixel JPEG to the net's pixels: the photo path against decoding whole and resizing, in turns.

What decoding at reduced scale can't save is reading the compressed data, so that the gain falls with the bytes that a
photo takes: it is measured on photos of little and of much detail, or on your own (`--photos`).
"""

import io
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from ...edge.cli.exit_status import reporting
from ...edge.data.synthetic_shapes import render
from ...edge.photos.contract import Pixels, read_photo
from ...edge.photos.preprocessing import FILTERS, Preprocessing
from ...edge.photos.suffixes import named_like_photo
from ...edge.stats.paired_timing import Task, latency, ratio, time_in_turns

SIDES = (4000, 3000)  # pixels
SIZE = 32  # pixels, of the net's input
QUALITY = 90
CALLS = 3  # a turn
FALLS = {"soft": 1.8, "ordinary": 1.5, "sharp": 1.2}
"""How fast detail of made-up photos falls with fineness: amplitude ~ 1 / frequency^fall, in photographs 1 to 2."""


def photo_path(
    photos: Annotated[Path | None, typer.Option(help="Folder of JPEGs to measure instead of made-up ones.")] = None,
    rounds: Annotated[int, typer.Option(help="Turns that each side gets.", min=1)] = 10,
) -> None:
    """Measure the photo path, one photo after the other."""
    if photos is None:
        named = {"shapes": encode(render("heart", *SIDES, np.random.RandomState(0)))}
        named |= {name: encode(natural(fall)) for name, fall in FALLS.items()}
    else:
        named = {path.name: path.read_bytes() for path in sorted(photos.iterdir()) if named_like_photo(path.name)}
    typer.echo("photo         MB  photo path  whole    times faster (quartiles)  bare draft  mean difference of 255")
    for name, photo in named.items():
        typer.echo(f"{name:10} {measure(photo, rounds)}")


def measure(photo: bytes, rounds: int) -> str:
    """Return one line: size, milliseconds, ratio, and how far the pixels of the photo path are from the whole's."""
    tasks: list[Task] = [lambda _: read_photo(photo, SIZE), lambda _: whole(photo), lambda _: draft(photo)]
    path, full, bare = time_in_turns(tasks, rounds, CALLS)
    times = ratio(full, path)
    difference = np.abs(read_photo(photo, SIZE)[..., :3].astype(int) - whole(photo)).mean()
    return (
        f"{len(photo) / 1e6:5.2f}  {latency(path).p50:7.1f} ms  {latency(full).p50:5.0f} ms  "
        f"{times.median:6.1f} ({times.low:.1f} - {times.high:.1f})        {latency(bare).p50:7.1f} ms  {difference:.2f}"
    )


def whole(photo: bytes) -> Pixels:
    """Decode at full size, then resize: uint8 (SIZE, SIZE, 3)."""
    with Image.open(io.BytesIO(photo)) as image:
        return np.asarray(image.convert("RGB").resize((SIZE, SIZE), FILTERS[Preprocessing(SIZE).filter]))


def draft(photo: bytes) -> None:
    """Decode at reduced scale, and nothing more: what any reader of the pixels must do."""
    with Image.open(io.BytesIO(photo)) as image:
        image.draft(None, (3 * SIZE, 3 * SIZE))
        image.load()


def natural(fall: float) -> Image.Image:
    """Return noise of `SIDES` with the spectrum of photographs, its brightness stronger than its colours."""
    random = np.random.RandomState(0)
    width, height = SIDES
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    frequency[0, 0] = 1

    def plane(contrast: float) -> np.ndarray:
        waves = random.normal(size=frequency.shape) + 1j * random.normal(size=frequency.shape)
        pixels = np.fft.irfft2(waves / frequency**fall, s=(height, width))
        return np.asarray(pixels * (contrast / pixels.std()))

    brightness = 128 + plane(50)
    rgb = np.stack([brightness + plane(15) for _ in range(3)], axis=2)
    return Image.fromarray(rgb.clip(0, 255).astype(np.uint8))


def encode(image: Image.Image) -> bytes:
    """Return `image` as a JPEG."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


if __name__ == "__main__":
    typer.run(reporting("photo_path")(photo_path))
