"""Photos with their label and a bar for its probability drawn in."""

from pathlib import Path, PurePath

from PIL import Image, ImageDraw, ImageFont

from ..errors import printable
from ..inference.prediction import Prediction
from ..photos.contract import Photo, read_upright
from .picture_file import write_drawn

LINES = 16  # the text is as high as the photo's shorter side divided by this
SMALLEST = 9  # pixels, of readable text
BAR, TRACK, STRIP = (90, 200, 120), (110, 110, 110), (0, 0, 0, 170)  # RGB, and RGBA of what the text lies on


def write_annotated(photo: Photo, prediction: Prediction, path: Path) -> None:
    """Write `photo` at its own size, upright, with the prediction drawn in, to `path`, as `write_drawn` does.

    The picture of another photo is not replaced. Raises PhotoError, or EdgeCifarError when the disk can take no more.
    """
    write_drawn(photo, draw_prediction(read_upright(photo), prediction), path, replace_others=False)


def annotated_path(folder: Path, photo: str) -> Path:
    """Return where below `folder` the photo at path `photo` goes: the same way down, `.jpg` added unless it is a PNG.

    Distinct photos get distinct names, unless they differ only in a `/` at the start, a `.jpg` added at the end, or
    `__` for `..`: the second of such photos is refused when it is written.
    """
    parts = [part.replace("..", "__") if set(part) == {"."} else part for part in PurePath(photo).parts]
    below = Path(*parts[1:] if PurePath(photo).anchor else parts)
    kept = below.suffix.lower() in (".jpg", ".jpeg", ".png")
    return folder / (below if kept else below.with_name(f"{below.name}.jpg"))


def draw_prediction(image: Image.Image, prediction: Prediction) -> Image.Image:
    """Return an RGB image with a strip at its bottom that holds the label, and a bar as long as it is probable."""
    height = max(SMALLEST, min(image.size) // LINES)
    font = ImageFont.load_default(height)
    margin, bar = max(1, height // 3), max(2, height // 4)
    top = image.height - height - bar - 3 * margin
    draw = ImageDraw.Draw(image, "RGBA")
    draw.rectangle((0, top, image.width, image.height), fill=STRIP)
    text = printable(prediction.label)
    if prediction.abstained:
        text += f" ({printable(prediction.guess)}?)"
    draw.text((margin, top + margin), f"{text} {prediction.confidence:.0%}", font=font, fill="white", anchor="lt")
    bottom, right = image.height - margin, max(margin, image.width - margin)
    filled = margin + round(prediction.confidence * (right - margin))
    draw.rectangle((margin, bottom - bar, right, bottom), fill=TRACK)
    draw.rectangle((margin, bottom - bar, filled, bottom), fill=BAR)
    return image
