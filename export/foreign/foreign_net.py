"""What is known of somebody else's net once its file was read and its owner asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import onnx

from .pixel_rule import PixelRule


@dataclass(frozen=True)
class ForeignNet:
    """A classifier from elsewhere. `model` is its file as it is, but for external data, which is in it.

    `input` and `output` name its one image tensor, float (N, 3, size, size) or (N, size, size, 3) by `rule`, and its
    one tensor of a number for each of `labels`. `sources` says what told us "labels", "pixels" (their scale and
    channels), "layout", "size" and "resize", in a person's words, and which "defaults" nobody chose.
    """

    path: Path
    name: str
    model: onnx.ModelProto
    sha256: str  # of the file, with that of its external data
    input: str
    output: str
    labels: tuple[str, ...]
    rule: PixelRule
    sources: Mapping[str, str] = field(default_factory=dict)
