"""The sheet of flipped images: what int8 answers otherwise than fp32, to be looked at."""

import io

import numpy as np
from PIL import Image, ImageDraw

from ...edge.data.labelled_images import LabelledImages
from ...edge.stats.classification import Indices

SCALE = 3
COLUMNS = 6
MOST = 60  # images on a sheet
CELL = (150, 34)  # pixels beside the image: room for three lines of text


def flip_sheet(images: LabelledImages, fp32: Indices, int8: Indices) -> bytes:
    """Return a PNG of the images whose predicted classes, int64 (N,), differ, each with its label and both answers."""
    flipped = np.flatnonzero(fp32 != int8)[:MOST]
    side = images.images.shape[1] * SCALE
    width, height = side + CELL[0], max(side, CELL[1]) + 8
    rows = max(1, -(-len(flipped) // COLUMNS))
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for place, i in enumerate(flipped):
        left, top = place % COLUMNS * width, place // COLUMNS * height
        picture = Image.fromarray(images.images[i, ..., :3])
        sheet.paste(picture.resize((side, side), Image.Resampling.NEAREST), (left, top))
        names = [images.labels[index] for index in (images.targets[i], fp32[i], int8[i])]
        text = "\n".join(f"{what} {name}" for what, name in zip(("is", "fp32", "int8"), names, strict=True))
        draw.text((left + side + 6, top + 4), text, fill="black")
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
