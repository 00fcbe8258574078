"""Letters for pictures: matplotlib's own font first, then whichever installed font has a letter that it lacks."""

from functools import cache

import matplotlib
from matplotlib import font_manager

FAMILY = "DejaVu Sans"  # comes with matplotlib: the same letters on every machine
BOXES = "Last Resort"  # a font of boxes for all letters there are


def drawable(text: str) -> str:
    """Return `text` as the picture being drawn can show it: letters that no installed font has are escaped.

    The fonts that others were found in are added to matplotlib's settings, for the texts that are made from now on.
    """
    for family in map(_family, text):
        if family is not None and family not in matplotlib.rcParams["font.family"]:
            matplotlib.rcParams["font.family"] = [*matplotlib.rcParams["font.family"], family]
    return escaped(text)


def escaped(text: str) -> str:
    """Return `text` with the letters escaped that no installed font has."""
    return "".join(letter if _family(letter) else letter.encode("unicode_escape").decode() for letter in text)


@cache
def _family(letter: str) -> str | None:
    """Return the family of a font that has `letter`; None if none is installed."""
    fonts = font_manager.fontManager.ttflist
    for font in sorted(fonts, key=lambda it: (it.name != FAMILY, it.weight != 400, it.style != "normal", it.name)):
        if not font.name.startswith(BOXES) and _has(font.fname, letter):
            return str(font.name)
    return None


def _has(path: str, letter: str) -> bool:
    try:
        return bool(font_manager.get_font(path).get_char_index(ord(letter)))
    except (OSError, RuntimeError):  # removed since matplotlib listed it, or damaged
        return False
