"""The sheet of flipped images: what int8 answers otherwise than fp32, to be looked at."""

import io

import numpy as np
from PIL import Image, ImageDraw

from ...edge.data.labelled_images import LabelledImages
from ...edge.report.model_names import shortened
from ...edge.stats.classification import Indices

SCALE = 3
LARGEST = 192  # pixels, of an image on the sheet: larger ones, which show what they are, are made smaller
LONGEST = 28  # characters of a line
COLUMNS = 6
MOST = 60  # images on a sheet
CELL = (150, 34)  # pixels beside the image: room for three lines of text


def flip_sheet(images: LabelledImages, fp32: Indices, int8: Indices, labelled: bool = True) -> bytes:
    """Return a PNG of the images whose predicted classes, int64 (N,), differ, each with both answers, and its label.

    Where images are not `labelled` they have none.
    """
    flipped = np.flatnonzero(fp32 != int8)[:MOST]
    size = images.images.shape[1]
    side = min(size * SCALE, LARGEST)
    resize = Image.Resampling.NEAREST if side >= size else Image.Resampling.BICUBIC
    width, height = side + CELL[0], max(side, CELL[1]) + 8
    rows = max(1, -(-len(flipped) // COLUMNS))
    sheet = Image.new("RGB", (COLUMNS * width, rows * height), "white")
    draw = ImageDraw.Draw(sheet)
    for place, i in enumerate(flipped):
        left, top = place % COLUMNS * width, place // COLUMNS * height
        picture = Image.fromarray(images.images[i][..., :3])
        sheet.paste(picture.resize((side, side), resize), (left, top))
        told = {"is": images.targets[i]} if labelled else {}
        told |= {"fp32": fp32[i], "int8": int8[i]}
        text = "\n".join(shortened(f"{what} {images.labels[at]}", LONGEST) for what, at in told.items())
        draw.text((left + side + 6, top + 4), text, fill="black")
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()
