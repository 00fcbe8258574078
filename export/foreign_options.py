"""Options of `edge-cifar export` that say of somebody else's net what its file does not."""

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from ..edge.photos.preprocessing import FILTERS, Fit
from .foreign.pixel_rule import Channels, Layout
from .foreign.told import Like, Told

OTHERS = "Somebody else's ONNX file: what it does not say itself"


def _option(text: str, metavar: str | None = None, name: str | None = None) -> Any:
    return typer.Option(*([name] if name else []), help=text, metavar=metavar, rich_help_panel=OTHERS)


Unlabelled: TypeAlias = Annotated[
    bool,
    _option(
        "Take all photos in and below --data, without labels: int8 is to answer as float does.", None, "--unlabelled"
    ),
]
Labels: TypeAlias = Annotated[
    Path | None,
    _option("Names of its classes: one a line, JSON, or a config.json; or imagenet for its 1,000.", "FILE"),
]
LikeOption: TypeAlias = Annotated[
    Like | None,
    _option("How its pixels are scaled: imagenet (torchvision, timm), tf (-1 to 1), unit (0 to 1), caffe."),
]
Size: TypeAlias = Annotated[int | None, _option("Pixels a side, if the file leaves it open.", "N")]
Scale: TypeAlias = Annotated[
    float | None, _option("It reads (pixel * scale - mean) / std of pixels 0 to 255.  [default: 1/255]", "X")
]
Mean: TypeAlias = Annotated[str | None, _option("One number, or one a channel in the net's own order.", "X,X,X")]
Std: TypeAlias = Annotated[str | None, _option("One number, or one a channel in the net's own order.", "X,X,X")]
LayoutOption: TypeAlias = Annotated[Layout | None, _option("Where its channels are, if the file leaves it open.")]
ChannelsOption: TypeAlias = Annotated[Channels | None, _option("Order of its channels.  [default: rgb]")]
Resize: TypeAlias = Annotated[Fit | None, _option("Whole photos, whatever their shape, or the middle square.")]
Filter: TypeAlias = Annotated[str | None, _option(f"{', '.join(FILTERS)}.", "NAME", "--filter")]
CropShare: TypeAlias = Annotated[
    float | None, _option("Share of the shorter side that a crop keeps, above 0 to 1.", "X")
]


def numbers(text: str | None) -> tuple[float, ...] | None:
    """Read numbers with commas between them."""
    if text is None:
        return None
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: expected a number, or three with commas between them") from error


def told_of(*values: Any) -> Told:
    """Return what the options say, in the order of `Told`."""
    try:
        return Told(*values)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
