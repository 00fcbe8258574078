"""Somebody else's classifier: its file read, and what it wants of photos put together from all that say something."""

from pathlib import Path

from ...edge.errors import printable
from ..onnx_file.open_onnx import open_onnx
from .facts import Known
from .foreign_net import ForeignNet
from .hugging_face import facts_beside
from .pixel_rule import PixelRule
from .settle import Settled
from .signature import image_size, read_signature
from .told import Told
from .ultralytics import ultralytics_facts


def read_foreign(path: Path, told: Told) -> ForeignNet:
    """Return the classifier in an ONNX file. Nothing in the file runs.

    Of each fact counts what is told, else what the file says, else what a file beside it does
    (`preprocessor_config.json`, `config.json`); `sources` has which it was. Raises ModelError, in one line, for what is
    no float image classifier, what contradicts itself, and all that stays open, with what usually answers it.
    """
    model, digest = open_onnx(path)
    written = ultralytics_facts({entry.key: entry.value for entry in model.metadata_props}, path)
    signature = read_signature(model, path)
    settled = Settled(path, Known([*told.facts(), *([written] if written else []), *facts_beside(path)]))
    layout = settled.layout(signature.image, told.layout)
    scale, mean, std = settled.normalizing()
    channels = settled.channels()
    preprocessing = settled.preprocessing(settled.size(image_size(signature.image, layout, path)))
    labels = settled.labels(told.labels, signature.classes)
    settled.close()
    rule = PixelRule(preprocessing, scale, mean, std, layout, channels)
    return ForeignNet(
        path, printable(path.stem), model, digest, signature.input, signature.output, labels, rule, settled.sources
    )
