"""Which resize rule a net should be given real photos by: the evidence for `Preprocessing`.

Validation images, never test images, are made into degraded photo-sized JPEGs (`degrade.py`), and each rule brings all
of them back to the net's size. Real photos of the same classes would be better evidence; these are made from small
images, so that they can't tell what finer detail of real things would do to an answer, and how often a real photo is
framed in which way is not known: every way has its own rows, and a rule should be taken only if it wins where it
matters and loses nowhere.
"""

import io
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from ...edge.cli.exit_status import reporting
from ...edge.data.labelled_images import LabelledImages
from ...edge.files.atomic_write import check_replaceable, write_json, write_text
from ...edge.inference.on_dataset import load_for
from ...edge.machine.description import this_machine
from ...edge.model.contract import Model
from ...edge.model.shipped_models import MODEL_HELP, SHIPPED_DEFAULT, model_file
from ...edge.photos.contract import Pixels, read_photo
from ...edge.photos.preprocessing import Preprocessing
from .degrade import FRAMES, degraded
from .framed_answers import Row, answered_right, compare_right, framed_table, with_pixels

PATH = "the photo path"  # squash-bicubic with reduced-scale decoding, as shipped: what the others are compared with
FILTERS = ("bicubic", "lanczos", "hamming", "bilinear", "box", "nearest")
RULES = (PATH, *(f"squash-{name}" for name in FILTERS), "crop-bicubic", "pad-bicubic")


def resize_rule(
    data: Annotated[str, typer.Option(help="Folder with train/<class>/*, or cifar10.")],
    model: Annotated[Path, typer.Option(help=MODEL_HELP, parser=model_file, metavar="MODEL")] = SHIPPED_DEFAULT,
    images: Annotated[int, typer.Option(help="How many validation images at most.", min=1)] = 2000,
    seed: Annotated[int, typer.Option(help="Of the degradations.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for resize_rule.json and resize_rule.md.")] = None,
) -> None:
    """Compare resize rules on degraded validation images."""
    if out:
        check_replaceable(out / "resize_rule.json", out / "resize_rule.md")
    opened = Model(model, threads=1)
    chosen = load_for(opened.card, data, "val")
    chosen = chosen.take(np.random.RandomState(seed).permutation(len(chosen))[:images])
    rows = [row for frame in FRAMES for row in compare(opened, chosen, frame, seed)]
    text = framed_table(rows, FRAMES, "rule")
    typer.echo(text)
    if out:
        machine = this_machine()
        summary = {
            "model": model.name,
            "rule": Preprocessing(1).rule,
            "seed": seed,
            "rows": [asdict(row) for row in rows],
        }
        write_json(out / "resize_rule.json", {**summary, "machine": machine.describe()})
        write_text(out / "resize_rule.md", text)


def compare(model: Model, images: LabelledImages, frame: str, seed: int) -> list[Row]:
    """Return a row for each rule, all on the same photos."""
    random = np.random.RandomState(seed)
    shrunk: dict[str, list[Pixels]] = {rule: [] for rule in RULES}
    for pixels in images.images:
        photo = degraded(pixels, frame, random)
        for rule in RULES:
            shrunk[rule].append(apply(rule, photo, model.card.size))
    right = {rule: answered_right(model, with_pixels(images, pixels)) for rule, pixels in shrunk.items()}
    return compare_right(frame, right)


def apply(rule: str, photo: bytes, size: int) -> Pixels:
    """Return a JPEG as uint8 (size, size, 4) by one of `RULES`; all but the photo path decode it whole."""
    if rule == PATH:
        return read_photo(photo, size)
    frame, name = rule.split("-")
    with Image.open(io.BytesIO(photo)) as opened:
        image = _FRAMINGS[frame](opened.convert("RGB"))
    return np.asarray(image.resize((size, size), Image.Resampling[name.upper()]).convert("RGBX"))


def _crop(image: Image.Image) -> Image.Image:
    """Return the square in the middle."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _pad(image: Image.Image) -> Image.Image:
    """Return the whole photo in the middle of a gray square."""
    side = max(image.size)
    square = Image.new("RGB", (side, side), (124, 124, 124))
    square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
    return square


_FRAMINGS: dict[str, Callable[[Image.Image], Image.Image]] = {"squash": lambda image: image, "crop": _crop, "pad": _pad}


if __name__ == "__main__":
    typer.run(reporting("resize_rule")(resize_rule))
