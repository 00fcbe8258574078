"""What is done to training images at random: the names, their strengths, and their text in recipes."""

from dataclasses import dataclass, field, fields
from typing import Any

from ...edge.errors import RunError


def _strength(highest: float, lowest: float = 0.0) -> Any:
    """Return a dataclass field that knows its largest useful strength, and the smallest above 0."""
    return field(default=0.0, metadata={"lowest": lowest, "highest": highest})


def _length(highest: int) -> Any:
    """Return a dataclass field for a length: below 1 a share of the image's side, else whole pixels."""
    return field(default=0.0, metadata={"lowest": 0.0, "highest": highest, "length": True})


@dataclass(frozen=True)
class Augmentation:
    """What is done to an image at random, and how strongly; 0 or False: nothing. Raises RunError for what can't be."""

    crop: float = _length(255)  # shift either way, by less than the image's side
    flip: bool = False  # left to right
    vflip: bool = False  # top to bottom
    resized: float = _strength(1, 0.01)  # smallest share of the image's area that a random resized crop leaves
    rotate: float = _strength(360)  # degrees either way
    zoom: float = _strength(0.99)  # share of the size, in or out
    cutout: float = _length(511)  # side of the square, less than two images
    color: float = _strength(1)  # share of brightness, contrast and saturation, up or down
    photo: float = _strength(1)  # share of the images that are made to look like shrunken photos
    blur: float = _strength(1)  # share of the images that are blurred
    jpeg: float = _strength(1)  # share of the images that go through JPEG compression
    mixup: float = _strength(100, 0.001)  # alpha of the Beta distribution that weights are drawn from
    cutmix: float = _strength(100, 0.001)  # the same

    def __post_init__(self) -> None:
        for option in fields(self):
            value, lowest, highest = getattr(self, option.name), *map(option.metadata.get, ("lowest", "highest"))
            if option.metadata and value != 0 and not lowest <= value <= highest:
                nor = ", nor 0" if lowest else ""
                raise RunError(f"--augment {option.name}={value:g}: not between {lowest:g} and {highest:g}{nor}")
            if "length" in option.metadata and value >= 1 and value != int(value):
                raise RunError(
                    f"--augment {option.name}={value:g}: neither whole pixels nor, below 1, a share of the side"
                )

    def check_size(self, size: int) -> None:
        """Raise RunError if nothing would be left of images of `size` pixels square."""
        for name, value, limit in (("crop", self.crop, size), ("cutout", self.cutout, 2 * size)):
            if in_pixels(value, size) >= limit:
                raise RunError(f"--augment {name}={value:g}: too much for --size {size}; give less than {limit}")

    @classmethod
    def parse(cls, text: str) -> "Augmentation":
        """Return what a text such as "crop=4,flip,cutout=8" or "none" asks for. Raises RunError."""
        strengths: dict[str, Any] = {}
        for item in [] if text == "none" else text.split(","):
            name, given, strength = (part.strip() for part in item.partition("="))
            if name in strengths:
                raise RunError(f"--augment {item}: {name} is given twice")
            try:
                strengths[name] = cls._read(name, strength if given else None)
            except (KeyError, TypeError, ValueError) as error:
                raise RunError(
                    f"--augment {item}: expected any of {cls.usage()}, separated by commas, or none"
                ) from error
        return cls(**strengths)

    @classmethod
    def _read(cls, name: str, text: str | None) -> float:
        """Return the value of field `name`: True without a text for a switch, else a number."""
        option = {field.name: field for field in fields(cls)}[name]
        if (option.type is bool) != (text is None):
            raise ValueError(name)
        if text is None:
            return True
        return float(text)

    @classmethod
    def usage(cls) -> str:
        """Return the names, with = where a strength belongs."""
        return ", ".join(field.name if field.type is bool else f"{field.name}=" for field in fields(cls))


def in_pixels(length: float, side: int) -> int:
    """Return a length in pixels of an image of `side` pixels; below 1 it is a share of the side."""
    return round(length * side if length < 1 else length)
