"""Photos as small pictures in a page."""

import base64
import io

from ...errors import PhotoError
from ...photos.contract import Photo, read_upright
from ..markup import tag, words

LARGEST = (192, 144)  # pixels, width x height: some kilobytes each, of which a page has up to a hundred
TINY = 48  # pixels each way up to which a photo is shown pixel by pixel


def thumbnail(photo: Photo, caption: str, *notes: str) -> str:
    """Return a photo with words below it; nothing if it can't be opened."""
    try:
        image = read_upright(photo, draft_side=max(LARGEST))
    except PhotoError:
        return ""
    tiny = max(image.size) <= TINY
    image.thumbnail(LARGEST)
    buffer = io.BytesIO()
    image.save(buffer, "PNG" if tiny else "JPEG", quality=75)
    uri = f"data:image/{'png' if tiny else 'jpeg'};base64,{base64.b64encode(buffer.getvalue()).decode()}"
    spans = [tag("span", words(note)) for note in notes]
    shown = f'<img class="{"pixels" if tiny else "photo"}" src="{uri}" alt="{words(caption)}">'
    return tag("figure", shown, tag("figcaption", words(caption), *spans))


def thumbnails(shown: list[str], kind: str = "") -> str:
    """Return pictures in a grid, "wide" for photos; nothing if there are none."""
    found = [each for each in shown if each]
    return tag("div", *found, class_=f"pictures {kind}".strip()) if found else ""
